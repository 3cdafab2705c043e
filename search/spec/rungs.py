"""The epochs at which pruning compares trials."""

from collections.abc import Iterable, Sequence

from models.config.trial import TrialConfig
from models.evaluation import COSTLY
from search.errors import SpecError
from search.spec.sections import PruningSection


def rung_epochs(grace: int, reduction: int, max_epochs: int) -> tuple[int, ...]:
    """Epochs of the rungs: grace, grace·reduction, grace·reduction² ... below the trial's full length."""
    epochs = []
    epoch = grace
    while epoch < max_epochs:
        epochs.append(epoch)
        epoch *= reduction
    return tuple(epochs)


def longest_training(configs: Iterable[TrialConfig], num_photos: int | None) -> int | None:
    """Epochs of the longest of the trainings on `num_photos` photos.

    Without that number, of those whose length does not depend on it; None if there are none.
    """
    known = [
        config.num_epochs(num_photos or 0)
        for config in configs
        if num_photos is not None or all(phase.steps is None for phase in config.schedule)
    ]
    return max(known, default=None)


def check_rungs(
    pruning: PruningSection, objectives: Iterable[str], configs: Sequence[TrialConfig], num_photos: int | None
) -> None:
    """Raise SpecError unless there is something to prune, and every objective is measured at every rung."""
    longest = longest_training(configs, num_photos)
    if pruning.kind == "none" or longest is None:
        return
    if pruning.grace > longest:
        raise SpecError(
            f"pruning.grace: {pruning.grace} epochs leave nothing to prune in trials of {longest}; "
            "lower it, or set pruning.kind to none"
        )
    every = max(config.evaluation.costly_every for config in configs)
    for epoch in rung_epochs(pruning.grace, pruning.reduction, longest):
        for name in COSTLY.intersection(objectives):
            if epoch % every:
                raise SpecError(
                    f"pruning.grace: trials are compared after epoch {epoch}, and {name} is measured every {every}; "
                    f"set pruning.grace to a multiple of {every}, or evaluation.costly_every to 1"
                )
