"""The trials that are worth training again with other seeds."""

from collections.abc import Iterable

from search.pareto import minimised, pareto_ranks
from search.records import Trial
from search.spec.constraints import parse_constraints
from search.spec.sweep_spec import SweepSpec


def untested(spec: SweepSpec, trials: Iterable[Trial]) -> list[Trial]:
    """The repeats that were trained before the sweep had photos to test them on, and can be without training them
    again; none while it has none."""
    if spec.data.test is None:
        return []
    repeats = (trial for trial in trials if trial.start.origin == "repeat")
    return [
        trial
        for trial in repeats
        if trial.state.state == "complete"
        and trial.tested is None
        and (trial.folder / "checkpoints" / "last.pt").exists()
    ]


def finalists(spec: SweepSpec, trials: Iterable[Trial], top: int) -> list[Trial]:
    """The best complete trials that meet the constraints, repeats aside: by Pareto rank, then by the objectives in
    their order, then by number."""
    constraints = parse_constraints(spec.constraints)
    candidates, metrics = [], []
    for trial in sorted(trials, key=lambda trial: trial.number):
        if trial.state.state != "complete" or trial.final is None or trial.start.origin == "repeat":
            continue
        if all(constraint.met(trial.final.metrics) for constraint in constraints):
            candidates.append(trial)
            metrics.append(trial.final.metrics)
    points = minimised(metrics, dict(spec.objectives))
    ranks = pareto_ranks(points)
    order = sorted(range(len(candidates)), key=lambda index: (ranks[index], *points[index], index))
    return [candidates[index] for index in order[:top]]
