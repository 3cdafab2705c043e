"""How much of the objectives' space a sweep has conquered, and what it had spent by then."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.ranking.rank import Ranking
from search.pareto import MARGIN, Points, hypervolume, minimised
from search.records import UNFINISHED, Sweep, Trial

MAX_OBJECTIVES = 3
"""Beyond, exact volumes take too long."""
MAX_STEPS = 200
"""Of a course. Between them lie trials whose gain is told with that of the next step."""
MAX_POINTS = 50_000
"""Of all fronts of a course with three objectives, whose volumes take time quadratic in their size."""


@dataclass(frozen=True)
class Box:
    """The part of the objectives' space that volumes are shares of, smaller is better."""

    ideal: Points
    """(m,) the best value of each objective."""
    reference: Points
    """(m,) a little worse than the worst value of each objective: what adds no volume is not better than this."""

    def share(self, points: Points) -> float:
        """Of the box, what the (n, m) minimised `points` dominate, from 0 to 1: their hypervolume over the box's."""
        return hypervolume(points, self.reference) / float((self.reference - self.ideal).prod())


@dataclass(frozen=True)
class Step:
    """A trial that made the front better, when it ended."""

    hours: float
    """Spent by then."""
    share: float
    """Of the box, from then on."""
    number: int


@dataclass(frozen=True)
class Course:
    """How the share grew."""

    steps: tuple[Step, ...]
    hours: float
    """All that was spent."""


def minimised_points(ranking: Ranking) -> Points:
    """(n, m) values of the ranked trials in their order, smaller is better."""
    return minimised([ranked.metrics for ranked in ranking.ranked], ranking.objectives)


def common_box(rankings: Sequence[Ranking]) -> Box:
    """The box around all ranked trials of sweeps with the same objectives, at least one of them.

    Its reference point lies MARGIN of their span beyond the worst value by each objective, so that the worst trials
    count a little too. Where all are equal their size counts, or 1.
    """
    points = np.concatenate([minimised_points(ranking) for ranking in rankings])
    ideal, worst = points.min(axis=0), points.max(axis=0)
    return Box(ideal, worst + MARGIN * np.where(worst > ideal, worst - ideal, np.maximum(1.0, np.abs(worst))))


def uses_gpus(sweep: Sweep) -> bool:
    """Whether any GPU time is recorded; if not, seconds are those of training."""
    return any(trial.state.gpu_seconds > 0 for trial in sweep.trials)


def course(sweep: Sweep, ranking: Ranking, box: Box, *, in_gpu_hours: bool) -> Course:
    """The share of the box that the ranked trials dominate, as trials ended; repeats are left out.

    in_gpu_hours: spent are the GPU-hours of all trials that had ended, ranked or not; else their own hours.
    """
    found = dict(zip((one.trial.number for one in ranking.ranked), minimised_points(ranking), strict=True))
    ended = _by_end(sweep)
    spent = np.cumsum([_hours(trial, in_gpu_hours) for trial in ended], dtype=np.float64).tolist()
    hours = dict(zip((trial.number for trial in ended), spent, strict=True))
    fronts = list(_fronts([trial for trial in ended if trial.number in found], found))
    steps = (Step(hours[number], box.share(front), number) for number, front in _some(fronts))
    return Course(tuple(steps), spent[-1] if spent else 0.0)


def _by_end(sweep: Sweep) -> list[Trial]:
    """The trials that are over, in the order of their ends; of those without a recorded end the start counts."""
    over = [t for t in sweep.trials if t.state.state not in UNFINISHED and t.start.repeat_of is None]
    return sorted(over, key=_when_over)


def _when_over(trial: Trial) -> tuple[float, int]:
    return (trial.state.ended or trial.state.started or trial.start.created).timestamp(), trial.number


def _hours(trial: Trial, in_gpu_hours: bool) -> float:
    if in_gpu_hours:
        return trial.state.gpu_seconds / 3600
    return trial.final.seconds / 3600 if trial.final else 0.0


def _fronts(trials: Sequence[Trial], found: Mapping[int, Points]) -> Iterator[tuple[int, Points]]:
    """Each trial that no earlier one is at least as good as, and the front (f, m) with it."""
    front: Points | None = None
    for trial in trials:
        point = found[trial.number]
        if front is None:
            front = point[np.newaxis]
        elif (front <= point).all(axis=1).any():
            continue
        else:
            front = np.vstack([front[(front < point).any(axis=1)], point])
        yield trial.number, front


def _some(fronts: Sequence[tuple[int, Points]]) -> list[tuple[int, Points]]:
    """All of them, or some from the first to the last, by which the course is drawn in a few seconds."""
    if not fronts:
        return []
    num_points, num_objectives = max((front.shape for _, front in fronts), key=lambda shape: shape[0])
    most = MAX_STEPS if num_objectives < 3 else min(MAX_STEPS, max(MAX_POINTS // num_points, 10))
    chosen = np.linspace(0, len(fronts) - 1, min(len(fronts), most)).round().astype(int)
    return [fronts[index] for index in chosen.tolist()]
