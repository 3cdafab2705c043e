"""What a sweep's records say now."""

from collections import Counter
from typing import get_args

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from search.driver.lock import is_driven
from search.pareto import minimised, pareto_ranks
from search.records import TRIED_AGAIN, State, Sweep, Trial, epoch_text
from search.storage import resume_command


def pareto_front(sweep: Sweep) -> list[Trial]:
    """The complete trials that no other one betters in every objective, best in the first objective first."""
    trials = [trial for trial in sweep.trials if trial.state.state == "complete" and trial.final]
    points = minimised([trial.final.metrics for trial in trials if trial.final], dict(sweep.record.objectives))
    front = [
        (tuple(point), trial)
        for point, trial, rank in zip(points, trials, pareto_ranks(points), strict=True)
        if not rank
    ]
    return [trial for _, trial in sorted(front, key=lambda pair: (pair[0], pair[1].number))]


def show_status(sweep: Sweep, console: Console) -> None:
    """Print the trials by state, those that run, and the Pareto front."""
    record = sweep.record
    counts = Counter(trial.state.state for trial in sweep.trials)
    states = ", ".join(f"{counts[state]} {state}" for state in get_args(State) if counts[state]) or "no trial yet"
    total = record.spec["search"]["trials"]
    console.print(f"sweep {record.name}: {states}; {total} asked for", highlight=False)
    if is_driven(sweep.folder):
        console.print("it runs now", highlight=False)
    elif len(sweep.trials) < total or any(trial.state.state in TRIED_AGAIN for trial in sweep.trials):
        console.print(f"it does not run; go on with `{resume_command(sweep.folder)}`", highlight=False, soft_wrap=True)
    for trial in sweep.trials:
        if trial.state.state == "failed":
            console.print(f"trial {trial.number} failed: {escape(trial.state.reason)}", highlight=False, soft_wrap=True)
    for name, reason in sweep.unreadable.items():
        console.print(f"unreadable: {name}: {escape(reason)}", style="red", highlight=False)
    _print_trials("running", [t for t in sweep.trials if t.state.state == "running"], sweep, console)
    _print_trials("Pareto front", pareto_front(sweep), sweep, console)


def _print_trials(title: str, trials: list[Trial], sweep: Sweep, console: Console) -> None:
    if not trials:
        return
    table = Table("trial", "epoch", *sweep.record.objectives, "parameters", title=title, title_justify="left")
    for trial in trials:
        metrics = trial.final.metrics if trial.final else {}
        values = [f"{metrics[name]:.4g}" if name in metrics else "" for name in sweep.record.objectives]
        params = "  ".join(f"{path}={_short(value)}" for path, value in trial.start.params.items())
        table.add_row(str(trial.number), epoch_text(trial.final.epoch if trial.final else 0), *values, escape(params))
    console.print(table)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
