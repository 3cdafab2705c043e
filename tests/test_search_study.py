"""What the sampler is told of trials."""

from pathlib import Path

import optuna
import pytest
from recorded_sweeps import write_sweep, write_trial

from search.records import read_trial, trial_folder
from search.sampling.study import SweepStudy
from search.spec.sweep_spec import parse_spec


@pytest.mark.parametrize(("metrics", "state"), [({"l1": 1.0, "accuracy": 0.5}, "COMPLETE"), ({"l1": 1.0}, "FAIL")])
def test_trial_without_an_objective_counts_as_failed(metrics: dict[str, float], state: str, tmp_path: Path):
    content = {"name": "s", "data": {"train": "t", "val": "v"}, "objectives": {"l1": "min", "accuracy": "max"}}
    base = {"loss": {"classification": 1.0}}
    spec = parse_spec(content | {"base": base, "space": {"loss.l1": {"log": [1, 300]}}, "search": {"trials": 2}})
    folder = write_sweep(tmp_path / "s")
    study = SweepStudy(spec, folder)
    number, _ = study.ask()
    write_trial(folder, number, [metrics])
    study.tell(read_trial(trial_folder(folder, number)))
    (told,) = study._study.get_trials()
    assert told.state == optuna.trial.TrialState[state]
