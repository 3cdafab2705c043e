"""The trials that are worth training again with other seeds."""

from collections.abc import Iterable

from search.pareto import minimised, pareto_ranks
from search.records import TRIED_AGAIN, Trial
from search.spec.constraints import parse_constraints
from search.spec.sweep_spec import SweepSpec
from search.twins import same_training


def untested(spec: SweepSpec, trials: Iterable[Trial]) -> list[Trial]:
    """The trained repeats without a result on the photos of the test; none while the sweep has no such photos."""
    if spec.data.test is None:
        return []
    repeats = (trial for trial in trials if trial.start.origin == "repeat")
    return [trial for trial in repeats if trial.result and trial.tested is None]


def needs_test(spec: SweepSpec, trials: Iterable[Trial]) -> bool:
    """Whether going on with the sweep takes the photos of the test: a repeat is to be tested, now or once trained."""
    known = list(trials)
    waiting = [trial for trial in untested(spec, known) if trial.failed_test is None]
    return bool(waiting) or any(trial.start.origin == "repeat" and trial.state.state in TRIED_AGAIN for trial in known)


def finalists(spec: SweepSpec, trials: Iterable[Trial], top: int) -> list[Trial]:
    """The best complete trials that meet the constraints, repeats aside: by Pareto rank, then by the objectives in
    their order, then by number. Of trials that are one training, one."""
    constraints = parse_constraints(spec.constraints)
    originals = [trial for trial in trials if trial.result and trial.start.origin != "repeat"]
    twins = same_training(originals)
    candidates, metrics = [], []
    for trial in sorted(originals, key=lambda trial: trial.number):
        if trial.result is None or trial.number in twins:
            continue
        if all(constraint.met(trial.result.metrics) for constraint in constraints):
            candidates.append(trial)
            metrics.append(trial.result.metrics)
    points = minimised(metrics, dict(spec.objectives))
    ranks = pareto_ranks(points)
    order = sorted(range(len(candidates)), key=lambda index: (ranks[index], *points[index], index))
    return [candidates[index] for index in order[:top]]
