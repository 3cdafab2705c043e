"""When a training has collapsed: it goes on, but nobody learns any more."""

from dataclasses import dataclass

from data.errors import HuetuneError
from models.config.loss import TASK_OF
from models.config.trial import TrialConfig
from models.evaluation import Evaluation

BEATEN = 1e-3
"""Mean loss of a discriminator that is always right, so that the generator learns nothing from it. A critic's loss is
a difference, which says nothing of the kind."""
COLOURLESS = 0.5
"""Colourfulness (Hasler and Süsstrunk 2003) below which photos are gray: exactly gray ones have 0.004, a uniform tint
of half a unit of a and b has 0.9. The least that a healthy training showed, L1 alone on CIFAR-10 after a tenth of its
first epoch, was 2.0."""


_COLOURS = {"adversarial", *(name for name, task in TASK_OF.items() if task == "colorization")}
"""Losses by which colours are learned."""


class CollapsedError(HuetuneError):
    """The discriminator cannot lose any more, or the photos stay gray: the configuration's fault."""


@dataclass
class CollapseMonitor:
    """Counts the evaluations in a row at which each of two things was so."""

    config: TrialConfig
    num_beaten: int = 0
    num_colourless: int = 0

    def update(self, evaluation: Evaluation) -> None:
        """Take in an evaluation; one before which the discriminator, or no colour, was learned breaks its row."""
        self.num_beaten = self.num_beaten + 1 if self._is_beaten(evaluation) else 0
        self.num_colourless = self.num_colourless + 1 if _is_colourless(evaluation) else 0

    def require_none(self) -> None:
        """Raise CollapsedError if one of the rows is as long as `early_stopping.collapse` says."""
        patience = self.config.early_stopping.collapse
        if patience is None:
            return
        if self.num_beaten >= patience:
            raise CollapsedError(
                f"collapsed: the discriminator's loss was below {BEATEN:g} at {self.num_beaten} evaluations in a row; "
                "lower optimizer.discriminator_lr, or raise loss.adversarial_weight"
            )
        if self.num_colourless >= patience:
            raise CollapsedError(
                f"collapsed: the photos stayed gray at {self.num_colourless} evaluations in a row; "
                "lower optimizer.generator_lr, or set early_stopping.collapse higher"
            )

    def _is_beaten(self, evaluation: Evaluation) -> bool:
        losses = evaluation.losses
        # Alone, before the generator learns from it, a discriminator may win.
        both_learn = {"discriminator", "adversarial"} <= losses.keys() and self.config.loss.adversarial != "wgan-gp"
        return both_learn and losses["discriminator"] < BEATEN

    def state_dict(self) -> dict[str, int]:
        return {"num_beaten": self.num_beaten, "num_colourless": self.num_colourless}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.num_beaten, self.num_colourless = state["num_beaten"], state["num_colourless"]


def _is_colourless(evaluation: Evaluation) -> bool:
    details = evaluation.details
    # Where the true photos are gray, so should the others be.
    if details.get("colourfulness_true", 0.0) < COLOURLESS or _COLOURS.isdisjoint(evaluation.losses):
        return False
    return details["colourfulness"] < COLOURLESS
