"""What a sweep has used of its budget, and how long the rest will take."""

from bisect import bisect_left
from datetime import datetime

from search.driver.lock import seconds_driven
from search.pareto import minimised, stagnated
from search.records import UNFINISHED, Sweep, Trial
from search.spec.sections import BudgetSection
from search.status.eta import Remaining, remaining
from search.status.reader import last_sign_s
from search.status.summary import Budget, Target


def budget(sweep: Sweep) -> dict[str, Budget]:
    """What is used, against the limit, by name."""
    section = _section(sweep)
    num_sampled = sum(trial.start.origin == "sampled" for trial in sweep.trials)
    stagnant = _stagnant(sweep, section.stagnation) if section.stagnation else 0
    return {
        "trials": Budget(used=num_sampled, limit=sweep.record.spec.get("search", {}).get("trials")),
        "hours": Budget(used=seconds_driven(sweep.folder) / 3600, limit=section.hours),
        "gpu_hours": Budget(used=_gpu_seconds(sweep) / 3600, limit=section.gpu_hours),
        "stagnation": Budget(used=stagnant, limit=section.stagnation),
    }


def target(sweep: Sweep) -> Target | None:
    """The values to reach, if there are any."""
    values = _section(sweep).target
    if not values:
        return None
    reached = (trial.number for trial in sweep.trials if _reaches(trial, values, dict(sweep.record.objectives)))
    return Target(values=values, reached_by=next(reached, None))


def eta(sweep: Sweep, now: datetime) -> Remaining | None:
    """The time left with as many trials at once as run now, or until the budget is spent.

    None: nothing runs, or too few trials have ended to say.
    """
    by_state = {
        state: [t for t in sweep.trials if t.state.state == state] for state in ("running", "paused", "waiting")
    }
    running = by_state["running"]
    spent = budget(sweep)
    to_sample = max(0, int((spent["trials"].limit or 0) - spent["trials"].used))
    num_left = to_sample + len(by_state["waiting"]) + len(by_state["paused"])
    ended_s = [
        _duration_s(trial) for trial in sweep.trials if trial.state.state not in UNFINISHED and trial.state.ended
    ]
    running_s = [_trained_s(trial) + max(0.0, now.timestamp() - last_sign_s(trial)) for trial in running]
    left = remaining(ended_s, running_s, num_left, len(running)) if running else None
    if left is None:
        return None
    if (hours := spent["hours"]).limit is not None:
        left = left.at_most(max(0.0, hours.limit - hours.used) * 3600)
    gpu, gpu_hours = _num_gpus(sweep), spent["gpu_hours"]
    if gpu_hours.limit is not None and gpu:
        left = left.at_most(max(0.0, gpu_hours.limit - gpu_hours.used) * 3600 / (gpu * len(running)))
    return left


def _section(sweep: Sweep) -> BudgetSection:
    return BudgetSection.model_validate(sweep.record.spec.get("budget", {}))


def _num_gpus(sweep: Sweep) -> float:
    return sweep.record.num_gpus


def _trained_s(trial: Trial) -> float:
    return trial.final.seconds if trial.final else 0.0


def _duration_s(trial: Trial) -> float:
    """Of a trial that has ended: what it trained, and what its start and end took beside."""
    state = trial.state
    wall_s = (state.ended - state.started).total_seconds() if state.ended and state.started else 0.0
    return max(_trained_s(trial), wall_s if state.attempts == 1 else 0.0)


def _gpu_seconds(sweep: Sweep) -> float:
    gpu = _num_gpus(sweep)
    return sum(max(trial.state.gpu_seconds, _trained_s(trial) * gpu) for trial in sweep.trials)


def _stagnant(sweep: Sweep, limit: int) -> int:
    """Trials that ended one after the other without growth of the hypervolume, at most `limit`."""
    ended = [(t.state.ended, t.number, t) for t in sweep.trials if t.state.ended and t.state.state not in UNFINISHED]
    complete = [trial.result.metrics if trial.result else {} for _, _, trial in sorted(ended)]
    points = minimised([dict(metrics) for metrics in complete], dict(sweep.record.objectives))
    # A longer window cannot be without growth if a shorter one is not.
    return bisect_left(range(1, limit + 1), True, key=lambda window: not stagnated(points, window))


def _reaches(trial: Trial, values: dict[str, float], objectives: dict[str, str]) -> bool:
    return any(
        all(
            name in metrics and (metrics[name] <= value if objectives.get(name) == "min" else metrics[name] >= value)
            for name, value in values.items()
        )
        for metrics in (evaluation.metrics for evaluation in trial.evaluations)
    )
