import csv
import json
import math
import shutil
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from recorded_sweeps import write_samples, write_sweep, write_trial
from typer import Typer
from typer.testing import CliRunner

from analysis.commands import report
from analysis.report.page import MAX_STRIPS
from analysis.report.write import ReportError
from analysis.report.write import write_report as write
from search.records import RecordsError
from search.storage import SweepNameError, sweep_folder

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
PARAMS = {"loss.l1": 12.5, "model.backbone": "unet"}
RED = (200, 0, 0)


def write_report(sweep: Path, out: Path) -> Path:
    """The page of a report."""
    write(sweep, out)
    return out / "report.html"


class Page(HTMLParser):
    """Elements, attributes and text of a page, scripts and styles apart."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.code: list[str] = []
        self.text = ""
        self._raw = False
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._raw = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        if self._raw:
            self.code.append(data)
        else:
            self.text += data

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    folder = write_sweep(tmp_path / "storage" / "multitask")
    for number, (fid, accuracy) in enumerate([(30.0, 0.6), (40.0, 0.9), (50.0, 0.5)]):
        trial = write_trial(folder, number, [{"fid": 99.0}, {"fid": fid, "accuracy": accuracy}], params=PARAMS)
        write_samples(trial, [RED])
    write_trial(folder, 3, [{"fid": 80.0, "accuracy": 0.2}], "pruned", "too slow", {"loss.gradient_penalty": 10})
    return folder


def test_the_page_needs_no_network(sweep: Path, tmp_path: Path):
    page = Page(write_report(sweep, tmp_path / "out"))

    addresses = page.attributes("src") + page.attributes("href")
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert not {"link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.elements}
    plotly, own = [code for code in page.code if "Plotly" in code and len(code) > 1e6], page.code
    assert len(plotly) == 1
    assert not any(
        loads in code for code in own if code not in plotly for loads in ("http", "url(", "@import", "import(")
    )
    assert "default-src 'none'" in page.attributes("content")[-1]


def test_the_page_shows_the_ranking(sweep: Path, tmp_path: Path):
    page = Page(write_report(sweep, tmp_path / "out"))

    assert page.attributes("data-key")[:5] == ["1", "0", "1", "30.0", "0.6"]
    for words in (
        "Trial 0 is ranked first of 3",
        "loss.l1",
        "12.5",
        "too slow",
        "huetune sweep run",
        "ab" * 32,
    ):
        assert words in page.text
    assert page.attributes("aria-sort") == ["ascending"]
    # Gray, truth and three trials of one photo.
    assert len([tag for tag, _ in page.elements if tag == "img"]) == 5


def test_text_of_users_never_becomes_markup(tmp_path: Path):
    folder = write_sweep(
        tmp_path / "sweep",
        {HOSTILE: "min", "accuracy": "max"},
        name=HOSTILE,
        command=HOSTILE,
        versions={HOSTILE: HOSTILE},
        spec={HOSTILE: HOSTILE, "seed": HOSTILE},
        data={"val": {"file": HOSTILE, "sha256": HOSTILE}, HOSTILE: {}},
    )
    write_trial(folder, 0, [{HOSTILE: 1.0, "accuracy": 0.5}], params={HOSTILE: HOSTILE})
    write_trial(folder, 1, [{HOSTILE: 1.0, "accuracy": 0.1}], params={HOSTILE: [HOSTILE]})
    write_trial(folder, 2, [{HOSTILE: 1.0}], "failed", HOSTILE)
    (folder / "trials" / "0003").mkdir()

    page = Page(write_report(folder, tmp_path / "out"))

    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert not page.attributes("onerror")
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 2
    assert page.text.count(HOSTILE) > 10
    for figure in map(json.loads, page.attributes("data-figure")):
        texts = [text for trace in figure["data"] for text in trace.get("hovertext", [])]
        assert not any("<img" in text or "<script" in text for text in texts)
        assert "<" not in figure["layout"]["yaxis"]["title"]["text"]


def test_the_csv_has_one_line_a_trial(sweep: Path, tmp_path: Path):
    write_report(sweep, tmp_path)

    rows = list(csv.DictReader((tmp_path / "ranking.csv").open(newline="")))

    assert [(row["place"], row["trial"], row["state"]) for row in rows] == [
        ("1", "0", "complete"),
        ("2", "1", "complete"),
        ("3", "2", "complete"),
        ("", "3", "pruned"),
    ]
    assert (rows[0]["metrics.fid"], rows[0]["position.accuracy"], rows[0]["params.loss.l1"]) == ("30.0", "2", "12.5")
    assert (rows[3]["reason"], rows[3]["params.loss.gradient_penalty"], rows[3]["params.loss.l1"]) == (
        "too slow",
        "10",
        "",
    )


def test_epochs_are_whole_or_parts(tmp_path: Path):
    folder = write_sweep(tmp_path / "x" / "halves")
    for number, count in enumerate((2, 3)):
        write_trial(folder, number, [{"fid": 9.0, "accuracy": 0.5}] * count, per_epoch=2)
    write_report(folder, tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out" / "ranking.csv").open()))
    assert {row["trial"]: row["epochs"] for row in rows} == {"0": "1", "1": "1.5"}
    assert 'data-key="1.5">1.5<' in (tmp_path / "out" / "report.html").read_text().replace("\n", "")


def test_the_json_is_strict_and_whole(sweep: Path, tmp_path: Path):
    write_trial(sweep, 4, [{"fid": math.nan, "accuracy": 0.5}], "diverged", params={"x": math.inf})

    write_report(sweep, tmp_path)
    content = json.loads((tmp_path / "ranking.json").read_text(), parse_constant=pytest.fail)

    assert [one["trial"] for one in content["ranked"]] == [0, 1, 2]
    assert content["ranked"][1]["positions"] == {"fid": 2, "accuracy": 1}
    assert content["unranked"][1]["final"]["metrics"]["fid"] == "NaN"
    assert content["sweep"]["objectives"] == {"fid": "min", "accuracy": "max"}


def test_the_same_records_give_the_same_report(sweep: Path, tmp_path: Path):
    first, second = (write_report(sweep, tmp_path / name) for name in ("one", "two"))

    assert first.read_bytes() == second.read_bytes()


def test_reports_a_sweep_that_has_barely_begun(tmp_path: Path):
    folder = write_sweep(tmp_path / "young")
    (folder / "trials" / "0000").mkdir(parents=True)

    page = Page(write_report(folder, tmp_path / "out"))

    assert "No trial has completed yet" in page.text
    assert "unreadable" in page.text


@pytest.mark.parametrize(("top", "num_shown"), [(2, MAX_STRIPS), (MAX_STRIPS + 1, MAX_STRIPS + 1)])
def test_photos_of_the_trials_that_are_shown_are_brought_and_no_others(top: int, num_shown: int, tmp_path: Path):
    folder = write_sweep(tmp_path / "many")
    for number in range(MAX_STRIPS + 2):
        write_trial(folder, number, [{"fid": 99.0 - number, "accuracy": 0.5}])
    asked: list[Path] = []

    def bring(files: Sequence[Path]) -> None:
        asked.extend(files)
        write_samples(files[0].parent, [RED])

    write(folder, tmp_path / "out", top, bring=bring)
    best_first = range(MAX_STRIPS + 1, MAX_STRIPS + 1 - num_shown, -1)
    assert asked == [folder / f"trials/{number:04d}/samples.png" for number in best_first]
    assert "data:image/webp" in (tmp_path / "out" / "report.html").read_text()


def test_damaged_and_missing_trials_are_named_in_every_form(sweep: Path, tmp_path: Path):
    folder = Path(shutil.copytree(sweep, tmp_path / "half"))
    shutil.rmtree(folder / "trials" / "0001")
    (folder / "trials" / "0002" / "state.json").write_text("{")
    evaluations = folder / "trials" / "0000" / "evaluations.jsonl"
    evaluations.write_bytes(evaluations.read_bytes()[:-9])

    page = Page(write_report(folder, tmp_path / "out"))

    markdown = (tmp_path / "out" / "ranking.md").read_text().replace("\\", "")
    content = json.loads((tmp_path / "out" / "ranking.json").read_text())
    torn = "evaluations.jsonl: its last line is cut off"
    assert content["unreadable"] == {
        "0001": "no folder: not copied, or deleted",
        "0002": "state.json: Invalid JSON: EOF while parsing an object",
    }
    assert content["notices"]["0000"].startswith(torn)
    for line in ("0001: no folder", "0002: state.json: Invalid JSON", f"0000: {torn}"):
        assert f"- {line}" in markdown
    for words in ("no folder", "state.json: Invalid JSON", f"complete, but {torn}"):
        assert words in page.text
    assert 0 not in [one["trial"] for one in content["ranked"]]


def test_says_where_it_cannot_write(sweep: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ReportError, match=r"cannot write the report to .*file"):
        write_report(sweep, tmp_path / "file")


@pytest.fixture
def app() -> Typer:
    app = Typer()
    app.command()(report)
    return app


def test_the_command_ends_with_the_path_alone(sweep: Path, app: Typer):
    result = CliRunner().invoke(app, ["multitask", "--storage", str(sweep.parent), "--top", "2"])

    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == str(sweep / "report" / "report.html")
    assert "Trial 0 is ranked first of 3" in result.output


def test_the_command_finds_the_storage_in_the_environment(sweep: Path, tmp_path: Path, app: Typer):
    result = CliRunner().invoke(app, ["multitask", "--out", str(tmp_path)], env={"HUETUNE_STORAGE": str(sweep.parent)})

    assert result.output.splitlines()[-1] == str(tmp_path / "report.html")


def test_an_unknown_sweep_is_named_with_the_known_ones(sweep: Path, tmp_path: Path):
    with pytest.raises(RecordsError, match=r"no sweep 'other' in .*; sweeps there: multitask"):
        write_report(sweep.parent / "other", tmp_path)


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "../a", "-x", "a b", "ä", "a\n", "a" * 101])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str):
    with pytest.raises(SweepNameError, match="cannot be a sweep's name"):
        sweep_folder(tmp_path, name)


def test_a_sweep_lives_under_its_name():
    assert sweep_folder(Path("~/sweeps"), "a.b_C-1") == Path.home() / "sweeps" / "a.b_C-1"
