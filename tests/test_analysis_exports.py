"""The ranking as CSV, JSON, Markdown and LaTeX."""

import csv
import json
import math
import re
from pathlib import Path

import pytest
from recorded_sweeps import NOON, write_sweep, write_trial

from analysis.ranking.rank import rank
from analysis.ranking.rule import Rule
from analysis.report.exports import ranking_csv, ranking_json, ranking_latex, ranking_markdown
from analysis.report.section import Subject
from analysis.report.write import write_report
from search import records
from search.recording import write_record
from search.records import TrialStart, read_sweep

HOSTILE = "a|b\n\n# x `y` <b> [z](u) $m$ \\input{f} 50% & #1 {_^~} --\x07"


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    folder = write_sweep(tmp_path / "storage" / "multi_task")
    for number, (fid, accuracy) in enumerate([(30.0, 0.6), (40.0, 0.9), (50.0, 0.5)]):
        params = {"loss.l1": 10.0 * number, "model.backbone": "unet", "optimizer.generator_lr": 2e-4}
        write_trial(folder, number, [{"fid": 9.0}, {"fid": fid, "accuracy": accuracy}], params=params)
    write_trial(folder, 3, [{"fid": 80.0, "accuracy": 0.2}], "pruned", "too slow")
    return folder


def repeat(sweep: Path, number: int, of: int, fid: float, test_fid: float) -> None:
    trial = write_trial(sweep, number, [{"fid": fid, "accuracy": 0.5}])
    config = {"seed": number}
    write_record(
        trial, TrialStart(number=number, params={}, config=config, created=NOON, origin="repeat", repeat_of=of)
    )
    metrics = {"fid": test_fid, "accuracy": 0.4}
    found = records.Tested(
        metrics=metrics, file="t.beton", sha256="ef" * 32, num_photos=99, num_labelled=9, num_costly=64
    )
    write_record(trial, found)


def subject(sweep: Path, top: int = 5, rule: str = "pareto") -> Subject:
    found = read_sweep(sweep)
    return Subject(found, rank(found, Rule.parse(rule)), top)


