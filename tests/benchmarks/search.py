"""How well a sweep searches, and what it costs beside its training.

    python tests/benchmarks/search.py epochs [--seeds 20] [--colour l1] [--grace 3] [--workers 4]
    python tests/benchmarks/search.py overhead [--trials 400]
    python tests/benchmarks/search.py resume [--trials 1000]

epochs      epochs of training until the complete trials dominate 95 % of the hypervolume that all recorded
            configurations dominate, and the share of it after some numbers of epochs: mean ± standard error over the
            seeds. On the table of real learning curves beside this file; see simulation.py for the rules. A sweep
            ends when every configuration has been tried; one that has not got there by then, having pruned too many
            of the best, counts with all epochs of the table. The reference point is 10 % of the front's extent
            behind its worst values.
overhead    wall time of trials of 10 reports that train nothing, on 2 slots, against bare Ray Tune with Optuna's and
            its own ASHA, each in a process of its own; see overhead.py. Starting Ray is left out, starting workers not.
resume      seconds from records on the disk to the next trial.
Each prints a table, and the same as JSON in the last line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table


def epochs(arguments: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.curves import read_table
    from benchmarks.epochs import compare, methods, summary

    origin, curves = read_table()
    rows = {}
    sweeps = compare(origin, curves, arguments.colour, arguments.grace, arguments.seeds, arguments.workers)
    names = methods(arguments.colour)
    for method, found in track(sweeps, "searching", len(names), disable=not sys.stdout.isatty()):
        rows[method] = dict(summary(found, len(curves) * origin.num_epochs))
    show(
        f"{arguments.colour} and accuracy, grace {arguments.grace}, {arguments.seeds} seeds: "
        f"{len(curves)} configurations of {origin.num_epochs} epochs",
        rows,
    )
    return rows


def overhead(arguments: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.idle_trials import NUM_REPORTS
    from benchmarks.overhead import SIDES

    figures = {side: in_own_process("side", side, arguments.trials) for side in SIDES}
    num_reports = arguments.trials * NUM_REPORTS
    rows = {
        side: {
            "seconds": f"{values['seconds']:.1f}",
            "ms a report": f"{1000 * values['seconds'] / num_reports:.2f}",
            "driver's CPU seconds": f"{values[CPU]:.1f}",
            "ours / it": f"{figures['ours']['seconds'] / values['seconds']:.2f}",
        }
        for side, values in figures.items()
    }
    show(f"{arguments.trials} trials of {NUM_REPORTS} reports on {os.cpu_count()} cores", rows)
    return figures


def side(arguments: argparse.Namespace) -> dict[str, float]:
    from benchmarks.overhead import SIDES

    return SIDES[arguments.name](arguments.trials)


def resume(arguments: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="huetune-resume-") as name:
        folder = Path(name) / "overhead"
        made = in_own_process("made", folder, arguments.trials)
        laps = in_own_process("resumed", folder, arguments.trials)
    rows = {part: {"seconds": f"{seconds:.2f}"} for part, seconds in (laps | {"all": sum(laps.values())}).items()}
    show(f"going on with a sweep of {arguments.trials} trials", rows)
    return {"resume": laps, "the trials themselves, without Ray": made}


def made(arguments: argparse.Namespace) -> dict[str, float]:
    from benchmarks.overhead import without_ray

    return without_ray(Path(arguments.name), arguments.trials)


def resumed(arguments: argparse.Namespace) -> dict[str, float]:
    from benchmarks import overhead

    return overhead.resume(Path(arguments.name))


CPU = "driver's CPU seconds"
COMMANDS = {"epochs": epochs, "overhead": overhead, "resume": resume}
PARTS = {"side": side, "made": made, "resumed": resumed}
"""Parts of the commands, in processes of their own."""


def in_own_process(part: str, name: object, num_trials: int) -> dict[str, float]:
    command = [sys.executable, __file__, part, "--name", str(name), "--trials", str(num_trials)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    figures: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return figures


def show(title: str, rows: dict[str, dict[str, str]]) -> None:
    columns = next(iter(rows.values()))
    table = Table("", *columns, title=title)
    for name, row in rows.items():
        table.add_row(name, *row.values())
    Console(width=140).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=[*COMMANDS, *PARTS], metavar="|".join(COMMANDS))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4, help="trials at once")
    parser.add_argument("--colour", default="l1", help="the recorded metric that is an objective beside accuracy")
    parser.add_argument("--grace", type=int, default=3, help="epochs before the first rung")
    parser.add_argument("--trials", type=int, help="400 for overhead, 1000 for resume, unless given")
    parser.add_argument("--name", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.trials is None:
        arguments.trials = 1000 if arguments.command == "resume" else 400
    print(json.dumps((COMMANDS | PARTS)[arguments.command](arguments)))


if __name__ == "__main__":
    # In place of this folder, in which this file would pass for the package `search`.
    sys.path[0] = str(Path(__file__).parents[1])
    main()
