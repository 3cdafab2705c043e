"""Decides what a sweep does next and what becomes of each trial. Knows nothing of Ray.

A trial may take several attempts: it gives its place up when somebody pauses it, when it waits for its population, or
when its worker dies, and goes on later from its last checkpoint. What is decided is written down before it is done, so
whatever breaks, the records are ahead of every other memory.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from search.driver.budget import BudgetMeter
from search.driver.failures import CAUSES_OF_NODES, Failure, FailurePolicy
from search.driver.final_checks import FinalChecks
from search.driver.keeper import CheckpointKeeper
from search.driver.ledger import Ledger
from search.driver.queue import TrialQueue
from search.driver.verdict import Verdict
from search.pruning.exploit import record_exploit
from search.pruning.pruner import Park, Prune, Pruner, Release
from search.recording import record_end, write_record
from search.records import Cause, State, Trial, read_trial, trial_folder
from search.sampling.study import SweepStudy


class Progress(Protocol):
    """Is told what happens, to show it."""

    def evaluated(self, number: int, result: dict[str, Any]) -> None: ...

    def settled(self, trial: Trial) -> None: ...

    def note(self, text: str) -> None: ...


class Conductor:
    """What is trained now is `running`; `next_trial` starts a trial, or the test of a trained one, and `evaluated` and
    `ended` hear of it."""

    def __init__(
        self,
        ledger: Ledger,
        study: SweepStudy,
        queue: TrialQueue,
        checks: FinalChecks,
        pruner: Pruner | None,
        budget: BudgetMeter,
        keeper: CheckpointKeeper,
        progress: Progress,
        capacity: Callable[[], int],
    ) -> None:
        """capacity: how many trials the cluster has room for."""
        self.ledger, self.queue, self.checks, self.budget = ledger, queue, checks, budget
        self._study, self._pruner, self._keeper = study, pruner, keeper
        self._progress, self._capacity = progress, capacity
        self._failures = FailurePolicy(ledger.spec.failures)
        self._verdicts: dict[int, Verdict] = {}  # of running trials that are to end at their next evaluation
        self.running: set[int] = set()
        self.parked: set[int] = set()
        self._due: list[Release] = []  # parked trials that are to go on, with what others left them
        self.to_kill: set[int] = set()
        """Running trials that are to lose their worker at once."""
        self._trouble = ""
        self._noticed: set[str] = set()
        self.num_settled = 0
        """Trials that have come to an end in this run."""
        self.ending = ""
        """Why the sweep is being ended; empty while it is not."""
        self.by_budget = False
        """It is ended since its budget is spent, or its aim reached."""
        self.at_once = False
        """It is ended without waiting for evaluations."""
        self.fault = ""
        """What must be mended before the sweep can go on, if that ended it."""

    def end(self, why: str, at_once: bool = False) -> None:
        """Start no further trial; those that run are broken off, at their next evaluation or at once."""
        self.ending = self.ending or why
        self.at_once = self.at_once or at_once

    def close(self) -> None:
        """Write down that what still ran was broken off."""
        for number in sorted(self.running):
            self.put_down(number, Verdict("waiting"))
        self.running.clear()
        if warning := self._keeper.sweep(self.checks.numbers):
            self._progress.note(warning)

    @property
    def over(self) -> bool:
        """Nothing runs, and nothing will."""
        if self.busy:
            return False
        return bool(self.ending) or not (self.queue.num_left or self.checks.num_left or self.ledger.record.paused)

    @property
    def busy(self) -> bool:
        """Something runs, be it a training or a test."""
        return bool(self.running or self.checks.running)

    def next_trial(self) -> int | None:
        """The number of a trial to start now, if any; of one to test, it is among `checks.running` then."""
        self._release()
        budget = self.ledger.spec.budget
        reached = self.budget.reached(budget)
        repeating = self.queue.repeats_wait or self.checks.num_left or self.running & self.queue.repeats
        if why := self.budget.spent(budget) or ("" if repeating else reached):
            self.end(why)
            self.by_budget = True
        limit = self.ledger.spec.resources.concurrent or max(1, self._capacity())
        if self.ending or self.ledger.record.paused or len(self.running) + len(self.checks.running) >= limit:
            return None
        if (number := self.checks.next()) is not None:
            return number
        number = self.queue.next(only_repeats=bool(reached))
        while self.queue.without_a_trial:
            self._heard_of_end(self.queue.without_a_trial.pop())
        if number is not None:
            self.running.add(number)
            self._introduce(number)
        return number

    def _introduce(self, number: int) -> None:
        """Let the pruner know a new trial's values."""
        if self._pruner is not None and number not in self.queue.repeats:
            trial = read_trial(trial_folder(self.ledger.folder, number))
            if not trial.state.attempts:
                self._pruner.remember([trial])

    def evaluated(self, number: int, result: dict[str, Any]) -> bool:
        """Hear of an evaluation, as `search.worker.trial` reports it; whether the trial goes on."""
        if number in self.checks.running:
            return True  # a test ends by itself, with its only report
        metrics = {name: result[name] for name in self.ledger.spec.objectives if name in result}
        self.budget.evaluated(number, result["seconds"], metrics)
        self._progress.evaluated(number, result)
        decision = None
        if self._pruner is not None and number not in self.queue.repeats:
            due = any(release.number == number for release in self._due)
            decision = Park() if due else self._pruner.decide(number, result["epoch"], metrics)
        if result["outcome"]:
            return True  # it ends by itself
        if isinstance(decision, Prune):
            self._verdicts[number] = Verdict("pruned", decision.reason)
        elif isinstance(decision, Park) and number not in self._verdicts:
            self._verdicts[number] = Verdict("waiting")
            self.parked.add(number)
        budget = self.ledger.spec.budget
        if self.budget.spent(budget) or (self.budget.reached(budget) and number not in self.queue.repeats):
            self._verdicts.setdefault(number, Verdict("waiting"))
        return number not in self._verdicts and not self.ending

    def break_off(self, number: int, verdict: Verdict, kill: bool = False) -> bool:
        """End a running trial at its next evaluation, or by killing its worker; false if it is to end for good."""
        if number in self._verdicts and self._verdicts[number].is_final and not kill:
            return False
        self._verdicts[number] = verdict
        if kill:
            self.to_kill.add(number)
        return True

    def put_all_down(self) -> None:
        """Break off at their next evaluation all that run, unless they end then anyway."""
        for number in self.running:
            self._verdicts.setdefault(number, Verdict("waiting"))

    def take_back(self, number: int) -> bool:
        """Let a running trial go on that was to be put down; whether it was."""
        verdict = self._verdicts.get(number)
        if number not in self.running or verdict is None or verdict.is_final:
            return False
        del self._verdicts[number]
        return True

    def take_all_back(self) -> None:
        """Let all running trials go on that were to be put down, but for those that somebody named."""
        for number in self.running:
            if self._verdicts.get(number) == Verdict("waiting"):
                self.take_back(number)

    def ended(self, number: int, result: dict[str, Any] | None, failure: Failure | None) -> None:
        """Hear of the end of an attempt: by itself, with its last report; by `evaluated`; or by a failure."""
        if failure is None and result and result["outcome"] == "failed":
            failure = Failure(result["cause"], result["reason"])
        if failure is not None and failure.cause == "full-disk":
            self.fault = f"a disk is full: {failure.reason}"
            self.end(self.fault)
        if number in self.checks.running:
            self._progress.note(self.checks.ended(number, result, failure))
            return
        self.running.discard(number)
        self.to_kill.discard(number)
        verdict = self._verdicts.pop(number, None)
        if failure is None and result and result["outcome"]:
            self.settle(number, result["outcome"], result["reason"], result["cause"])
        elif verdict is not None and verdict.is_final:
            self.settle(number, verdict.state, verdict.reason)
        elif failure is not None:
            self._failed(number, failure, verdict)
        else:
            self.put_down(number, verdict or Verdict("waiting"))
        self._release()

    def _failed(self, number: int, failure: Failure, verdict: Verdict | None) -> None:
        """Try a trial again, put it down as it was to be, or settle it."""
        folder = trial_folder(self.ledger.folder, number)
        state = read_trial(folder).state
        failures = state.failures | {failure.cause: state.failures.get(failure.cause, 0) + 1}
        if failure.cause != "full-disk" and not self._failures.goes_on(failures, failure.cause):
            self.settle(number, "failed", failure.reason, failure.cause)
            return
        write_record(folder, state.model_copy(update={"failures": failures}))
        self.put_down(number, verdict or Verdict("waiting"), failure.cause)
        counted = "" if failure.cause in CAUSES_OF_NODES else f" (failure {failures[failure.cause]} of this kind)"
        later = "can go on later" if self.ending else "goes on from its last checkpoint"
        self._progress.note(f"trial {number} {later}: {failure.reason}{counted}")

    def put_down(self, number: int, verdict: Verdict, cause: Cause = "") -> None:
        """Keep a trial that has not come to its end for later: as soon as there is room, if it is to wait for that.

        cause: of the failure that ended its latest attempt, if one did.
        """
        folder = trial_folder(self.ledger.folder, number)
        trial = read_trial(folder)
        over = tuple(
            attempt.model_copy(update={"ended": attempt.ended or datetime.now(UTC), "cause": attempt.cause or cause})
            for attempt in trial.all_attempts[-1:]
        )
        update = {"state": verdict.state, "reason": verdict.reason, "earlier": (*trial.all_attempts[:-1], *over)}
        write_record(folder, trial.state.model_copy(update=update))
        if verdict.state == "waiting" and number not in self.parked:
            self.queue.put(number, first=True)

    def withdraw(self, number: int) -> bool:
        """Whether the trial waited for its turn; it does so no more."""
        parked = number in self.parked
        self.parked.discard(number)
        return self.queue.take(number) or parked

    def settle(self, number: int, state: State, reason: str, cause: Cause = "") -> None:
        """Write down how a trial has ended, and tell all who learn from it."""
        folder = trial_folder(self.ledger.folder, number)
        trial = record_end(folder, state, reason, self.ledger.spec.resources.num_gpus, cause)
        self._study.tell(trial)
        self._heard_of_end(trial)
        self.checks.trained(trial)

    def _heard_of_end(self, trial: Trial) -> None:
        self.num_settled += 1
        self.budget.settled(trial)
        self._progress.settled(trial)
        if self._pruner is not None:
            self._pruner.ended(trial.number)
        failed = trial.state.state == "failed"
        if bug := self._failures.settled(trial.state.reason if failed else ""):
            self.fault = f"one trial after the other failed: {bug}"
            self.end(self.fault)

    def _release(self) -> None:
        """Let parked trials go on, each with what it takes over from another, all of which is written down first.

        One that was paused and unpaused meanwhile runs until it has reported once more where it stands.
        """
        if self._pruner is None:
            return
        self._due += self._pruner.released(self.queue.more_to_come)
        if any(release.number in self.running for release in self._due):
            return
        released, self._due = self._due, []
        for release in released:
            if release.donor is not None:
                record_exploit(self.ledger.folder, release)
        for release in released:
            if release.number in self.parked:
                self.parked.discard(release.number)
                self.queue.put(release.number)

    def noticed(self, notices: Mapping[str, str]) -> None:
        """Pass on what others have noticed, by what it is about: that is said once."""
        for about, notice in notices.items():
            if about not in self._noticed:
                self._noticed.add(about)
                self._progress.note(notice)

    def tidy(self) -> None:
        """Keep the checkpoints under their quota, and say what the queue and the sampler's memory have to tell."""
        if warning := self._keeper.maybe_run(self.checks.numbers):
            self._progress.note(warning)
        for note in self.queue.take_notes():
            self._progress.note(note)
        if (trouble := self._study.trouble) != self._trouble:
            self._trouble = trouble
            self._progress.note(trouble)
