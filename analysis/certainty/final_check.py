"""What the repeats reach on photos that had no part in the search."""

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from analysis.certainty.repeats import Group
from models.evaluation import Evaluation
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
    num_not_finite: int
    """Runs without a finite value of an objective on these photos; they are not among these either."""


def final_check(groups: Iterable[Group], objectives: Collection[str]) -> FinalCheck | None:
    """The test of the runs that count, on the photos that most of them were tested on; None: there was no test."""
    known = list(groups)
    results = [trial.tested for group in known for trial, _ in group.runs if trial.tested]
    if not results:
        return None
    (photos, num_here), *_ = Counter(map(_photos, results)).most_common(1)
    on_test = [_on_test(group, photos, objectives) for group in known]
    return FinalCheck(
        next(result for result in results if _photos(result) == photos),
        tuple(group for group in on_test if group.runs),
        len(results) - num_here,
        num_here - sum(len(group.runs) for group in on_test),
    )


def _photos(tested: Tested) -> tuple[str, int, int]:
    return tested.sha256, tested.num_photos, tested.num_costly


def _on_test(group: Group, photos: tuple[str, int, int], objectives: Collection[str]) -> Group:
    runs = (
        (trial, _tested(evaluation, trial.tested))
        for trial, evaluation in group.runs
        if trial.tested
        and _photos(trial.tested) == photos
        and all(math.isfinite(trial.tested.metrics.get(name, math.nan)) for name in objectives)
    )
    return replace(group, runs=tuple(runs))


def _tested(evaluation: Evaluation, tested: Tested) -> Evaluation:
    return evaluation.model_copy(update={"metrics": tested.metrics, "details": tested.details})
