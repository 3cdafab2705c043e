"""What is known of a sweep, in one place. Reads records alone: a sweep that runs does not notice."""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from search.control.mailbox import waiting_orders
from search.driver.keeper import checkpoint_bytes
from search.driver.lock import holder, is_driven
from search.pareto import minimised, pareto_ranks
from search.records import Sweep, Trial
from search.spec.constraints import parse_constraints
from search.spec.sections import DiskSection
from search.status.reader import last_sign_s
from search.status.spending import budget, eta, target
from search.status.summary import Disk, Eta, Failure, SweepSummary, TrialSummary
from search.storage import resume_command

GB = 1e9


def summarise(sweep: Sweep, now: datetime) -> SweepSummary:
    """now: the time to which silences are counted."""
    record, trials = sweep.record, sweep.trials
    driven = is_driven(sweep.folder)
    left = eta(sweep, now) if driven and not record.paused else None
    shown = {
        state: tuple(_summary(trial, sweep, now, driven) for trial in trials if trial.state.state == state)
        for state in ("running", "paused", "waiting")
    }
    return SweepSummary(
        name=record.name,
        folder=str(sweep.folder),
        now=now.astimezone(UTC),
        driver=holder(sweep.folder) if driven else None,
        paused=record.paused,
        resume=resume_command(sweep.folder),
        objectives=dict(record.objectives),
        asked_for=record.spec.get("search", {}).get("trials"),
        states=dict(Counter(trial.state.state for trial in trials)),
        num_enqueued=sum(trial.start.origin == "enqueued" for trial in trials),
        num_repeats=sum(trial.start.origin == "repeat" for trial in trials),
        running=shown["running"],
        paused_trials=shown["paused"],
        put_down=tuple(trial for trial in shown["waiting"] if trial.epoch),
        front=tuple(_summary(trial, sweep, now, driven) for trial in pareto_front(sweep)),
        constraints=tuple(record.spec.get("constraints", ())),
        budget=budget(sweep),
        target=target(sweep),
        eta=Eta(median_s=left.median_s, low_s=left.low_s, high_s=left.high_s, text=str(left)) if left else None,
        failures=_failures(trials),
        failed_attempts=dict(sum((Counter(trial.state.failures) for trial in trials), Counter())),
        disk=Disk(used_gb=checkpoint_bytes(sweep.folder) / GB, quota_gb=_quota_gb(record.spec)),
        packing=record.packing,
        orders=tuple(waiting_orders(sweep.folder)),
        lineage=record.lineage,
        unreadable=sweep.unreadable,
        notices=sweep.notices,
    )


def pareto_front(sweep: Sweep) -> list[Trial]:
    """The complete trials that meet the constraints and that no other such one betters in every objective, best in the
    first objective first."""
    constraints = parse_constraints(tuple(sweep.record.spec.get("constraints", ())))
    complete = [(trial, trial.result.metrics) for trial in sweep.trials if trial.result]
    met = [(trial, metrics) for trial, metrics in complete if all(one.met(metrics) for one in constraints)]
    points = minimised([metrics for _, metrics in met], dict(sweep.record.objectives))
    ranked = zip(points, met, pareto_ranks(points), strict=True)
    front = [(tuple(point), trial.number, trial) for point, (trial, _), rank in ranked if not rank]
    return [trial for _, _, trial in sorted(front)]


def _summary(trial: Trial, sweep: Sweep, now: datetime, driven: bool) -> TrialSummary:
    metrics = trial.final.metrics if trial.final else {}
    running = driven and trial.state.state == "running"
    return TrialSummary(
        number=trial.number,
        state=trial.state.state,
        epoch=trial.final.epoch if trial.final else 0.0,
        values={name: metrics[name] for name in sweep.record.objectives if name in metrics},
        params=trial.params,
        reason=trial.state.reason,
        node=trial.state.node,
        silent_s=max(0.0, now.timestamp() - last_sign_s(trial)) if running else None,
    )


def _failures(trials: tuple[Trial, ...]) -> tuple[Failure, ...]:
    """The most frequent first."""
    groups: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        if trial.state.state == "failed":
            # The same error of two trials names other files.
            groups.setdefault((trial.state.cause, re.sub(r"[0-9]+", "#", trial.state.reason)), []).append(trial)
    failures = []
    for (cause, _), group in sorted(groups.items(), key=lambda item: -len(item[1])):
        file = group[0].folder / "error.txt"
        failures.append(
            Failure(
                cause=cause or "unknown",
                reason=group[0].state.reason,
                num_trials=len(group),
                first_trial=group[0].number,
                error_file=str(file) if file.exists() else None,
            )
        )
    return tuple(failures)


def _quota_gb(spec: dict[str, Any]) -> float | None:
    return DiskSection.model_validate(spec.get("disk", {})).quota_gb