def markdown_rows(text: str) -> list[list[str]]:
    """The cells of every table line but the rules, by GitHub's own reading: a bar ends a cell unless escaped."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| --")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def latex_rows(text: str) -> list[list[str]]:
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
    lines = [line.strip().removesuffix(r" \\") for line in body.splitlines() if line.endswith(r"\\")]
    return [re.split(r" (?<!\\)& ", line) for line in lines]


def test_markdown_has_the_best_the_front_and_the_command(sweep: Path):
    text = ranking_markdown(subject(sweep, top=2))

    rows = markdown_rows(text)[:3]
    assert [row[:3] for row in rows] == [[r"\#", "Trial", "Front"], ["1", "0", "1"], ["2", "1", "1"]]
    assert [row[3:] for row in rows] == [
        [
            "FID (N = 150) ↓",
            "accuracy ↑",
            "loss.l1",
            "model.backbone",
            r"optimizer.generator\_lr",
            "Epochs",
            "Time",
        ],
        ["30.00", "60.0 %", "0", "unet", "0.0002", "2", "60 s"],
        ["40.00", "90.0 %", "10", "unet", "0.0002", "2", "60 s"],
    ]
    assert text.startswith("# multi\\_task\n\nTrial 0 ")
    assert text[text.index("## Pareto front") :].count("\n| ") == 4
    assert "They are ordered by Pareto front, then FID, then accuracy, then trial number." in text
    assert "SHA-256 abababababab" in text
    assert text.endswith("```\nhuetune sweep run spec.yaml\n```\n")


def test_latex_is_a_booktabs_table_of_what_varies(sweep: Path):
    text = ranking_latex(subject(sweep))

    rows = latex_rows(text)
    assert rows[0][:3] == [r"\#", "Trial", "Front"]
    assert rows[0][3:] == [r"FID (N = 150) $\downarrow$", r"accuracy $\uparrow$", "l1", "Epochs", "Time"]
    assert rows[1] == ["1", "0", "1", "30.00", r"60.0 \%", "0", "2", "60 s"]
    assert {len(row) for row in rows} == {8}
    assert r"\begin{tabular}{rrrrrlrr}" in text
    assert r"multi\_task" in text
    assert r"\label{tab:multi-task}" in text
    assert [text.count(rf"\{word}") for word in ("toprule", "midrule", "bottomrule")] == [1, 1, 1]


def test_repeats_stand_beside_the_value_that_they_repeat(sweep: Path):
    for number, fid, test_fid in ((4, 33.0, 41.0), (5, 35.0, 43.0)):
        repeat(sweep, number, 0, fid, test_fid)

    text = ranking_markdown(subject(sweep))

    heading, first, second, *_ = markdown_rows(text)
    cells = dict(zip(heading, first, strict=True))
    # sd of 33 and 35, and of 41 and 43: sqrt(2)
    assert cells["FID, new seeds ↓"] == "34.00 ± 1.4 (2)"
    assert cells["FID, test photos ↓"] == "42.00 ± 1.4 (2)"
    assert cells["accuracy, test photos ↑"] == "40.0 ± 0.0 % (2)"
    assert dict(zip(heading, second, strict=True))["FID, new seeds ↓"] == ""
    assert "Test photos: t.beton, 99 photos, SHA-256 efefefefefef, N of FID 64" in text
    assert r"34.00 $\pm$ 1.4 (2)" in ranking_latex(subject(sweep))
    assert "over runs of the same configuration with other seeds" in ranking_latex(subject(sweep))


def test_csv_and_json_have_repeats_and_the_rule(sweep: Path):
    repeat(sweep, 4, 0, 33.0, 41.0)
    about = subject(sweep, rule="accuracy")

    rows = list(csv.DictReader(ranking_csv(about.ranking).splitlines()))
    content = json.loads(ranking_json(about.sweep, about.ranking))

    assert [(row["place"], row["trial"], row["repeat_of"]) for row in rows] == [
        ("1", "1", ""),
        ("2", "0", ""),
        ("3", "2", ""),
        ("", "3", ""),
        ("", "4", "0"),
    ]
    assert (rows[4]["metrics.fid"], rows[4]["tested.fid"]) == ("33.0", "41.0")
    assert content["rule"]["counts"] == "last"
    assert "ordered by" in content["rule"]["statement"]
    assert content["ranked"][0]["counted"]["metrics"] == {"fid": 40.0, "accuracy": 0.9}
    assert [one["trial"] for one in content["repeats"]["0"]] == [4]
    assert content["repeats"]["0"][0]["tested"]["num_photos"] == 99


def hostile(tmp_path: Path) -> Subject:
    folder = write_sweep(tmp_path / "s", {HOSTILE: "min", "accuracy": "max"}, name=HOSTILE, command="a ```` b")
    for number in (0, 1):
        params = {HOSTILE: f"{HOSTILE}{number}"}
        write_trial(folder, number, [{HOSTILE: 1.0 + number, "accuracy": 0.5}], params=params)
    return subject(folder)


def test_text_of_users_is_no_markdown(tmp_path: Path):
    text = ranking_markdown(hostile(tmp_path))

    assert {len(row) for row in markdown_rows(text)[:3]} == {8}
    assert [line for line in text.splitlines() if line.startswith("#")][1:] == [
        "## Ranking",
        "## Pareto front",
        "## How it was measured",
        "## To reproduce",
    ]
    prose = text[: text.index("## To reproduce")]
    assert not re.search(r"(?<!\\)[`<\[$&]", prose)
    assert "\x07" not in text
    assert text.endswith("`````\na ```` b\n`````\n")


def test_text_of_users_is_no_latex(tmp_path: Path):
    text = ranking_latex(hostile(tmp_path))

    assert {len(row) for row in latex_rows(text)} == {8}
    of_ours = text.partition("\n")[2].replace(r"\width>\linewidth", "").replace("{!}{%", "{!}{")
    bare = re.sub(r"\\[{}$&#_%\\]", "", of_ours)  # the first line was a comment
    assert bare.count("{") == bare.count("}")
    assert not re.search('[#~^<>|%\x07`"_]', bare)
    assert r"\input" not in bare.replace(r"\textbackslash{}input", "")
    assert "--" not in bare


def test_without_a_ranked_trial_the_table_is_a_comment(tmp_path: Path):
    young = subject(write_sweep(tmp_path / "young"))

    assert all(line.startswith("%") for line in ranking_latex(young).splitlines())
    assert "No trial has completed yet, so nothing is ranked." in ranking_markdown(young)


def test_a_report_is_five_files_and_the_same_again(sweep: Path, tmp_path: Path):
    for name in ("one", "two"):
        write_report(sweep, tmp_path / name)

    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["ranking.csv", "ranking.json", "ranking.md", "ranking.tex", "report.html"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_rule_decides_the_order_in_every_file(sweep: Path, tmp_path: Path):
    write_report(sweep, tmp_path, rule=Rule.parse("accuracy"))

    assert [row[1] for row in markdown_rows((tmp_path / "ranking.md").read_text())[1:4]] == ["1", "0", "2"]
    assert latex_rows((tmp_path / "ranking.tex").read_text())[1][1] == "1"


def test_a_row_of_the_csv_is_of_one_stated_evaluation(tmp_path: Path):
    folder = write_sweep(tmp_path / "s", {"l1": "min"})  # which early stopping watches, so best-joint goes by it
    write_trial(folder, 0, [{"l1": 0.4, "psnr": 8.0}, {"l1": 0.1}, {"l1": 0.2, "psnr": 7.0, "fid": 9.0}])
    write_trial(folder, 1, [{"l1": 0.3, "psnr": 6.0}], "pruned", "behind")
    found = read_sweep(folder)

    def values(counts: str) -> list[list[str]]:
        names = ("evaluation", "epoch", "metrics.l1", "metrics.psnr", "metrics.fid", "epochs", "seconds")
        rows = csv.DictReader(ranking_csv(rank(found, Rule.parse("pareto", counts))).splitlines())
        return [[row.get(name, "") for name in names] for row in rows]

    pruned = ["last", "1", "0.3", "6.0", "", "1", "30.0"]
    assert values("last") == [["last", "3", "0.2", "7.0", "9.0", "3", "90.0"], pruned]
    assert values("best") == [["best", "", "0.1", "8.0", "9.0", "3", "90.0"], pruned]
    assert values("best-joint") == [["best-joint", "2", "0.1", "", "", "3", "90.0"], pruned]


def test_markdown_says_when_another_evaluation_than_the_last_counts(tmp_path: Path):
    folder = write_sweep(tmp_path / "s", {"l1": "min"})
    write_trial(folder, 0, [{"l1": 0.1}, {"l1": 0.2}])
    found = read_sweep(folder)

    text = ranking_markdown(Subject(found, rank(found, Rule.parse("pareto", "best-joint")), 5))

    heading, row = markdown_rows(text)[:2]
    assert heading[2:] == ["L1 ↓", "Counted at epoch", "Epochs", "Time"]
    assert row[2:] == ["0.1000", "1", "2", "60 s"]


def test_json_writes_numbers_that_it_does_not_have_as_the_records_do(tmp_path: Path):
    folder = write_sweep(tmp_path / "s")
    metrics = {"fid": math.nan, "accuracy": math.inf, "l1": -math.inf}
    write_trial(folder, 0, [metrics], "diverged")
    found = read_sweep(folder)

    content = json.loads(ranking_json(found, rank(found)), parse_constant=pytest.fail)

    (one,) = content["unranked"]
    assert one["final"]["metrics"] == {"fid": "NaN", "accuracy": "Infinity", "l1": "-Infinity"}
    assert '"fid":"NaN"' in (folder / "trials/0000/evaluations.jsonl").read_text()
