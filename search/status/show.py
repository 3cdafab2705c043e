"""A sweep's summary on the console."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search.damage import by_reason
from search.packing.show import packing_lines
from search.records import State, Sweep, epoch_text
from search.status.eta import duration_text
from search.status.summarise import summarise
from search.status.summary import Failure, SweepSummary, TrialSummary

MAX_ROWS = 20
MAX_CHANGES = 3


def show_status(sweep: Sweep, console: Console) -> None:
    """Print what is known of a sweep."""
    for part in rendered(summarise(sweep, datetime.now(UTC))):
        console.print(part, soft_wrap=isinstance(part, Text))


def rendered(summary: SweepSummary) -> list[Text | Table]:
    """Lines, then the front, what is paused, what runs and what waits to go on."""
    parts: list[Text | Table] = [Text(line, style) for line, style in _lines(summary)]
    constraints = f", {', '.join(summary.constraints)}" if summary.constraints else ""
    running = "running" if summary.driver else "broken off"
    for title, trials in (
        (f"Pareto front{constraints}", summary.front),
        ("paused", summary.paused_trials),
        (running, summary.running),
        ("waiting to go on", summary.put_down),
    ):
        if trials:
            parts.append(_table(title, trials, summary))
    return parts


def _lines(summary: SweepSummary) -> Iterator[tuple[str, str]]:
    """Each with its style."""
    states = [f"{summary.states[state]} {state}" for state in get_args(State) if state in summary.states]
    extras = [
        f"{number} {name}"
        for number, name in ((summary.num_enqueued, "enqueued"), (summary.num_repeats, "repeats"))
        if number
    ]
    of_them = f" (of them {', '.join(extras)})" if extras else ""
    asked_for = f"; {summary.asked_for} asked for" if summary.asked_for is not None else ""
    yield f"sweep {summary.name}: {', '.join(states) or 'no trial yet'}{of_them}{asked_for}", "bold"
    yield _whether_it_runs(summary), ""
    if summary.constraints and not summary.front and summary.states.get("complete"):
        yield f"no complete trial meets {' and '.join(summary.constraints)}", ""
    if spent := _spent(summary):
        yield f"used: {spent}", ""
    yield from ((f"packing: {line}", "") for line in packing_lines(summary.packing))
    if summary.target:
        values = ", ".join(f"{name} {value:g}" for name, value in summary.target.values.items())
        by = summary.target.reached_by
        yield f"target {values}: {'not reached' if by is None else f'reached by trial {by}'}", ""
    if summary.eta:
        yield f"time left: {summary.eta.text}", ""
    if summary.failed_attempts:
        causes = ", ".join(f"{number} {cause}" for cause, number in sorted(summary.failed_attempts.items()))
        yield f"failed attempts: {causes}", ""
    for failure in summary.failures:
        yield _failed(failure), "red"
    for order in summary.orders:
        trials = "".join(f" {number}" for number in order.trials)
        yield f"order not carried out yet: {order.kind}{trials} by {order.who}", ""
    for change in summary.lineage[-MAX_CHANGES:]:
        why = f" ({change.why})" if change.why else ""
        yield f"changed {change.when:%Y-%m-%d %H:%M} UTC by {change.who}: {change.what}{why}", ""
    damage = [f"unreadable: {line}" for line in by_reason(summary.unreadable)]
    yield from ((line, "red") for line in [*damage, *(f"trial {line}" for line in by_reason(summary.notices))])


def _whether_it_runs(summary: SweepSummary) -> str:
    if summary.driver:
        paused = "; it is paused: no trial starts" if summary.paused else ""
        return f"{summary.driver} runs it now{paused}"
    paused = ", and it is paused" if summary.paused else ""
    left = any(summary.states.get(state) for state in ("waiting", "running", "paused", "failed"))
    if left or (summary.asked_for or 0) > summary.budget["trials"].used:
        return f"it does not run{paused}; go on with `{summary.resume}`"
    if unreadable := len(summary.unreadable):
        what = f"{unreadable} trial{'s' * (unreadable > 1)} that cannot be read"
        return f"it is finished, but for {what}; `{summary.resume}` mends what can be"
    return "it is finished"


def _spent(summary: SweepSummary) -> str:
    names = {"trials": "trials", "hours": "hours", "gpu_hours": "GPU-hours", "stagnation": "trials without progress"}
    parts = []
    for key, name in names.items():
        used, limit = summary.budget[key].used, summary.budget[key].limit
        if limit is not None:
            parts.append(f"{_short(used)} of {limit:g} {name}")
        elif used and key != "trials":
            parts.append(f"{_short(used)} {name}")
    if summary.disk.used_gb or summary.disk.quota_gb:
        quota = f" of {summary.disk.quota_gb:g}" if summary.disk.quota_gb else ""
        parts.append(f"{summary.disk.used_gb:.3g}{quota} GB of checkpoints")
    return ", ".join(parts)


def _failed(failure: Failure) -> str:
    trace = f"; trace: {failure.error_file}" if failure.error_file else ""
    if failure.num_trials == 1:
        return f"trial {failure.first_trial} failed, {failure.cause}: {failure.reason}{trace}"
    return (
        f"{failure.num_trials} trials failed, {failure.cause}, the first of them trial {failure.first_trial}: "
        f"{failure.reason}{trace}"
    )


def _table(title: str, trials: tuple[TrialSummary, ...], summary: SweepSummary) -> Table:
    silences = any(trial.silent_s is not None for trial in trials)
    more = f" ({MAX_ROWS} of {len(trials)})" if len(trials) > MAX_ROWS else ""
    columns = ["trial", "epoch", *summary.objectives, *(["last sign"] if silences else []), "parameters"]
    table = Table(*columns, title=escape(title + more), title_justify="left")
    for trial in trials[:MAX_ROWS]:
        values = [f"{trial.values[name]:.4g}" if name in trial.values else "" for name in summary.objectives]
        silence = [f"{duration_text(trial.silent_s)} ago"] if trial.silent_s is not None else [""] * silences
        params = "  ".join(f"{path}={_short(value)}" for path, value in trial.params.items())
        table.add_row(str(trial.number), epoch_text(trial.epoch), *values, *silence, escape(params))
    return table


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"
    return str(value)
