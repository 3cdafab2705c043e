"""The conductor as Ray Tune's searcher and scheduler.

Tune starts processes, places them on nodes and passes on their reports. Each attempt at a trial is a new trial to it,
of which it remembers nothing: no retries, no checkpoints and no pausing are Tune's.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import ray
from ray import tune
from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from search.driver.conductor import Conductor
from search.driver.failures import failure_of
from search.driver.ray_errors import errors_by_trial
from search.records import trial_folder
from search.staging.placement import Holders, place

POLL_S = 0.1
MAX_STARTING = 16
"""Workers that are started side by side: one after the other, a large cluster would take minutes to fill."""

Answer = TypeVar("Answer")
TrialFunction = Callable[[dict[str, Any]], None]


class _Run:
    """What searcher and scheduler share."""

    def __init__(
        self, conductor: Conductor, attend: Callable[[], None], errors: dict[str, Exception], holders: Holders
    ) -> None:
        self.conductor, self._attend, self.errors, self.holders = conductor, attend, errors, holders
        self.numbers: dict[str, int] = {}  # by Tune's trial id, as the errors are
        self.nodes: dict[str, str] = {}  # that trials were sent to, likewise
        self.error: Exception | None = None

    def guarded(self, call: Callable[[], Answer], otherwise: Answer) -> Answer:
        """What the call returns, or `otherwise` once one has failed.

        An exception in the midst of Tune would leave workers behind: it ends the sweep first, and is raised then.
        """
        if self.error is None:
            try:
                return call()
            except Exception as error:
                self.error = error
                self.conductor.end(str(error), at_once=True)
        return otherwise

    def attend(self) -> None:
        self.guarded(self._attend, None)


class _TuneSearcher(Searcher):
    def __init__(self, run: _Run) -> None:
        super().__init__()
        self._run = run

    def suggest(self, trial_id: str) -> Any:
        """The configuration of the next attempt; None: none now; or Searcher.FINISHED."""
        conductor = self._run.conductor
        while (number := self._run.guarded(conductor.next_trial, None)) is None:
            if conductor.over or (self._run.error and not conductor.busy):
                return Searcher.FINISHED
            if conductor.busy:
                return None
            time.sleep(POLL_S)  # nothing runs, so Tune would not come back for a second
            self._run.attend()
        self._run.numbers[trial_id] = number
        resources = conductor.ledger.spec.resources
        folder = str(trial_folder(conductor.ledger.folder, number))
        is_test = number in conductor.checks.running
        given = {"cpu": resources.cpu, "gpu": resources.num_gpus, "node": self._sent(trial_id)}
        return {"number": number, "folder": folder, "is_test": is_test, **given}

    def _sent(self, trial_id: str) -> str:
        """The node that a trial is to go to if it can."""
        self._run.nodes[trial_id] = self._run.holders.take()
        return self._run.nodes[trial_id]

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """The scheduler hears of all results; Tune tells the searcher only of those after which a trial goes on."""

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        number = self._run.numbers.pop(trial_id)
        self._run.holders.give_back(self._run.nodes.pop(trial_id))
        failure = failure_of(self._run.errors.pop(trial_id, None)) if error else None
        self._run.guarded(lambda: self._run.conductor.ended(number, result, failure), None)

    def save(self, checkpoint_path: str) -> None:
        """Tune wants a file; nothing of ours is in it, since a sweep goes on from its records."""
        Path(checkpoint_path).touch()

    def restore(self, checkpoint_path: str) -> None:
        """Never used, likewise."""

    def __getstate__(self) -> dict[str, Any]:
        return {}


class _TuneScheduler(FIFOScheduler):
    def __init__(self, run: _Run) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._run = run

    def choose_trial_to_run(self, tune_controller: Any) -> TuneTrial | None:
        """Called ten times a second or more, whatever happens: the time to look after everything else."""
        self._run.attend()
        conductor = self._run.conductor
        for trial in [trial for trial in tune_controller.get_live_trials() if self._number(trial) in conductor.to_kill]:
            _kill(trial, tune_controller)
        if conductor.ending and conductor.at_once:
            tune_controller.request_stop_experiment()
        return super().choose_trial_to_run(tune_controller)

    def on_trial_result(self, tune_controller: Any, trial: TuneTrial, result: dict[str, Any]) -> str:
        self._run.conductor.noticed(dict(result.get("notices", ())))
        goes_on = self._run.guarded(lambda: self._run.conductor.evaluated(result["number"], result), True)
        return self.CONTINUE if goes_on else self.STOP

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune wants to pickle it, and never looks at that again

    def _number(self, trial: TuneTrial) -> int | None:
        return self._run.numbers.get(trial.trial_id)


def _kill(trial: TuneTrial, tune_controller: Any) -> None:
    """End a trial that may be silent for long: its process, or its wait for one."""
    actor = trial.temporary_state.ray_actor
    if actor is None:
        tune_controller.stop_trial(trial)
    else:
        ray.kill(actor)


def run_tune(
    conductor: Conductor,
    train: TrialFunction,
    attend: Callable[[], None],
    resources: dict[str, float],
    holders: Holders,
) -> None:
    """Run trials until the conductor is over; `train` runs on the workers, `attend` here, ten times a second.

    holders: the nodes that are preferred.
    Raises whatever the conductor or `attend` have raised.
    """
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(MAX_STARTING)
    with errors_by_trial() as errors, tempfile.TemporaryDirectory(prefix="huetune-tune-") as scratch:
        run = _Run(conductor, attend, errors, holders)
        tuner = tune.Tuner(
            tune.with_resources(train, lambda assignment: place(resources, assignment["node"])),
            # A worker that stays for the next trial saves seconds of start-up and keeps the Inception network.
            tune_config=tune.TuneConfig(
                search_alg=_TuneSearcher(run), scheduler=_TuneScheduler(run), num_samples=-1, reuse_actors=True
            ),
            run_config=tune.RunConfig(
                storage_path=scratch, verbose=0, failure_config=tune.FailureConfig(max_failures=0)
            ),
        )
        tuner.fit()
    if run.error is not None:
        raise run.error
    conductor.close()
