"""What the repeats reach on photos that had no part in the search."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from analysis.certainty.repeats import Group
from search.records import Tested


@dataclass(frozen=True)
class FinalCheck:
    """Configurations on the same test photos."""

    photos: Tested
    """Says which: any of the results on them."""
    groups: tuple[Group, ...]
    """With the metrics of the test instead of those of validation."""
    num_elsewhere: int
    """Runs that were tested on other photos, or on another number of them; they are not among these."""


def final_check(groups: Iterable[Group]) -> FinalCheck | None:
    """The test of the runs that count, on the photos that most of them were tested on; None: there was no test."""
    known = list(groups)
    results = [trial.tested for group in known for trial, _ in group.runs if trial.tested]
    if not results:
        return None
    (photos, num_here), *_ = Counter(map(_photos, results)).most_common(1)
    on_test = (_on_test(group, photos) for group in known)
    return FinalCheck(
        next(result for result in results if _photos(result) == photos),
        tuple(group for group in on_test if group.runs),
        len(results) - num_here,
    )


def _photos(tested: Tested) -> tuple[str, int, int]:
    return tested.sha256, tested.num_photos, tested.num_costly


def _on_test(group: Group, photos: tuple[str, int, int]) -> Group:
    runs = (
        (trial, evaluation.model_copy(update={"metrics": trial.tested.metrics, "details": trial.tested.details}))
        for trial, evaluation in group.runs
        if trial.tested and _photos(trial.tested) == photos
    )
    return replace(group, runs=tuple(runs))
