"""What two sweeps that are compared do not share."""

from pathlib import Path
from typing import Any

import pytest
from recorded_sweeps import write_sweep
from seeded_sweeps import write_run
from trials_in_memory import sweep_of, trial_of

import analysis.report.page as page
from analysis.ranking.rank import rank
from analysis.report.section import Compared, Subject
from analysis.report.sections.comparison import beside_others, comparison_section
from analysis.report.unlike import unlike
from search.records import read_sweep

CONFIG: dict[str, Any] = {"seed": 0, "epochs": 30, "data": {"batch_size": 8}}
TRAIN = {"sha256": "cd" * 32, "file": "/data/places/train.beton", "num_samples": 6500}
VAL = {"sha256": "ab" * 32, "file": "/data/places/val.beton", "num_samples": 250, "size": 256, "fid_images": 250}


def sweep(*configs: dict[str, Any], train: dict[str, Any] = TRAIN, val: dict[str, Any] = VAL, **spec: Any) -> Compared:
    trials = [trial_of(n, {"fid": 9.0 - n, "accuracy": 0.5}, config=config) for n, config in enumerate(configs)]
    found = sweep_of(trials, data={"train": train, "val": val}, spec=spec)
    return Compared(found, rank(found))


def test_sweeps_that_are_alike_differ_in_nothing():
    one = sweep(CONFIG)
    moved = sweep(CONFIG, train=TRAIN | {"file": "/elsewhere/places/train.beton"})

    assert unlike(one, one) == {}
    assert unlike(one, moved) == {}


@pytest.mark.parametrize(
    ("other", "what", "ours", "theirs"),
    [
        (sweep(CONFIG | {"epochs": 15}), "training length", "30 epochs", "15 epochs"),
        (
            sweep(CONFIG | {"phases": [{"epochs": 2, "name": "frozen"}, {"epochs": 1}]}),
            "training length",
            "30 epochs",
            "2 epochs (frozen), then 1 epoch",
        ),
        (
            sweep(*(CONFIG | {"epochs": epochs, "width": n} for n, epochs in enumerate((5, 6, 7, 8, 8)))),
            "training length",
            "30 epochs",
            "8 epochs, 5 epochs, 6 epochs and 1 more",
        ),
        (sweep(CONFIG | {"seed": 1}), "seed of the trainings", "0", "1"),
        (sweep(CONFIG | {"data": {"batch_size": 16}}), "batch size", "8", "16"),
        (
            sweep(CONFIG | {"data": {"batch_size": 8, "image_size": 64}}),
            "side of the photos",
            "256 px",
            "64 px",
        ),
        (
            sweep(CONFIG, train=TRAIN | {"sha256": "ef" * 32}),
            "training photos",
            "places/train.beton, 6,500 photos, SHA-256 cdcdcdcd",
            "places/train.beton, 6,500 photos, SHA-256 efefefef",
        ),
        (sweep(CONFIG, val=VAL | {"fid_images": 100}), "N of FID, KID and LPIPS", "250", "100"),
    ],
)
def test_what_differs_is_said_with_both_values(other: Compared, what: str, ours: str, theirs: str):
    assert unlike(sweep(CONFIG), other) == {what: (ours, theirs)}


def test_a_sweep_without_ranked_trials_differs_in_its_photos_and_search_alone():
    one = sweep(CONFIG, search={"sampler": "tpe"}, pruning={"kind": "none"})
    empty = sweep(search={"sampler": "random"}, pruning={"kind": "none"})

    assert unlike(one, empty) == {"sampler": ("tpe", "random")}


def compared(tmp_path: Path, **val: Any) -> Subject:
    whole = {"sha256": "ab" * 32, "num_samples": 200, "fid_images": 150}
    folders = [write_sweep(tmp_path / "multi", {"accuracy": "max"}, val=whole)]
    folders.append(write_sweep(tmp_path / "single", {"accuracy": "max"}, val=whole | val))
    for folder, accuracy in zip(folders, (0.8, 0.7), strict=True):
        write_run(folder, 0, {"accuracy": accuracy}, {"epochs": int(100 * accuracy)})
    one, other = (Compared(found, rank(found)) for found in map(read_sweep, folders))
    return Subject(one.sweep, one.ranking, 5, (other,))


def test_the_section_says_what_differs_before_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "SECTIONS", (comparison_section,))

    html = page.render(compared(tmp_path))

    assert "multi and single differ in more than what they searched" in html
    row = "<tr><td>training length</td><td>80 epochs</td><td>70 epochs</td></tr>"
    assert html.index(row) < html.index("The best of each")


def test_a_sentence_tells_of_the_best_and_of_what_differs(tmp_path: Path):
    # 160 and 140 of 200: a difference of 10 points, whose interval by Newcombe's method is 1.6 to 18.3.
    assert beside_others(compared(tmp_path)) == [
        "multi against single, the best of each: in accuracy multi is better by 10.0 points (95 % interval 1.5 to 18.3 "
        "points) (one run each, trial 0 and trial 0); they differ in training length as well."
    ]


def test_a_sentence_says_why_values_do_not_compare(tmp_path: Path):
    (sentence,) = beside_others(compared(tmp_path, sha256="99" * 32))

    assert sentence == (
        "multi against single, the best of each: by accuracy they are not compared: single has other validation "
        "photos; they differ in training length and validation photos as well."
    )
