"""The epochs at which pruning compares trials, and what it takes to compare them."""

from collections.abc import Iterable, Sequence

from models.config.trial import TrialConfig
from models.evaluation import COSTLY
from search.errors import SpecError
from search.spec.sections import PruningSection

POPULATIONS = ("pbt", "pb2")
"""Kinds of pruning whose trials take over one another's networks."""


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


def compared_by(pruning: PruningSection, objectives: Iterable[str]) -> tuple[str, ...]:
    """The metrics that pruning needs to have measured."""
    names = tuple(objectives)
    if pruning.kind in ("asha", "median", "hyperband"):
        return (pruning.metric or names[0],)
    return () if pruning.kind == "none" else names


def check_rungs(
    pruning: PruningSection, objectives: Iterable[str], configs: Sequence[TrialConfig], num_photos: int | None
) -> None:
    """Raise SpecError unless there is something to prune, and what trials are compared by is measured there."""
    longest = longest_training(configs, num_photos)
    if pruning.kind == "none" or longest is None:
        return
    name, first = ("interval", pruning.interval) if pruning.kind in POPULATIONS else ("grace", pruning.grace)
    if first > longest or (pruning.kind in POPULATIONS and first == longest):
        raise SpecError(
            f"pruning.{name}: {first} epochs leave nothing to prune in trials of {longest}; "
            "lower it, or set pruning.kind to none",
            at=("pruning", name),
        )
    every = max(config.evaluation.costly_every for config in configs)
    for epoch in _compared_after(pruning, longest):
        for metric in compared_by(pruning, objectives):
            if metric in COSTLY and epoch % every:
                raise SpecError(
                    f"pruning.{name}: trials are compared after epoch {epoch}, and {metric} is measured every {every}; "
                    f"set pruning.{name} to a multiple of {every}, or evaluation.costly_every to 1",
                    at=("pruning", name),
                )


def _compared_after(pruning: PruningSection, longest: int) -> Iterable[int]:
    """Epochs at which everything that trials are compared by has to be measured."""
    if pruning.kind in POPULATIONS:
        return range(pruning.interval, longest, pruning.interval)
    if pruning.kind == "median":  # compares whenever the metric is measured
        return ()
    return rung_epochs(pruning.grace, pruning.reduction, longest)
