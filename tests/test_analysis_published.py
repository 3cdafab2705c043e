"""The papers' tables as data, and the trials that stand beside them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from recorded_sweeps import NOON, write_sweep, write_trial

from analysis.published import anjou_kolodziejczyk, bothin_norlin_reha, mu_lee, nampouri, saccaro
from analysis.published.recipe import differences, preset_of
from analysis.published.settings import settings
from analysis.published.table import Item, PublishedTable
from analysis.published.tables import TABLES
from analysis.ranking.rank import rank
from analysis.report.section import Section, Subject
from analysis.report.sections.published import TableWithOurs, published_section
from models.config.trial import TrialConfig
from models.evaluation import Evaluation
from search import records
from search.recording import write_evaluations, write_record
from search.records import TrialStart, read_sweep
from search.spec.overrides import merged, set_value
from search.spec.preset import preset, presets

DETAIL = "discriminator_error"


def recorded(name: str, **changes: Any) -> dict[str, Any]:
    """A preset as a trial's record has it, with changes by path, `__` for each dot."""
    config = merged(preset(name), {"data": {"train": "/d/sea/train.beton", "val": "/d/sea/val.beton"}})
    config |= {"start_from": "last.pt"} if name == "discriminator-finetune" else {}
    for path, value in changes.items():
        config = set_value(config, path.replace("__", "."), value)
    return TrialConfig.model_validate(config).model_dump(mode="json")


def add(sweep: Path, number: int, metrics: Mapping[str, float], config: dict[str, Any], **start: Any) -> Path:
    folder = write_trial(sweep, number, [metrics])
    config = config | {"seed": number}
    write_record(folder, TrialStart(number=number, params={}, config=config, created=NOON, **start))
    return folder


def section(sweep: Path, top: int = 5) -> Section | None:
    found = read_sweep(sweep)
    return published_section(Subject(found, rank(found), top))


def only_table(sweep: Path, top: int = 5) -> TableWithOurs:
    made = section(sweep, top)
    assert made is not None
    (table,) = made.content["tables"]
    return table


def column(table: PublishedTable, index: int) -> list[float]:
    return [row.values[index] for row in table.rows]


def test_every_table_is_whole():
    for table in TABLES:
        for row in table.rows:
            assert len(row.values) == len(table.columns)
            assert len(row.labels) == len(table.label_headings)
    assert sorted(name for table in TABLES for name in table.presets) == sorted(presets())


# What the papers print, column by column, typed from their text a second time.
def test_the_values_of_anjou_and_kolodziejczyk():
    assert column(anjou_kolodziejczyk.TABLE, 0) == [96.4, 98.0, 84.8, 81.6]
    assert column(anjou_kolodziejczyk.TABLE, 1) == [10.9, 11.1, 13.3, 11.6]


def test_the_values_of_saccaro():
    assert column(saccaro.TABLE, 0) == [1.506, 1.217, 2.593, 2.357]
    assert column(saccaro.TABLE, 1) == [0.893, 0.911, 0.934, 0.934]
    assert column(saccaro.TABLE, 2) == [26.360, 27.324, 27.734, 27.666]
    assert column(saccaro.TABLE, 3) == [0.098, 0.076, 0.073, 0.073]
    # 238,136 photos, 162 of them gray.
    assert 202_278 + 11_899 + 23_797 == 238_136 - 162
    assert saccaro.TABLE.protocol[Item.NUM_COSTLY] == "23,797"


def test_the_values_of_bothin_norlin_and_reha():
    assert column(bothin_norlin_reha.TABLE, 0) == [100, 90.9, 88.5, 90.4, 91.9, 85.2, 84.0]
    assert column(bothin_norlin_reha.TABLE, 1) == [100, 74.2, 77.6, 74.0, 77.8, 79.5, 81.3]
    assert column(bothin_norlin_reha.TABLE, 2) == [72.3, 69.3, 58.0, 70.8, 73.0, 73.0, 72.0]


