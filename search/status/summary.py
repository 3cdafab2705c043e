"""What `huetune sweep status --json` prints: these keys, and no others."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from search.control.orders import Order
from search.records import Change, Packing, State


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class TrialSummary(_Part):
    number: int
    state: State
    epoch: float
    values: dict[str, float]
    """Its last value of each objective, as far as they were measured."""
    params: dict[str, Any]
    """The searched values that it has now."""
    reason: str
    node: str
    silent_s: float | None
    """Seconds since its last evaluation, or since it began. None: it does not run."""


class Budget(_Part):
    used: float
    limit: float | None


class Target(_Part):
    values: dict[str, float]
    reached_by: int | None
    """The first trial that reached all of them."""


class Eta(_Part):
    """The time left, and the ends of the interval in which it is with 80 % probability, in seconds."""

    median_s: float
    low_s: float
    high_s: float
    text: str


class Failure(_Part):
    """Trials that failed for the same reason, numbers in it aside."""

    cause: str
    reason: str
    num_trials: int
    first_trial: int
    error_file: str | None
    """The trace of the first one."""


class Disk(_Part):
    used_gb: float
    """10⁹ bytes of checkpoints."""
    quota_gb: float | None


class SweepSummary(_Part):
    """A sweep at one moment."""

    name: str
    folder: str
    now: datetime
    driver: str | None
    """The process that runs it. None: it does not run."""
    paused: bool
    resume: str
    """What to type to go on with it once it does not run."""
    objectives: dict[str, str]
    asked_for: int | None
    """Trials that the sampler is to choose."""
    states: dict[State, int]
    num_enqueued: int
    num_repeats: int
    running: tuple[TrialSummary, ...]
    """As recorded: where the sweep does not run, these were broken off."""
    paused_trials: tuple[TrialSummary, ...]
    put_down: tuple[TrialSummary, ...]
    """Those that have begun, and wait to go on."""
    front: tuple[TrialSummary, ...]
    """Complete trials that meet the constraints and that no other such one betters in every objective."""
    constraints: tuple[str, ...]
    budget: dict[str, Budget]
    """By name: trials, hours, gpu_hours, stagnation."""
    target: Target | None
    eta: Eta | None
    """None: it does not run, or too few trials have ended to say."""
    failures: tuple[Failure, ...]
    failed_attempts: dict[str, int]
    """By cause, those included after which a trial went on."""
    disk: Disk
    packing: tuple[Packing, ...]
    """How many trials share a GPU of each kind, if the sweep had that measured."""
    orders: tuple[Order, ...]
    """Not carried out yet."""
    lineage: tuple[Change, ...]
    unreadable: dict[str, str]
    """Folders of trials that are missing or cannot be read, with the reason."""
    notices: dict[str, str]
    """What is damaged or not whole of trials that were read, by folder, and whose test has failed."""
