"""How long the records of a large sweep take to be read, ranked and reported, against peers that read the same.

    python tests/benchmarks/analysis.py [--trials 10000] [--evaluations 30] [--no-report]

The sweep is generated in the true format: 14 metrics and 22 other numbers in each evaluation, three files a trial, all
in the page cache. Each part runs in a process of its own, whose peak memory is given:
    bytes     the floor: all files opened and read, none looked into
    json      the same, and Python's json parses them
    ours      every trial validated and in memory; then ranked
    pandas    json.loads of each line of the evaluations, json_normalize of all of them: one flat table
    optuna    JournalStorage loads a study with as many trials, whose evaluations are in a user attribute: one file
    report    `huetune report` of all of it, reading included
Prints a table, and the same as JSON in the last line.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Figures = dict[str, float]
MIB = 2**20


class Laps:
    """Seconds by part of the work, and in the end the peak memory of the process."""

    def __init__(self) -> None:
        self.figures: Figures = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.figures[name], self._since = now - self._since, now

    def end(self) -> Figures:
        return self.figures | {"peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def written(folder: Path, arguments: argparse.Namespace) -> Figures:
    from generated_sweeps import write_generated_sweep

    laps = Laps()
    write_generated_sweep(folder, arguments.trials, arguments.evaluations)
    laps.lap("write")
    return laps.end() | {"MiB on the disk": sum(map(len, contents(folder))) / MIB}


def read_as_bytes(folder: Path, arguments: argparse.Namespace) -> Figures:
    laps = Laps()
    for _ in contents(folder):
        pass
    laps.lap("read")
    return laps.end()


def read_as_json(folder: Path, arguments: argparse.Namespace) -> Figures:
    laps = Laps()
    for content in contents(folder):
        for part in content.splitlines() if content.startswith(b'{"') else [content]:
            json.loads(part)
    laps.lap("read")
    return laps.end()


def ours(folder: Path, arguments: argparse.Namespace) -> Figures:
    from analysis.ranking.rank import rank
    from search.records import read_sweep

    laps = Laps()
    sweep = read_sweep(folder)
    laps.lap("read")
    ranking = rank(sweep)
    laps.lap("rank")
    assert len(sweep.trials) == arguments.trials
    assert not sweep.unreadable
    assert ranking.ranked
    return laps.end()


def with_pandas(folder: Path, arguments: argparse.Namespace) -> Figures:
    import pandas as pd

    laps = Laps()
    rows = []
    for file in sorted(folder.glob("trials/*/evaluations.jsonl")):
        with file.open("rb") as lines:
            rows += [json.loads(line) | {"trial": file.parent.name} for line in lines]
    table = pd.json_normalize(rows)
    laps.lap("read")
    assert len(table) == arguments.trials * arguments.evaluations
    return laps.end()


def journal_written(folder: Path, arguments: argparse.Namespace) -> Figures:
    import optuna
    from optuna.distributions import CategoricalDistribution

    from search.records import read_sweep

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    laps = Laps()
    trials = [
        optuna.trial.create_trial(
            values=[trial.evaluations[-1].metrics[name] for name in ("fid", "accuracy")],
            params=trial.params,
            distributions={path: CategoricalDistribution((value,)) for path, value in trial.params.items()},
            user_attrs={"evaluations": [one.model_dump(mode="json") for one in trial.evaluations]},
        )
        for trial in read_sweep(folder).trials
    ]
    study = optuna.create_study(study_name="sweep", storage=journal(folder), directions=["minimize", "maximize"])
    study.add_trials(trials)
    laps.lap("write")
    return laps.end()


def with_optuna(folder: Path, arguments: argparse.Namespace) -> Figures:
    import optuna

    laps = Laps()
    trials = optuna.load_study(study_name="sweep", storage=journal(folder)).get_trials(deepcopy=False)
    laps.lap("read")
    assert len(trials) == arguments.trials
    return laps.end()


def journal(folder: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(folder / "peer.journal")))


def reported(folder: Path, arguments: argparse.Namespace) -> Figures:
    from analysis.report.write import write_report

    laps = Laps()
    write_report(folder, folder / "report")
    laps.lap("report")
    return laps.end() | {"MiB of page": (folder / "report/report.html").stat().st_size / MIB}


def contents(folder: Path) -> Iterator[bytes]:
    for trial in sorted((folder / "trials").iterdir()):
        for file in trial.iterdir():
            yield file.read_bytes()


PARTS = {
    "written": written,
    "bytes": read_as_bytes,
    "json": read_as_json,
    "ours": ours,
    "pandas": with_pandas,
    "journal": journal_written,
    "optuna": with_optuna,
    "report": reported,
}
UNSEEN = ("written", "journal")
"""Parts that prepare others."""


def in_own_process(part: str, folder: Path, arguments: argparse.Namespace) -> Figures:
    size = ["--trials", str(arguments.trials), "--evaluations", str(arguments.evaluations)]
    command = [sys.executable, __file__, "--part", part, "--folder", str(folder), *size]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    figures: Figures = json.loads(run.stdout.splitlines()[-1])
    return figures


def show(figures: dict[str, Figures], arguments: argparse.Namespace) -> None:
    size, seconds = (figures["written"][name] for name in ("MiB on the disk", "write"))
    what = f"{arguments.trials} trials x {arguments.evaluations} evaluations on {os.cpu_count()} cores"
    title = f"{what}: {size:.0f} MiB, written in {seconds:.1f} s"
    table = Table("", "read, s", "rank, s", "it / ours", "peak MiB", "page, MiB", title=title)
    for part in PARTS:
        if part in UNSEEN or part not in figures:
            continue
        row = figures[part]
        texts = [f"{row[name]:.2f}" if name in row else "" for name in ("read", "rank")]
        ratio = f"{row['read'] / figures['ours']['read']:.2f}" if "read" in row and part != "ours" else ""
        page = f"{row['MiB of page']:.1f} in {row['report']:.1f} s" if "MiB of page" in row else ""
        table.add_row(part, *texts, ratio, f"{row['peak MiB']:.0f}", page)
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--evaluations", type=int, default=30)
    parser.add_argument("--no-report", action="store_true")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(PARTS[arguments.part](arguments.folder, arguments)))
        return
    with tempfile.TemporaryDirectory(prefix="huetune-analysis-") as scratch:
        parts = [part for part in PARTS if part != "report" or not arguments.no_report]
        figures = {part: in_own_process(part, Path(scratch) / "large", arguments) for part in parts}
    show(figures, arguments)
    print(json.dumps(figures))


if __name__ == "__main__":
    # In place of this folder, in which this file would pass for the package `analysis`.
    sys.path[0] = str(Path(__file__).parents[1])
    main()
