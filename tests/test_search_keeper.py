"""Checkpoints within the sweep's disk quota: which go, in which order, and what is said of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from recorded_sweeps import NOON, write_sweep, write_trial

from models.training.checkpoint import CheckpointError, load_checkpoint
from search.driver import keeper as module
from search.driver.keeper import CheckpointKeeper, checkpoint_bytes
from search.recording import write_record
from search.records import State, read_state, trial_folder
from search.spec.constraints import parse_constraints
from search.spec.sections import DiskSection

OBJECTIVES = {"fid": "min", "accuracy": "max"}
NOON_S = NOON.timestamp()


def add(
    sweep: Path,
    number: int,
    state: State,
    fid: float = 50.0,
    accuracy: float = 0.5,
    names: tuple[str, ...] = ("last", "best-joint"),
    ended_s: float = 0.0,
) -> None:
    """A trial that ended so long after noon, with checkpoints of 100 bytes."""
    folder = write_trial(sweep, number, [{"fid": fid, "accuracy": accuracy}], state)
    ended = NOON + timedelta(seconds=ended_s)
    write_record(folder, read_state(folder).model_copy(update={"ended": ended}))
    (folder / "checkpoints").mkdir()
    for name in names:
        (folder / "checkpoints" / f"{name}.pt").write_bytes(bytes(100))


def keeper(
    sweep: Path, quota: float | None, now_s: float = 60.0, constraints: tuple[str, ...] = ()
) -> CheckpointKeeper:
    """With a quota in bytes, at a time after noon."""
    disk = DiskSection(quota_gb=None if quota is None else quota / 1e9)
    return CheckpointKeeper(sweep, OBJECTIVES, parse_constraints(constraints), disk, lambda: NOON_S + now_s)


def left(sweep: Path) -> dict[int, str]:
    """First letters of the checkpoints by trial: of last, best and donor."""
    return {
        int(trial.name): "".join(sorted(path.name[0] for path in (trial / "checkpoints").glob("*.pt")))
        for trial in sorted((sweep / "trials").iterdir())
    }


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Front: 0 and 1. Behind it first 2, then 3."""
    sweep = write_sweep(tmp_path / "mine")
    add(sweep, 0, "complete", fid=10, accuracy=0.6)
    add(sweep, 1, "complete", fid=20, accuracy=0.9)
    add(sweep, 2, "complete", fid=30, accuracy=0.8)
    add(sweep, 3, "complete", fid=40, accuracy=0.7)
    add(sweep, 4, "pruned", fid=1, accuracy=1)
    add(sweep, 5, "diverged")
    return sweep


ALL = {0: "bl", 1: "bl", 2: "bl", 3: "bl", 4: "bl", 5: "bl"}


@pytest.mark.parametrize(
    ("quota", "gone"),
    [
        (None, {}),
        (1200, {}),
        (1199, {4: ""}),  # down to 90 %: 1079
        (900, {4: "", 5: ""}),
        (800, {4: "", 5: "", 3: "l"}),
        (700, {4: "", 5: "", 3: "l", 2: "l"}),
        (600, {4: "", 5: "", 3: "", 2: "l"}),
        (500, {4: "", 5: "", 3: "", 2: ""}),
        (100, {4: "", 5: "", 3: "", 2: ""}),
    ],
)
def test_the_worst_goes_first_and_no_more_than_needed(quota: float | None, gone: dict[int, str], sweep: Path):
    keeper(sweep, quota).sweep()
    assert left(sweep) == ALL | gone
    assert checkpoint_bytes(sweep) == 100 * len("".join(left(sweep).values()))


@pytest.mark.parametrize("state", ["waiting", "running", "paused", "failed"])
def test_trials_that_can_go_on_keep_all(state: State, sweep: Path):
    add(sweep, 6, state, fid=99, accuracy=0)
    add(sweep, 7, "pruned", names=("last", "donor"))
    keeper(sweep, 100).sweep()
    assert left(sweep)[6] == "bl"
    assert left(sweep)[7] == "d"


def test_constraints_decide_who_is_on_the_front(sweep: Path):
    keeper(sweep, 100, constraints=("accuracy <= 0.75",)).sweep()
    # The front of those that meet them, and the best by accuracy, whatever the constraints.
    assert {number for number, names in left(sweep).items() if names} == {0, 3, 1}
    keeper(sweep, 100, constraints=("accuracy <= 0.65",)).sweep()
    assert {number for number, names in left(sweep).items() if names} == {0, 1}


def test_what_has_just_ended_stays_for_a_while(sweep: Path):
    add(sweep, 6, "pruned", ended_s=31)
    keeper(sweep, 100).sweep()
    assert left(sweep) == {0: "bl", 1: "bl", 2: "", 3: "", 4: "", 5: "", 6: "bl"}
    keeper(sweep, 100, now_s=61.5).sweep()
    assert left(sweep)[6] == ""


def test_a_trial_that_cannot_be_read_keeps_all(sweep: Path):
    (trial_folder(sweep, 4) / "state.json").write_text("{")
    keeper(sweep, 100).sweep()
    assert left(sweep)[4] == "bl"


def test_too_small_a_quota_is_said_once(sweep: Path):
    own = keeper(sweep, 399)
    assert own.sweep().startswith("checkpoints that have to stay take 4e-07 GB, more than the quota of 3.99e-07 GB (")
    assert own.sweep() == ""
    assert keeper(sweep, 500).sweep() == ""


def test_next_trials_are_seen_and_files_that_went_by_themselves_do_not_matter(sweep: Path):
    own = keeper(sweep, 900)
    own.sweep()
    (trial_folder(sweep, 3) / "checkpoints" / "best-joint.pt").unlink()
    add(sweep, 6, "complete", fid=5, accuracy=0.95)  # a front of its own
    own.sweep()
    assert left(sweep) == {0: "bl", 1: "bl", 2: "l", 3: "l", 4: "", 5: "", 6: "bl"}


def test_it_looks_only_once_in_ten_seconds(sweep: Path, monkeypatch: pytest.MonkeyPatch):
    now = [NOON_S + 60]
    runs: list[float] = []
    own = CheckpointKeeper(sweep, OBJECTIVES, (), DiskSection(quota_gb=1), lambda: now[0])
    monkeypatch.setattr(CheckpointKeeper, "sweep", lambda self, spared: runs.append(now[0]) or "said")
    assert own.maybe_run() == "said"
    now[0] += 9.9
    assert own.maybe_run() == ""
    now[0] += 0.1
    assert own.maybe_run() == "said"
    assert len(runs) == 2


def test_settled_trials_are_read_once(sweep: Path, monkeypatch: pytest.MonkeyPatch):
    own = keeper(sweep, 900)
    own.sweep()
    add(sweep, 6, "running")
    asked: list[str] = []
    monkeypatch.setattr(module, "read_state", lambda folder: asked.append(folder.name) or read_state(folder))
    own.sweep()
    assert asked == ["0006"]


def test_who_looks_for_a_removed_checkpoint_is_told_why(sweep: Path):
    keeper(sweep, 100).sweep()
    folder = trial_folder(sweep, 4) / "checkpoints"
    with pytest.raises(CheckpointError) as raised:
        load_checkpoint(folder / "last.pt")
    assert str(raised.value) == (
        f"no checkpoint {folder / 'last.pt'}: it was removed to keep the sweep within its disk quota of 1e-07 GB; "
        "choose another trial"
    )


def test_trials_whose_test_is_to_come_keep_their_checkpoints(sweep: Path):
    keeper(sweep, 100).sweep(spared=(2,))
    assert left(sweep)[2] == "bl"
