"""Trained repeats are measured on the photos of the test. Whatever becomes of that, their training stays as it was."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from search.driver.failures import CAUSES_OF_NODES, Failure
from search.driver.finalists import untested
from search.driver.ledger import Ledger
from search.recording import remove_failed_test, write_record
from search.records import FailedTest, Trial, trial_folder


class FinalChecks:
    """Hands out the trials that are to be tested, and hears what became of that.

    A test that was broken off, by whatever, is made again; one that failed waits until somebody asks for it once more.
    """

    def __init__(self, ledger: Ledger, trials: Iterable[Trial]) -> None:
        """trials: all that are recorded."""
        self._ledger = ledger
        self._waiting = deque(trial.number for trial in untested(ledger.spec, trials) if trial.failed_test is None)
        self.running: set[int] = set()
        self.num_over = 0
        """Tests that have come to an end in this run."""

    @property
    def num_left(self) -> int:
        """Of those to be made, these that run included."""
        return len(self._waiting) + len(self.running)

    @property
    def numbers(self) -> set[int]:
        """The trials whose last checkpoint is still needed."""
        return {*self._waiting, *self.running}

    def next(self) -> int | None:
        """The number of the next trial to test, which runs from now on; None: there is none."""
        if not self._waiting:
            return None
        number = self._waiting.popleft()
        self.running.add(number)
        return number

    def trained(self, trial: Trial) -> None:
        """Hear that a training has come to its end: of a repeat, it is tested if there are photos for that."""
        self.put(untested(self._ledger.spec, [trial]))

    def put(self, trials: Sequence[Trial]) -> int:
        """Have these tested, also where it failed before; how many that will be."""
        for trial in trials:
            if trial.number not in self.numbers:
                remove_failed_test(trial.folder)
                self._waiting.append(trial.number)
        return len(trials)

    def ended(self, number: int, result: Mapping[str, Any] | None, failure: Failure | None) -> str:
        """Hear of the end of a test, by its report or by a failure; in words, what came of it."""
        self.running.discard(number)
        if failure is None and result and result["outcome"] == "tested":
            self.num_over += 1
            names = (name for name in self._ledger.spec.objectives if name in result)
            return f"trial {number} on the test photos: {', '.join(f'{name} {result[name]:.4g}' for name in names)}"
        if failure is None or failure.cause in (*CAUSES_OF_NODES, "full-disk"):
            self._waiting.append(number)
            return (
                f"the test of trial {number} is to be made again: {failure.reason if failure else 'it was broken off'}"
            )
        self.num_over += 1
        self._record(number, failure, result or {})
        again = f"`huetune sweep finalists {self._ledger.folder.name}` tries it again"
        return f"the test of trial {number} failed: {failure.reason}; {again}"

    def _record(self, number: int, failure: Failure, result: Mapping[str, Any]) -> None:
        node, trace = result.get("node", ""), result.get("trace", "")
        failed = FailedTest(when=datetime.now(UTC), node=node, reason=failure.reason, trace=trace)
        write_record(trial_folder(self._ledger.folder, number), failed)
