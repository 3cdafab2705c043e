"""Reading sweeps that are large, damaged, or copied while they run."""

import shutil
from pathlib import Path

import pytest
from generated_sweeps import write_generated_sweep
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_sweeps import NOON, write_sweep, write_trial

from models.evaluation import Evaluation
from search.recording import write_evaluations, write_exploits, write_record
from search.records import Exploit, RecordsError, Sweep, read_sweep, read_trial
from search.records import Tested as OnUnseenPhotos
from search.status.reader import SweepReader

FILES = ("trial.json", "state.json", "evaluations.jsonl", "exploits.jsonl", "tested.json")
NUM_TRIALS = 3


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep whose trials have every file there is."""
    sweep = write_sweep(tmp_path_factory.mktemp("storage") / "whole")
    for number in range(NUM_TRIALS):
        trial = write_trial(sweep, number, [{"fid": 90.0 / epoch, "accuracy": 0.1 * epoch} for epoch in (1, 2, 3)])
        write_exploits(trial, [Exploit(epoch=2.0, donor=1, params={"loss.l1": 2.0}, config={"seed": 0})])
        write_record(
            trial,
            OnUnseenPhotos(metrics={"fid": 50.0}, file="test", sha256="ab", num_photos=9, num_labelled=9, num_costly=9),
        )
    return sweep


def reason_of(sweep: Path, number: str) -> str:
    return read_sweep(sweep).unreadable[number]


def test_generated_sweep_is_in_the_true_format(tmp_path: Path):
    sweep = read_sweep(write_generated_sweep(tmp_path / "large", num_trials=12, num_evaluations=4))
    assert sweep.unreadable == {}
    assert [len(trial.evaluations) for trial in sweep.trials] == [4] * 12
    assert [trial.number for trial in sweep.trials if trial.state.state == "pruned"] == [9]
    assert len(sweep.trials[0].evaluations[0].metrics) == 14
    again = read_sweep(write_generated_sweep(tmp_path / "again" / "large", num_trials=12, num_evaluations=4))
    assert [trial.evaluations for trial in again.trials] == [trial.evaluations for trial in sweep.trials]


def test_trials_come_by_number_not_by_name(tmp_path: Path):
    sweep = write_sweep(tmp_path / "sweep")
    for number in (10_000, 9_999, 2):
        write_trial(sweep, number, [])
    assert [trial.number for trial in read_sweep(sweep).trials] == [2, 9_999, 10_000]


def test_evaluations_keep_every_character(tmp_path: Path):
    sweep = write_sweep(tmp_path / "sweep")
    evaluation = Evaluation(epoch=1, step=1, seconds=1, phase="one\u2028two\x85three", metrics={"fid": float("nan")})
    write_evaluations(write_trial(sweep, 0, []), [evaluation])
    (read,) = read_sweep(sweep).trials[0].evaluations
    assert read.phase == evaluation.phase
    assert read.metrics["fid"] != read.metrics["fid"]


def test_damage_is_told_by_file(whole: Path, tmp_path: Path):
    sweep = Path(shutil.copytree(whole, tmp_path / "damaged"))
    (sweep / "trials/0000/evaluations.jsonl").write_bytes(b'{"epoch":1.0,"step":1,"seconds":1.0,"metr')
    (sweep / "trials/0001/state.json").write_text('{"state": "finished"}')
    (sweep / "trials/0002/trial.json").unlink()
    (sweep / "trials/0003").write_text("a file")
    assert read_sweep(sweep).unreadable == {
        "0000": "evaluations.jsonl: Invalid JSON: EOF while parsing a string",
        "0001": "state.json: state: Input should be 'waiting', 'running', 'paused', 'complete', 'pruned', 'diverged', "
        "'collapsed' or 'failed'",
        "0002": "trial.json: No such file or directory",
        "0003": "trial.json: Not a directory",
    }


def test_copy_of_a_trial_under_another_name_is_not_a_second_trial(whole: Path, tmp_path: Path):
    sweep = Path(shutil.copytree(whole, tmp_path / "copied"))
    shutil.copytree(sweep / "trials/0001", sweep / "trials/0001-before")
    assert [trial.number for trial in read_sweep(sweep).trials] == [0, 1, 2]
    assert reason_of(sweep, "0001-before") == "its trial.json is of trial 1"
    with pytest.raises(RecordsError, match="is of trial 1"):
        read_trial(sweep / "trials/0001-before")


def test_sweep_whose_record_is_damaged_is_told_in_a_line(whole: Path, tmp_path: Path):
    sweep = Path(shutil.copytree(whole, tmp_path / "torn"))
    (sweep / "sweep.json").write_bytes((whole / "sweep.json").read_bytes()[:100])
    with pytest.raises(RecordsError, match=r"sweep\.json cannot be read \(sweep\.json: Invalid JSON: .*restore it"):
        read_sweep(sweep)


def test_status_reads_what_a_report_reads(whole: Path):
    sweep, reader = read_sweep(whole), SweepReader(whole)
    assert reader.read() == sweep
    write_record(whole / "trials/0000", sweep.trials[0].state.model_copy(update={"ended": NOON}))
    assert reader.read() == read_sweep(whole)


damages = st.dictionaries(
    st.tuples(st.integers(0, NUM_TRIALS - 1), st.sampled_from(FILES)),
    st.one_of(st.none(), st.floats(0, 1), st.tuples(st.floats(0, 1), st.integers(1, 255))),
)
"""By trial and file: it is missing, cut off after so much of it, or one byte there is another."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damages=damages)
def test_damaged_trials_are_named_and_no_trial_is_lost(
    whole: Path, tmp_path: Path, damages: dict[tuple[int, str], float | tuple[float, int] | None]
):
    before = {trial.number: trial for trial in read_sweep(whole).trials}
    sweep = tmp_path / "damaged"
    shutil.rmtree(sweep, ignore_errors=True)
    shutil.copytree(whole, sweep)
    for (number, name), damage in damages.items():
        damage_file(sweep / f"trials/{number:04d}" / name, damage)
    found = read_sweep(sweep)
    assert sorted([f"{trial.number:04d}" for trial in found.trials] + list(found.unreadable)) == [
        "0000",
        "0001",
        "0002",
    ]
    assert all("\n" not in reason and reason for reason in found.unreadable.values())
    assert SweepReader(sweep).read().unreadable == found.unreadable
    for trial in found.trials:
        if not any(isinstance(damage, tuple) for (number, _), damage in damages.items() if number == trial.number):
            assert trial.start == before[trial.number].start
            assert trial.evaluations == before[trial.number].evaluations[: len(trial.evaluations)]


def damage_file(file: Path, damage: float | tuple[float, int] | None) -> None:
    content = bytearray(file.read_bytes())
    if damage is None:
        file.unlink()
        return
    if isinstance(damage, float):
        content = content[: int(damage * len(content))]
    else:
        content[min(int(damage[0] * len(content)), len(content) - 1)] ^= damage[1]
    file.write_bytes(content)


def test_folders_that_cannot_be_listed_are_an_error(tmp_path: Path):
    sweep = write_sweep(tmp_path / "sweep")
    assert isinstance(read_sweep(sweep), Sweep)
    (sweep / "trials").write_text("a file")
    with pytest.raises(RecordsError, match="cannot be listed"):
        read_sweep(sweep)