def test_the_values_of_nampouri_and_of_mu_and_lee():
    assert {row.presets: row.values for row in nampouri.TABLE.rows} == {
        ("cgan-unet",): (0.0917,),
        ("cgan-resnet18",): (0.0945,),
    }
    assert column(mu_lee.TABLE, 0) == [2.8]
    assert mu_lee.TABLE.columns[0].measure == DETAIL


@pytest.mark.parametrize("name", presets())
def test_a_trial_of_each_preset_is_known_by_its_configuration(tmp_path: Path, name: str):
    folder = write_sweep(tmp_path / "s", {"l1": "min"})
    add(folder, 0, {"l1": 0.1}, recorded(name))
    sweep = read_sweep(folder)

    assert preset_of(sweep.trials[0], sweep) == name
    assert differences(sweep.trials[0], name) == ()


def test_what_is_never_read_may_differ_and_scale_is_told(tmp_path: Path):
    folder = write_sweep(tmp_path / "s", {"l1": "min"})
    add(folder, 0, {"l1": 0.1}, recorded("cgan-unet", loss__gradient_penalty=3.0, seed=7, evaluation__fid_images=64))
    add(folder, 1, {"l1": 0.1}, recorded("cgan-unet", epochs=20, data__batch_size=32))
    add(folder, 2, {"l1": 0.1}, recorded("cgan-unet", loss__l1=99.0))
    add(folder, 3, {"l1": 0.1}, recorded("bins-l2", phases__0__steps=10))
    add(folder, 4, {"l1": 0.1}, recorded("bins-l2", phases__0__learning_rates={"encoder": 1e-5}))
    sweep = read_sweep(folder)

    assert [preset_of(trial, sweep) for trial in sweep.trials] == ["cgan-unet", "cgan-unet", None, "bins-l2", None]
    assert differences(sweep.trials[0], "cgan-unet") == ()
    assert differences(sweep.trials[1], "cgan-unet") == ("data.batch_size 32 instead of 16", "epochs 20 instead of 300")
    assert differences(sweep.trials[3], "bins-l2") == ("phases.0.steps 10 instead of 15000",)
    assert differences(sweep.trials[4], "bins-l2") == (
        "phases.0.learning_rates none instead of {}",
        "phases.0.learning_rates.encoder 1e-05 instead of none",
    )


def test_settings_know_the_defaults_of_a_partial_configuration():
    found = settings({"loss": {"l1": 3}, "phases": [{"epochs": 2}]})

    assert found["loss.l1"] == 3
    assert found["loss.gradient_penalty"] == 10
    assert (found["phases.0.epochs"], found["phases.0.trains"]) == (2, ["generator", "discriminator"])


def test_an_enqueued_preset_is_known_by_its_place_and_its_differences_are_told(tmp_path: Path):
    spec = {"search": {"enqueue": [{"loss.l1": 3}, "cgan-unet"]}}
    folder = write_sweep(tmp_path / "s", {"l1": "min"}, spec=spec)
    small = recorded("cgan-unet", model__width=0.25)
    add(folder, 0, {"l1": 0.2}, small, origin="enqueued")
    add(folder, 1, {"l1": 0.1}, small, origin="enqueued")
    add(folder, 2, {"l1": 0.3}, small)

    (ours,) = only_table(folder).ours

    assert (ours.trial.number, ours.preset) == (1, "cgan-unet")
    assert ours.differences == ("model.width 0.25 instead of 1",)


def test_ours_stand_below_all_rows_of_their_preset(tmp_path: Path):
    folder = write_sweep(tmp_path / "s")
    add(folder, 0, {"fid": 30.0, "accuracy": 0.5, "ssim": 0.91234, "psnr": 27.0}, recorded("unet-wgan-l2-class"))

    table = only_table(folder)

    assert [[one.trial.number for one in row.ours] for row in table.rows] == [[], [], [], [0]]
    assert table.rows[1].cells == ("1.217", "0.911", "27.324", "0.076")
    (row,) = table.ours[0].rows
    assert row.cells == ("30.000", "0.912", "27.000", "–")


