"""Our study as a Ray Tune searcher: hands out trials, writes down what becomes of them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError
from ray.tune.search import Searcher

from models.config.trial import TrialConfig
from search.driver.budget import BudgetMeter
from search.pruning.pareto_asha import ParetoAsha
from search.records import State, Trial, TrialStart, record_end, trial_folder, write_record
from search.sampling.study import SweepStudy
from search.spec.explain import explain
from search.spec.space import Assignment
from search.spec.sweep_spec import SweepSpec

MAX_FAILURES_IN_A_ROW = 5
"""So many trials that fail one after the other have one cause; the rest is kept for when it is mended."""


class Progress(Protocol):
    """Is told what happens, to show it."""

    def evaluated(self, number: int, result: dict[str, Any]) -> None: ...

    def settled(self, trial: Trial) -> None: ...


class StudySearcher(Searcher):
    """Ray Tune asks it for trials and tells it their results.

    A trial is recorded before it starts, and its end before the sampler hears of it: whatever breaks, the records are
    ahead of every other memory.
    """

    def __init__(
        self,
        spec: SweepSpec,
        folder: Path,
        study: SweepStudy,
        pruning: ParetoAsha | None,
        budget: BudgetMeter,
        progress: Progress,
    ) -> None:
        super().__init__()
        self._spec, self._folder, self._study = spec, folder, study
        self._pruning, self._budget, self._progress = pruning, budget, progress
        self._go_on, self._ask_again = study.settle(folder)
        self._numbers: dict[str, int] = {}  # by Tune's trial id
        self._failures_in_a_row = 0
        self.failing_because = ""
        """Why no further trial is handed out: the error of the last of MAX_FAILURES_IN_A_ROW; empty if all is well."""

    @property
    def num_left(self) -> int:
        """How many trials are still to be run, the broken-off ones included."""
        return len(self._go_on) + len(self._ask_again) + max(0, self._spec.search.trials - self._study.num_asked)

    def suggest(self, trial_id: str) -> Any:
        """The next trial to run: first those that were broken off, then new ones while the budget lasts.

        Returns its Tune configuration (a dict), or Searcher.FINISHED.
        """
        number = None if self.failing_because else self._next_number()
        if number is None:
            return Searcher.FINISHED
        self._numbers[trial_id] = number
        resources = self._spec.resources
        folder = str(trial_folder(self._folder, number))
        return {"number": number, "folder": folder, "cpu": resources.cpu, "gpu": resources.gpu}

    def _next_number(self) -> int | None:
        if self._go_on:
            return self._go_on.pop(0)
        while self._ask_again or (self._study.num_asked < self._spec.search.trials and not self._budget.spent):
            if self._ask_again:
                number = self._ask_again.pop(0)
                assignment = self._study.ask_again(number)
            else:
                number, assignment = self._study.ask()
            if self._record_start(number, assignment):
                return number
        return None

    def _record_start(self, number: int, assignment: Assignment) -> bool:
        """Record a new trial; false if there can be no trial at this point of the space."""
        folder, searched = trial_folder(self._folder, number), self._spec.parsed_space.searched(assignment)
        try:
            config, problem = self._spec.trial_config(assignment).model_dump(mode="json"), None
        except ValidationError as error:
            config, problem = {}, explain(error, TrialConfig)
        start = TrialStart(number=number, params=searched, config=config, created=datetime.now(UTC))
        write_record(folder, start)
        if problem:
            self._settle(number, "failed", f"no such trial: {problem}")
        return problem is None

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        number = self._numbers[trial_id]
        self._budget.used(number, result["seconds"] * self._spec.resources.gpu)
        self._progress.evaluated(number, result)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Settle a trial. One that neither ended nor was pruned was interrupted: a resume goes on with it."""
        number = self._numbers.pop(trial_id)
        pruned = self._pruning.reasons.get(number) if self._pruning else None
        if error:
            self._settle(number, "failed", "its worker died again and again; see the logs of the cluster")
        elif result and result["outcome"]:
            self._settle(number, result["outcome"], result["reason"])
        elif pruned:
            self._settle(number, "pruned", pruned)

    def _settle(self, number: int, state: State, reason: str) -> None:
        trial = record_end(trial_folder(self._folder, number), state, reason, self._spec.resources.gpu)
        self._budget.used(number, trial.state.gpu_seconds)  # Tune does not pass on the result that pruned a trial
        self._study.tell(trial)
        self._progress.settled(trial)
        self._failures_in_a_row = self._failures_in_a_row + 1 if state == "failed" else 0
        if self._failures_in_a_row == MAX_FAILURES_IN_A_ROW:
            self.failing_because = reason

    def save(self, checkpoint_path: str) -> None:
        """Tune wants a file; nothing of ours is in it, since a sweep goes on from its records."""
        Path(checkpoint_path).touch()

    def restore(self, checkpoint_path: str) -> None:
        """Never used, likewise."""

    def __getstate__(self) -> dict[str, Any]:
        return {}
