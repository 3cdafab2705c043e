"""Reading sweeps that are large, damaged, or copied while they run."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from generated_sweeps import write_generated_sweep
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from recorded_sweeps import NOON, write_sweep, write_trial

from models.evaluation import Evaluation
from search.record_files import read_at_once
from search.recording import record_begin, record_end, write_evaluations, write_exploits, write_record
from search.records import Exploit, FailedTest, RecordsError, Sweep, Trial, read_sweep, read_trial
from search.records import Tested as OnUnseenPhotos
from search.status.reader import SweepReader

FILES = ("trial.json", "state.json", "evaluations.jsonl", "exploits.jsonl", "tested.json", "failed-test.json")
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
        write_record(trial, FailedTest(when=NOON, node="node-1", reason="DataError: no such file"))
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
    (sweep / "trials/0000/evaluations.jsonl").write_bytes(b'{"epoch":1.0,"step":1,"seconds":1.0,"metr\n')
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


def lines_of(trial: Path) -> list[bytes]:
    return (trial / "evaluations.jsonl").read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("end", [b'{"epoch":3.0,"step"', b"\0\0\0\0", b"\xff", b"[]"])
def test_last_line_that_is_cut_off_is_left_out_and_told(whole: Path, tmp_path: Path, end: bytes):
    trial = Path(shutil.copytree(whole / "trials/0001", tmp_path / "0001"))
    (trial / "evaluations.jsonl").write_bytes(b"".join([*lines_of(trial)[:2], end]))
    found, before = read_trial(trial), read_trial(whole / "trials/0001")
    assert found.evaluations == before.evaluations[:2]
    assert (found.state, found.result) == (before.state, None)
    assert found.notices == (
        "evaluations.jsonl: its last line is cut off, 2 before it were read",
        "evaluations.jsonl: not all evaluations are there, as in a copy made in mid-write",
    )
    (trial / "evaluations.jsonl").write_bytes(b"".join(lines_of(whole / "trials/0001")).rstrip())
    assert read_trial(trial).evaluations == before.evaluations  # it lacks the end of the line alone


def test_damaged_line_in_the_middle_is_not_passed_over(whole: Path, tmp_path: Path):
    trial = Path(shutil.copytree(whole / "trials/0001", tmp_path / "0001"))
    first, second, third = lines_of(trial)
    (trial / "evaluations.jsonl").write_bytes(b"".join([first, second[:20], b"\n", third]))
    with pytest.raises(ValidationError):
        read_trial(trial)
    (trial / "evaluations.jsonl").write_bytes(b"".join([first, second, third]))
    (trial / "exploits.jsonl").write_bytes((trial / "exploits.jsonl").read_bytes()[:-9])
    with pytest.raises(ValidationError):  # whose values would be taken for those of before
        read_trial(trial)


def test_folders_that_are_missing_are_told(whole: Path, tmp_path: Path):
    sweep = Path(shutil.copytree(whole, tmp_path / "half"))
    write_record(sweep, read_sweep(sweep).record.model_copy(update={"num_trials": 3}))
    for number in (0, 2):
        shutil.rmtree(sweep / f"trials/{number:04d}")
    found = read_sweep(sweep)
    assert [trial.number for trial in found.trials] == [1]
    assert found.unreadable == dict.fromkeys(("0000", "0002"), "no folder: not copied, or deleted")
    assert SweepReader(sweep).read() == found


def test_trial_that_was_evaluated_is_not_taken_for_one_that_waits(whole: Path, tmp_path: Path):
    sweep = Path(shutil.copytree(whole, tmp_path / "half"))
    (sweep / "trials/0001/state.json").unlink()
    assert reason_of(sweep, "0001").startswith("state.json is missing, and it has been evaluated")
    (sweep / "trials/0001/evaluations.jsonl").unlink()
    assert read_trial(sweep / "trials/0001").state.state == "waiting"


def test_end_of_a_trial_says_how_many_evaluations_it_had(tmp_path: Path):
    folder = write_trial(write_sweep(tmp_path / "sweep"), 0, [{"fid": 9.0}, {"fid": 8.0}], "running")
    assert record_begin(read_trial(folder), "node-1").trained_s == 60
    assert record_end(folder, "pruned", "slow", 1.0).notices == ()
    (folder / "evaluations.jsonl").write_bytes(lines_of(folder)[0])
    (notice,) = read_trial(folder).notices
    assert notice == "evaluations.jsonl: 1 of 2 evaluations are there, as in a copy made in mid-write"
    assert not record_begin(read_trial(folder), "node-1").num_evaluations


@pytest.mark.parametrize("value", ["NaN", '"NaN"', "-1", "1e999", "9" * 400, "null"])
def test_time_that_is_none_is_damage(whole: Path, tmp_path: Path, value: str):
    sweep = Path(shutil.copytree(whole, tmp_path / "odd"))
    line = f'{{"epoch": {value}, "step": 1, "seconds": 1.0, "metrics": {{}}}}\n'
    (sweep / "trials/0001/evaluations.jsonl").write_text(line)
    assert reason_of(sweep, "0001").startswith("evaluations.jsonl: epoch: Input should be ")


def test_time_without_a_zone_is_damage(whole: Path, tmp_path: Path):
    sweep = Path(shutil.copytree(whole, tmp_path / "odd"))
    state = (sweep / "trials/0001/state.json").read_text().replace("12:00:00Z", "12:00:00")
    (sweep / "trials/0001/state.json").write_text(state)
    assert reason_of(sweep, "0001") == "state.json: started: Input should have timezone info"


def test_damaged_test_hides_nothing_else(whole: Path, tmp_path: Path):
    trial = Path(shutil.copytree(whole / "trials/0001", tmp_path / "0001"))
    (trial / "tested.json").write_text("{")
    found, before = read_trial(trial), read_trial(whole / "trials/0001")
    assert (found.evaluations, found.result, found.tested) == (before.evaluations, before.result, None)
    assert found.notices == ("tested.json: Invalid JSON: EOF while parsing an object",)


@pytest.mark.parametrize("name", FILES)
def test_file_that_ends_anywhere_is_read_or_named(whole: Path, tmp_path: Path, name: str):
    folder = Path(shutil.copytree(whole / "trials/0001", tmp_path / "0001"))
    content, before = (folder / name).read_bytes(), read_trial(folder)
    for length in range(len(content)):
        (folder / name).write_bytes(content[:length])
        found = read_at_once(read_trial, [folder])[folder]
        if isinstance(found, Trial):
            assert replace(found, evaluations=before.evaluations, tested=before.tested, damage=()) == before
            assert found.evaluations == before.evaluations[: len(found.evaluations)]
            assert found == before or found.notices
            assert bool(found.result) == (found.evaluations == before.evaluations)
        else:
            assert found.startswith(f"{name}: ")


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
