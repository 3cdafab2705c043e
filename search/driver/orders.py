"""What a running sweep does when it is told to from another terminal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from data.errors import HuetuneError
from search.control.mailbox import Mailbox
from search.control.orders import Order
from search.driver.conductor import Conductor
from search.driver.finalists import finalists, untested
from search.driver.preparation import checked_test
from search.driver.verdict import Verdict
from search.errors import SweepError
from search.records import TRIED_AGAIN, Trial, read_sweep, read_trial, trial_folder
from search.spec.points import checked_point, like


class OrderDesk:
    """Carries out the orders in a sweep's mailbox, one after the other, and answers each in one line."""

    def __init__(self, mailbox: Mailbox, conductor: Conductor) -> None:
        self._mailbox, self._conductor, self._ledger = mailbox, conductor, conductor.ledger
        self._actions: dict[str, Callable[[Order], str]] = {
            "stop": self._stop,
            "pause": self._pause,
            "unpause": self._unpause,
            "prune": self._prune,
            "kill": self._kill,
            "enqueue": self._enqueue,
            "limit": self._limit,
            "budget": self._budget,
            "repeat": self._repeat,
        }

    def attend(self) -> None:
        """Carry out what has come in."""
        for order in self._mailbox.pending():
            try:
                done, text = True, self._actions[order.kind](order)
            except HuetuneError as error:
                done, text = False, str(error)
            except (OSError, ValueError, LookupError) as error:  # of a damaged record: no order may come back for ever
                done, text = False, f"{type(error).__name__}: {str(error).splitlines()[0]}"
            self._mailbox.answer(order, done, text)
            # Here too: whoever gave it while the sweep did not run is not there any more to read the answer.
            told = f"{order.kind} {_by(order)}" + ("" if done else " refused")
            self._conductor.noticed({f"order {order.id}": f"{told}: {text}"})

    def _stop(self, order: Order) -> str:
        self._conductor.end(f"stopped {_by(order)}", at_once=True)
        return "the sweep ends; what runs can go on from its last evaluation"

    def _pause(self, order: Order) -> str:
        if order.trials:
            return _each(order, self._pause_trial)
        self._ledger.set_paused(True)
        self._conductor.put_all_down()
        return "no trial starts; those that run are put down at their next evaluation"

    def _pause_trial(self, number: int, order: Order) -> str:
        verdict = Verdict("paused", f"paused {_by(order)}")
        if number in self._conductor.running:
            if not self._conductor.break_off(number, verdict):
                raise SweepError(f"trial {number} ends for good at its next evaluation")
            return "pauses at its next evaluation"
        if not self._conductor.withdraw(number):
            raise SweepError(f"trial {number} is {self._trial(number).state.state}: there is nothing to pause")
        self._conductor.put_down(number, verdict)
        return "is paused"

    def _unpause(self, order: Order) -> str:
        if order.trials:
            return _each(order, self._unpause_trial)
        self._ledger.set_paused(False)
        self._conductor.take_all_back()
        return "trials start again"

    def _unpause_trial(self, number: int, order: Order) -> str:
        if self._conductor.take_back(number):
            return "goes on"
        if (state := self._trial(number).state.state) != "paused":
            raise SweepError(f"trial {number} is {state}, not paused")
        self._conductor.put_down(number, Verdict("waiting"))
        return "goes on when there is room"

    def _prune(self, order: Order) -> str:
        return _each(order, self._prune_trial)

    def _prune_trial(self, number: int, order: Order) -> str:
        verdict = Verdict("pruned", f"pruned {_by(order)}")
        if number in self._conductor.running:
            self._conductor.break_off(number, verdict)
            return "ends at its next evaluation"
        if (state := self._trial(number).state.state) not in TRIED_AGAIN:
            raise SweepError(f"trial {number} is {state}: there is nothing to prune")
        self._conductor.withdraw(number)
        self._conductor.settle(number, verdict.state, verdict.reason)
        return "is pruned"

    def _kill(self, order: Order) -> str:
        return _each(order, self._kill_trial)

    def _kill_trial(self, number: int, order: Order) -> str:
        if number not in self._conductor.running:
            raise SweepError(f"trial {number} is {self._trial(number).state.state}: only one that runs can be killed")
        self._conductor.break_off(number, Verdict("pruned", f"killed {_by(order)}"), kill=True)
        return "loses its worker"

    def _enqueue(self, order: Order) -> str:
        spec, changes, other = self._ledger.spec, order.values["values"], order.values.get("like")
        point = checked_point(spec, changes) if other is None else like(spec, self._trial(other).params, changes)
        note = f"enqueued {_by(order)}" + ("" if other is None else f", like trial {other}")
        number, is_new = self._conductor.queue.enqueue(point, note, order.id)
        if not is_new:
            return f"trial {number} has these values already: none is added"
        twin = self._conductor.queue.twin(number)
        return f"it is trial {number}" + ("" if twin is None else f", with the values that trial {twin} has")

    def _limit(self, order: Order) -> str:
        limit = order.values["concurrent"]
        resources = self._ledger.spec.resources.model_dump(mode="json")
        before = resources["concurrent"]
        self._change(f"resources.concurrent: {before} -> {limit}", order, resources=resources | {"concurrent": limit})
        return f"{'as many trials as there is room for' if limit is None else limit} at once from now on"

    def _budget(self, order: Order) -> str:
        spec, values = self._ledger.spec, dict(order.values)
        before = spec.budget.model_dump(mode="json") | {"trials": spec.search.trials}
        words = ", ".join(f"{name}: {before[name]} -> {value}" for name, value in values.items())
        search = spec.search.model_dump(mode="json") | {"trials": values.pop("trials", spec.search.trials)}
        self._change(words, order, search=search, budget=spec.budget.model_dump(mode="json") | values)
        return words

    def _repeat(self, order: Order) -> str:
        if (kind := self._ledger.spec.pruning.kind) in ("pbt", "pb2"):
            raise SweepError(f"trials of {kind} have schedules of loss weights, which a repeat would not follow")
        trials = read_sweep(self._ledger.folder).trials
        best = finalists(self._ledger.spec, trials, order.values["top"])
        if not best:
            raise SweepError("no trial is complete yet, so there is none to repeat")
        if why := self._conductor.budget.spent(self._ledger.spec.budget):
            raise SweepError(f"{why}: raise it first, or no repeat could be trained or measured")
        if test := order.values.get("test") or self._ledger.spec.data.test:
            manifest = checked_test(self._ledger.spec, self._ledger.record, Path(test))
            self._ledger.set_test(Path(test), manifest, order.who, order.why, self._conductor.queue.num_known)
        known = {(trial.start.repeat_of, trial.config["seed"]) for trial in trials if trial.start.origin == "repeat"}
        wanted = [
            (trial, trial.config["seed"] + step) for trial in best for step in range(1, order.values["seeds"] + 1)
        ]
        made = [
            self._conductor.queue.repeat(trial, seed) for trial, seed in wanted if (trial.number, seed) not in known
        ]
        num_to_test = self._conductor.checks.put(untested(self._ledger.spec, trials))
        numbers = ", ".join(str(trial.number) for trial in best)
        told = f"{len(made)} new trials repeat {numbers}" if made else f"{numbers} have been repeated with these seeds"
        return told + (f"; {num_to_test} earlier ones are measured on the test photos" if num_to_test else "")

    def _change(self, words: str, order: Order, **sections: Any) -> None:
        num_trials = self._conductor.queue.num_known
        self._ledger.change(words, order.who, order.why, num_trials, **sections)

    def _trial(self, number: int) -> Trial:
        folder = trial_folder(self._ledger.folder, number)
        if not (folder / "trial.json").exists():
            raise SweepError(f"there is no trial {number}; {self._conductor.queue.num_known} have been started")
        return read_trial(folder)


def _each(order: Order, carry_out: Callable[[int, Order], str]) -> str:
    """Carry an order out for each of its trials.

    Raises:
        SweepError: one could not be; the others are carried out all the same.
    """
    done, refused = [], []
    for number in order.trials:
        try:
            done.append(f"trial {number} {carry_out(number, order)}")
        except SweepError as error:
            refused.append(str(error))
    if refused:
        raise SweepError("; ".join(done + refused))
    return "; ".join(done)


def _by(order: Order) -> str:
    return f"by {order.who}" + (f": {order.why}" if order.why else "")