def test_a_classifier_and_a_colorizer_share_a_row(tmp_path: Path):
    folder = write_sweep(tmp_path / "s", {"accuracy": "max"})
    add(folder, 0, {"accuracy": 0.8125}, recorded("singletask-classifier-resnet18"))

    table = only_table(folder)

    assert [len(row.ours) for row in table.rows] == [0, 0, 1, 0]
    assert table.ours[0].rows[0].cells == ("81.2", "–")


def test_repeats_are_rows_of_their_own_with_mean_and_deviation(tmp_path: Path):
    folder = write_sweep(tmp_path / "s")
    config = recorded("multitask-resnet18")
    add(folder, 0, {"fid": 9.0, "accuracy": 0.9, "l1": 0.1}, config)
    tested = records.Tested(
        metrics={"accuracy": 0.7, "l1": 0.12}, file="t", sha256="a", num_photos=1500, num_labelled=9, num_costly=9
    )
    for number, accuracy in ((1, 0.8), (2, 0.84)):
        trial = add(folder, number, {"fid": 9.0, "accuracy": accuracy, "l1": 0.1}, config, origin="repeat", repeat_of=0)
        write_record(trial, tested)

    rows = {row.what: row.cells for row in only_table(folder).ours[0].rows}

    # sd of 80 and 84: 4 / sqrt(2)
    assert rows == {
        "trial 0": ("90.0", "10.0"),
        "trial 0 again with 2 other seeds, mean ± sd": ("82.0 ± 2.8", "10.0 ± 0.0"),
        "trial 0 again with 2 other seeds, mean ± sd, on 1,500 test photos": ("70.0 ± 0.0", "12.0 ± 0.0"),
    }


def test_the_protocols_stand_side_by_side(tmp_path: Path):
    data = {
        "train": {"file": "/d/sea/train.beton", "num_samples": 6500, "classes": list("abcde")},
        "val": {"file": "/d/sea/val.beton", "num_samples": 250},
    }
    folder = write_sweep(tmp_path / "s", data=data)
    add(folder, 0, {"fid": 9.0, "accuracy": 0.5}, recorded("multitask-resnet18"))
    add(folder, 1, {"fid": 9.5, "accuracy": 0.5}, recorded("multitask-resnet18", phases__1__epochs=3))

    protocol = only_table(folder).protocol

    assert protocol[Item.TRAINED_ON][1] == "sea/train.beton, 6,500 photos, 5 classes"
    assert protocol[Item.MEASURED_ON][1] == "sea/val.beton, 250 photos"
    assert protocol[Item.BATCH] == ("16 photos", "16 photos")
    lengths = [f"30 epochs (frozen), then {epochs} epochs (unfrozen)" for epochs in (15, 3)]
    assert protocol[Item.LENGTH] == (lengths[0], "; or ".join(lengths))


def test_only_so_many_are_shown(tmp_path: Path):
    folder = write_sweep(tmp_path / "s")
    for number in range(4):
        add(folder, number, {"fid": 9.0 - number, "accuracy": 0.5 + 0.1 * number}, recorded("multitask-resnet18"))

    table = only_table(folder, top=2)

    assert [one.trial.number for one in table.ours] == [3, 2]
    assert table.num_left_out == 2


def test_without_a_trial_by_a_recipe_there_is_no_section(tmp_path: Path):
    folder = write_sweep(tmp_path / "s")
    write_trial(folder, 0, [{"fid": 9.0, "accuracy": 0.5}])

    assert section(folder) is None


def test_the_error_of_a_discriminator_is_that_of_its_own_phase(tmp_path: Path):
    folder = write_sweep(tmp_path / "s", {"fid": "min"})
    trial = add(folder, 0, {"fid": 9.0}, recorded("discriminator-finetune"))
    phases = (("discriminator", 0.1), ("discriminator", 0.0312), ("hardest", 0.4))
    evaluations = [
        Evaluation(epoch=n, step=n, seconds=n, phase=phase, metrics={"fid": 9}, details={DETAIL: error})
        for n, (phase, error) in enumerate(phases, start=1)
    ]
    write_evaluations(trial, [*evaluations[:2], evaluations[2].model_copy(update={"finished": "epochs"})])

    assert only_table(folder).ours[0].rows[0].cells == ("3.1",)
