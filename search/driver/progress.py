"""What a running sweep shows: a line for each settled trial and, on a terminal, a bar with the best values so far."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from search.records import Trial, epoch_text
from search.spec.constraints import Constraint

_COLOURS = {"complete": "green", "pruned": "yellow", "diverged": "red", "collapsed": "red", "failed": "red"}


class SweepProgress:
    """Shows a sweep, some of whose trials are `settled` already."""

    def __init__(
        self, console: Console, objectives: dict[str, str], constraints: Sequence[Constraint], settled: list[Trial]
    ) -> None:
        self._console, self._objectives = console, objectives
        self._constraints, self._missed = constraints, 0
        self._best: dict[str, tuple[float, int]] = {}
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("trials", total=None, completed=len(settled))
        for trial in settled:
            self._note_best(trial)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def expect(self, total: int) -> None:
        """How many trials there are and will be."""
        self._progress.update(self._task, total=total)

    def note(self, text: str) -> None:
        """Print a line."""
        self._console.print(escape(text), highlight=False, soft_wrap=True)

    def evaluated(self, number: int, result: dict[str, Any]) -> None:
        """Show the newest evaluation of a running trial."""
        values = ", ".join(f"{name} {result[name]:.4g}" for name in self._objectives if name in result)
        self._progress.update(
            self._task, description=escape(f"trial {number} epoch {epoch_text(result['epoch'])}: {values}")
        )

    def settled(self, trial: Trial) -> None:
        """Print what became of a trial."""
        state, metrics = trial.state.state, trial.final.metrics if trial.final else {}
        values = "  ".join(f"{name} {metrics[name]:8.4g}" for name in self._objectives if name in metrics)
        reason = f"  ({trial.state.reason})" if trial.state.reason else ""
        colour = _COLOURS[state]
        line = f"trial {trial.number:4d}  [{colour}]{state:9}[/{colour}] {values}{escape(reason)}"
        self._console.print(line, highlight=False, soft_wrap=True)
        self._note_best(trial)
        self._progress.advance(self._task)

    def best(self) -> str:
        """The best values so far, in words, of the trials that count."""
        if not self._best:
            return (
                f"none of {self._missed} complete trials meets the constraints" if self._missed else "none is complete"
            )
        return ", ".join(f"best {name} {value:.4g} (trial {number})" for name, (value, number) in self._best.items())

    def _note_best(self, trial: Trial) -> None:
        if trial.result is None:
            return
        if not all(one.met(trial.result.metrics) for one in self._constraints):
            self._missed += 1
            return
        for name, direction in self._objectives.items():
            if (value := trial.result.metrics.get(name)) is None:
                continue
            sign = -1 if direction == "max" else 1
            if name not in self._best or sign * value < sign * self._best[name][0]:
                self._best[name] = (value, trial.number)
