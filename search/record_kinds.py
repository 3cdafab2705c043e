"""The kinds of records that a sweep keeps: one file each, or one line. records.py says which is where."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

State = Literal["waiting", "running", "paused", "complete", "pruned", "diverged", "collapsed", "failed"]
UNFINISHED: tuple[State, ...] = ("waiting", "running", "paused")
TRIED_AGAIN: tuple[State, ...] = (*UNFINISHED, "failed")
"""The trials that can go on."""
Cause = Literal[
    "",
    "gpu-memory",
    "non-finite",
    "host-memory",
    "worker-death",
    "lost-node",
    "preemption",
    "damaged-data",
    "full-disk",
    "bug",
]
"""Why an attempt at a trial failed; empty: it did not."""
Origin = Literal["sampled", "enqueued", "repeat"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Record):
    """A change to a sweep after its start."""

    when: AwareDatetime
    who: str
    why: str = ""
    what: str
    """In words, such as `search.trials: 50 -> 100`."""
    num_trials: int
    """How many trials there were."""


class PackingLevel(_Record):
    """What so many trials did side by side on one device."""

    copies: int
    steps_per_s: tuple[float, ...]
    """Of each, over the same seconds."""
    peak_bytes: int
    """The most that one of them held, without what its process takes by itself."""

    @property
    def together(self) -> float:
        """Steps per second of all of them."""
        return sum(self.steps_per_s)


class Packing(_Record):
    """How many trials share a GPU of one kind, and why."""

    node: str
    """On which it was measured."""
    device: str
    memory_bytes: int
    process_bytes: int
    """What each process takes beside its tensors: its CUDA context."""
    largest: str
    """The trial of the space that takes the most memory, by its choices."""
    largest_bytes: int
    """The most that it held, alone."""
    levels: tuple[PackingLevel, ...]
    """Of the base configuration, by the number of copies."""
    copies: int
    """The best number."""
    why: str


class SweepRecord(_Record):
    """sweep.json: what was asked for, and with what it was run."""

    name: str
    objectives: dict[str, Literal["min", "max"]]
    spec: dict[str, Any]
    """The sweep's YAML file as read, data paths made absolute."""
    created: AwareDatetime
    command: str
    versions: dict[str, str]
    """huetune, python, torch, ray ... and the commit, where known."""
    data: dict[str, dict[str, Any]] = {}
    """For train, val, unlabelled and test, if any: file, sha256, count and classes of the .beton."""
    lineage: tuple[Change, ...] = ()
    """How the spec became what it is now, oldest first."""
    num_studies: int = 1
    """Another space needs another study of the sampler: so many there have been."""
    paused: bool = False
    """No trial is started, on somebody's order."""
    num_trials: int = 0
    """How many trials had been recorded when a process last began or ended to run it: a copy may lack some."""
    packing: tuple[Packing, ...] = ()
    """One for each kind of GPU, if the file said `resources: {gpu: auto}`; the spec has the share that was chosen."""

    @property
    def num_gpus(self) -> float:
        """That each trial holds; 0 as long as it is to be measured."""
        gpu = self.spec.get("resources", {}).get("gpu", 0.0)
        return 0.0 if gpu == "auto" else float(gpu)


class TrialStart(_Record):
    """trial.json: which point of the space this is."""

    number: int
    params: dict[str, Any]
    """The searched values by dotted path."""
    config: dict[str, Any]
    """The whole trial configuration (models.config.TrialConfig)."""
    created: AwareDatetime
    origin: Origin = "sampled"
    repeat_of: int | None = None
    """The trial whose configuration this one has, with another seed."""
    note: str = ""
    """Where it comes from, in words, if not from the sampler."""
    order: str = ""
    """The order of somebody's that asked for it: see control/."""


class Exploit(_Record):
    """A line of exploits.jsonl: the trial went on with another's networks and with other values."""

    epoch: float
    donor: int
    params: dict[str, Any]
    """The searched values from here on."""
    config: dict[str, Any]
    """The whole configuration from here on."""


class Attempt(_Record):
    """A stretch of a trial on one node."""

    started: AwareDatetime
    ended: AwareDatetime | None
    """None: it runs, or nobody was there to see its end."""
    node: str
    cause: Cause = ""
    """Of its failure, if it ended by one."""
    trained_s: float | None = None
    """Seconds of training that it went on from. None: not recorded."""


class TrialState(_Record):
    """state.json: what became of the trial, last writer wins."""

    state: State
    reason: str = ""
    """In words: why it was pruned, diverged, collapsed or failed."""
    cause: Cause = ""
    """Of its failure."""
    failures: dict[str, int] = {}
    """Failed attempts by cause, those included after which it went on."""
    started: AwareDatetime | None = None
    """When the latest attempt began."""
    ended: AwareDatetime | None = None
    attempts: int = 0
    node: str = ""
    earlier: tuple[Attempt, ...] = ()
    """The attempts of which it is known that they are over, the latest one too once it was put down."""
    fid_weights: str = ""
    """Content hash of the Inception weights that its FID was measured with (models.weights.weights_hash)."""
    fid_images: int = 0
    """N, on which its FID was measured: the first photos of the validation file."""
    gpu_seconds: float = 0.0
    """Seconds times the share of GPUs held, over all attempts that reported."""
    trained_s: float | None = None
    """Seconds of training that the latest attempt went on from. None: not recorded."""
    num_evaluations: int | None = None
    """How many there were when the trial ended: a copy may lack some. None: not recorded."""


class Tested(_Record):
    """tested.json: a trial, trained to its end, on photos that had no part in the search."""

    model_config = ConfigDict(ser_json_inf_nan="strings")  # a metric may be infinite, or not a number

    metrics: dict[str, float]
    details: dict[str, float] = {}
    file: str
    sha256: str
    num_photos: int
    num_labelled: int
    num_costly: int
    """N of FID and the other costly metrics."""


class FailedTest(_Record):
    """failed-test.json: why a trained repeat has no result on the photos of the test, until it has one."""

    when: AwareDatetime
    node: str
    reason: str
    """One line."""
    trace: str = ""
