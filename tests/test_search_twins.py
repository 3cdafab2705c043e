"""No point of the space is trained twice, unless somebody asks for one again that came to nothing."""

from pathlib import Path
from typing import Any

import pytest
from made_trials import made_trial
from played_sweeps import SPEC, Played, begin
from sampled_sweeps import make_spec, open_study, run_trials

from search.driver.finalists import finalists
from search.driver.queue import TrialQueue
from search.records import Exploit, TrialStart, read_sweep
from search.twins import same_training

SIX: dict[str, Any] = {"loss.l1": [1.0, 10.0, 100.0], "loss.adversarial": ["bce", "lsgan"]}
MANY: dict[str, Any] = {"loss.l1": [float(n) for n in range(1, 16)], "loss.adversarial": ["bce", "lsgan"]}
POINT = {"loss.l1": 10.0, "loss.adversarial": "bce"}
OTHER = {"loss.l1": 100.0, "loss.adversarial": "lsgan"}


def test_one_training_is_one_configuration_with_one_seed():
    done = [{"fid": 20.0, "accuracy": 0.5}]
    changed = Exploit(epoch=1, donor=0, params={}, config={"seed": 0, "width": 1})
    trials = [
        made_trial(0, done, seed=0, width=1),
        made_trial(1, done, seed=1, width=1),
        made_trial(2, done, seed=0, width=1, depth=3),
        made_trial(3, done, seed=0, width=1),
        made_trial(4, done, seed=0, width=1, exploits=[changed]),
    ]
    assert same_training(trials[::-1]) == {3: 0}


def test_the_first_complete_one_stands_for_all():
    trials = [made_trial(number, [], state=state, seed=7) for number, state in enumerate(["failed", "complete"])]
    assert same_training(trials) == {0: 1}
    assert same_training(trials[:1] * 2) == {}


def test_one_training_is_one_finalist():
    spec = make_spec(objectives=("l1",))
    trials = [
        made_trial(number, [{"l1": l1}], finished="epochs", seed=0, width=width)
        for number, (l1, width) in enumerate([(0.1, 1), (0.1, 1), (0.3, 2)])
    ]
    assert [trial.number for trial in finalists(spec, trials, 2)] == [0, 2]


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "nsga3", "qmc", "random"])
def test_sampler_leaves_no_point_out_and_repeats_none_with_and_without_breaks(sampler: str, tmp_path: Path):
    spec = make_spec(sampler, space=MANY, search={"trials": 80})
    whole = run_trials(open_study(spec, tmp_path / "whole"), spec, tmp_path / "whole", 30)
    broken = []
    for num_trials in (13, 1, 9, 7):
        study = open_study(spec, tmp_path / "broken")
        assert not study.exhausted
        broken += run_trials(study, spec, tmp_path / "broken", num_trials)
    assert broken == whole
    assert len({tuple(point.items()) for point in whole}) == 30
    assert study.exhausted
    assert open_study(spec, tmp_path / "whole").exhausted


def test_what_is_left_open_is_filled_with_what_is_new(tmp_path: Path):
    study = open_study(make_spec(space=SIX), tmp_path)
    points = [study.ask({"loss.l1": 10.0})[1]["loss.adversarial"] for _ in range(2)]
    assert sorted(points) == ["bce", "lsgan"]
    number, _ = study.ask({"loss.l1": 10.0})  # nothing new is left of it
    assert study.twins(number)


def test_sweep_ends_when_the_space_has_no_more_points(tmp_path: Path):
    tables = []
    for name, lives in (("whole", ()), ("broken", (5, 12, 20))):
        folder = begin(tmp_path / name, space=SIX, pruning={"kind": "none"})
        for life in lives:
            Played(folder, slots=2).play(life)
        played = Played(folder, slots=2)
        played.play()
        played.conductor.tidy()
        assert played.conductor.over
        assert played.progress.notes[-1] == "every point of the space has a trial: none is left to propose"
        tables.append(played.table())
    assert tables[0] == tables[1]
    assert len(tables[0]) == 6


def enqueuing(folder: Path, *entries: dict[str, Any]) -> Path:
    return begin(folder, space=SIX, search=SPEC["search"] | {"trials": 2, "enqueue": list(entries)})


def test_entry_with_the_values_of_another_is_trained_once(tmp_path: Path):
    folder = enqueuing(tmp_path / "s", POINT, OTHER, POINT, {"loss.l1": 1.0})
    played = Played(folder)
    played.conductor.tidy()
    assert played.progress.notes == ["search.enqueue: entry 3 has the values of trial 0, and is not trained again"]
    played.play(3)
    again = Played(folder)
    again.play()
    again.conductor.tidy()
    assert again.progress.notes == []
    trials = read_sweep(folder).trials
    assert [trial.number for trial in trials] == [0, 1, 2, 3, 4]  # two of them the sampler's
    assert [trial.start.origin for trial in trials] == ["enqueued"] * 3 + ["sampled"] * 2


def test_entries_are_enqueued_once_whenever_the_driver_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where one is left out the numbers of the later ones say no more which entry they are of."""
    entries = [POINT, POINT, {"loss.l1": 1.0}, OTHER, POINT, {"loss.adversarial": "lsgan"}]
    whole = Played(enqueuing(tmp_path / "whole", *entries)).table()
    write, num_kept = TrialQueue._write, 0

    def die(queue: TrialQueue, start: TrialStart) -> Path:
        if start.number == num_kept:
            raise KeyboardInterrupt
        return write(queue, start)

    for num_kept in range(4):
        folder = enqueuing(tmp_path / str(num_kept), *entries)
        with monkeypatch.context() as dying:
            dying.setattr(TrialQueue, "_write", die)
            with pytest.raises(KeyboardInterrupt):
                Played(folder)
        played = Played(folder)
        assert played.conductor.queue.num_left == 4 + 2
        played.play()
        assert [row[1] for row in played.table()][:4] == [row[1] for row in whole]
    assert len(whole) == 4


def test_study_that_is_lost_drops_the_entry_anew(tmp_path: Path):
    folder = enqueuing(tmp_path / "s", POINT, OTHER, POINT)
    Played(folder)
    (folder / "study.journal").unlink()
    Played(folder).play()
    assert [trial.params for trial in read_sweep(folder).trials].count(POINT) == 1


def test_what_came_to_nothing_may_be_asked_for_again(tmp_path: Path):
    played = Played(begin(tmp_path / "s"))
    (number,) = played.start()
    queue = played.conductor.queue
    assert queue.enqueue(read_sweep(played.folder).trials[number].params, "again") == (0, False)
    played.conductor.settle(number, "pruned", "too slow")
    assert queue.enqueue(read_sweep(played.folder).trials[number].params, "again") == (1, True)
    assert queue.twin(1) == 0
