"""Errors of Ray's that end one attempt at a trial, and in Ray Tune's eyes the whole sweep."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import ray.exceptions
from ray.air.execution._internal import actor_manager
from ray.tune.execution import tune_controller
from ray.tune.experiment import Trial as TuneTrial

_OF_ONE_WORKER = (
    ray.exceptions.RayActorError,
    ray.exceptions.OutOfMemoryError,
    ray.exceptions.NodeDiedError,
    ray.exceptions.WorkerCrashedError,
    ray.exceptions.ActorPlacementGroupRemoved,
    ray.exceptions.ActorUnschedulableError,
)


@contextmanager
def errors_by_trial() -> Iterator[dict[str, Exception]]:
    """Inside, every loss of a worker ends one of Tune's trials, and its last error is to be found by the trial's id.

    Tune (2.60) asks `isinstance(error, RayActorError)` and raises "Caught unexpected exception" at all others, of which
    Ray's memory monitor makes one when it kills a single worker. And it keeps the errors of some kinds alone.
    """
    errors: dict[str, Exception] = {}
    handle_error = TuneTrial.handle_error

    def keep(trial: TuneTrial, error: Exception | None = None) -> None:
        if error is not None:
            errors[trial.trial_id] = error
        handle_error(trial, error)  # type: ignore[arg-type]

    with (
        patch.object(actor_manager, "RayActorError", _OF_ONE_WORKER),
        patch.object(tune_controller, "RayActorError", _OF_ONE_WORKER),
        patch.object(TuneTrial, "handle_error", keep),
    ):
        yield errors
