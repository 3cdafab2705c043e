"""`huetune sweep check`: the space and the plan in words, and what a trial costs."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from photos import Betons
from rich.console import Console
from typer.testing import CliRunner

from data.errors import HuetuneError
from search.errors import SweepError
from search.spec.check_command import check, check_sweep
from search.spec.cost import TrialCost, share_left
from search.spec.show import show_costs, size_in_words
from search.spec.space import parse_space
from search.spec.sweep_spec import SweepSpec, parse_spec

ROOT = Path(__file__).parents[1]


def sweep(train: Path = Path("nowhere.beton"), val: Path = Path("nowhere.beton"), **changes: Any) -> SweepSpec:
    return parse_spec(
        {
            "name": "small",
            "data": {"train": str(train), "val": str(val), "batch_size": 6},
            "objectives": {"l1": "min", "accuracy": "max"},
            "base": {
                "model": {"width": 0.125, "depth": 5},
                "loss": {"classification": 1.0},
                "evaluation": {"fid_images": 0},
                "epochs": 27,
            },
            "space": {
                "loss.adversarial": ["bce", "wgan-gp", "none"],
                "loss.critic_steps": {"fixed": 2, "when": {"loss.adversarial": "wgan-gp"}},
                "loss.l1": {"log": [1, 300]},
            },
            "search": {"trials": 10, "enqueue": [{"loss.l1": 50}]},
            **changes,
        }
    )


def printed(spec: SweepSpec, num_steps: int = 0) -> str:
    out = io.StringIO()
    check_sweep(spec, Path("no/such/sweep"), Console(file=out, width=200), num_steps)
    return out.getvalue()


def test_space_and_plan_are_told():
    text = printed(sweep(budget={"hours": 3, "target": {"l1": 0.1}, "stagnation": 20}))
    assert "loss.critic_steps │ 2                    │ loss.adversarial is wgan-gp" in text
    assert "small: continuous in 1 dimension, 3 combinations of choices" in text
    assert "data.train: no file nowhere.beton here yet" in text
    assert "trials: 10 by tpe, 1 enqueued" in text
    assert "pruning: pareto-asha, after 1, 3, 9 of 27 epochs" in text
    assert "budget: 3 hours, until l1 0.1, until 20 trials in a row improve nothing" in text


def test_data_are_told_where_they_are(betons: Betons):
    assert "data.val: 9 photos of 32 px, 3 classes" in printed(sweep(betons.train, betons.val))


def test_whatever_can_be_known_of_the_data_is_checked_without_training(betons: Betons):
    with pytest.raises(HuetuneError, match="batch_size"):
        printed(
            sweep(betons.train, betons.val, data={"train": str(betons.train), "val": str(betons.val), "batch_size": 99})
        )
    with pytest.raises(SweepError, match=r"search\.warm_start: no sweep 'other'"):
        printed(sweep(betons.train, betons.val, search={"trials": 2, "warm_start": ["other"]}))


def test_grid_says_how_much_of_it_is_tried():
    space = {"loss.l1": [1, 2, 3]}
    assert "trials: 2 by grid of its 3 points" in printed(sweep(space=space, search={"trials": 2, "sampler": "grid"}))


def test_size_in_words():
    assert size_in_words(parse_space({"a": [1, 2], "b": {"int": [1, 3], "when": {"a": 1}}})) == "4 points"
    assert size_in_words(parse_space({"a": 1})) == "1 point"
    assert size_in_words(parse_space({"a": [1, 2], "b": {"log": [1, 3]}, "c": {"uniform": [0, 1]}})) == (
        "continuous in 2 dimensions, 2 combinations of choices"
    )


def test_share_that_halving_leaves():
    # 27 trials: 27 epochs to the first rung, 9 trials 2 more, 3 trials 6 more, 1 trial 18 more: 81 of 729
    assert share_left((1, 3, 9), 3, 27) == pytest.approx(81 / 729)
    assert share_left((), 3, 27) == 1


def test_costs_are_set_against_the_budget():
    costs = [TrialCost("a", 0.1, 100.0, 2.0), TrialCost("b", 0.2, 200.0, 4.0)]
    resources = {"gpu": 0.5, "cpu": 1, "concurrent": 4}
    out = io.StringIO()
    spec = sweep(resources=resources, budget={"gpu_hours": 20, "hours": 1})
    show_costs(spec, costs, 33, "a CPU with 1 thread", Console(file=out, width=200))
    text = out.getvalue()
    assert "timed on this machine, a CPU with 1 thread" in text
    assert "the sweep: 11 trials, 22 to 44 h if none is pruned, 5.5 to 11 h with 4 at once" in text
    assert "with pruning at least 2.44 to 4.89 h: 11% of all epochs, if each rung lets exactly one trial in 3" in text
    assert "GPU-hours, with 0.5 of one a trial: 1.22 to 22" in text
    assert "the budget of 20 GPU-hours is perhaps enough" in text
    assert "the budget of 1 hours is perhaps enough" in text


@pytest.mark.slow
def test_steps_are_timed_on_real_photos_and_nothing_is_kept(betons: Betons):
    before = sorted(betons.train.parent.iterdir())
    text = printed(sweep(betons.train, betons.val), num_steps=1)
    for choice in ("bce", "wgan-gp", "none"):
        assert f"loss.adversarial={choice}" in text
    assert "a trial: " in text
    assert sorted(betons.train.parent.iterdir()) == before


@pytest.mark.slow
def test_times_add_up(betons: Betons):
    from data.manifest import check_quick
    from search.worker.estimate import timed_trials

    spec = sweep(betons.train, betons.val)
    manifests = {name: check_quick(path) for name, path in spec.data.files.items()}
    costs = timed_trials(spec, manifests, 1, Console(quiet=True))
    assert [cost.choices for cost in costs] == [f"loss.adversarial={kind}" for kind in ("bce", "wgan-gp", "none")]
    for cost in costs:
        assert cost.hours * 3600 == pytest.approx(27 * cost.seconds_per_epoch)
        assert cost.seconds_per_epoch > 4 * cost.seconds_per_step > 0  # 24 photos in batches of 6, then validation


def test_at_most_four_of_many_combinations_are_timed():
    from search.worker.estimate import spread

    depths = {"model.backbone": ["unet", "resnet18", "resnet34"], "model.skips": [True, False], "loss.l1": [1, 2]}
    chosen = spread(sweep(space=depths, search={"trials": 10}))
    assert len(chosen) == 4
    assert len({(config.model.backbone, config.model.skips) for config in chosen.values()}) == 4
    assert len(spread(sweep(space={"loss.l1": {"log": [1, 99]}}))) == 1


def test_command_takes_settings(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(sweep().model_dump(mode="json")))
    app = typer.Typer()
    app.command()(check)
    result = CliRunner().invoke(app, [str(path), "--steps", "0", "--set", "search.trials=7"])
    assert (result.exit_code, "trials: 7 by tpe" in result.output) == (0, True)


def test_without_steps_torch_stays_out(tmp_path: Path):
    question = (
        "import sys; from pathlib import Path; from rich.console import Console\n"
        "from search.spec.check_command import check_sweep\n"
        "from search.spec.sweep_spec import load_spec\n"
        "spec = load_spec(Path('search/sweeps/demo.yaml'), ['data.train=/no', 'data.val=/no'])\n"
        "check_sweep(spec, Path('no'), Console(), 0)\n"
        "print({'torch', 'ray'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert answer.stdout.splitlines()[-1:] == ["set()"], answer.stderr
