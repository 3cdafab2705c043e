"""Steps a second of trials side by side on one device: what `resources: {gpu: auto}` measures, beyond what it chooses.

    python tests/benchmarks/packing.py SPEC.yaml [--set base.model.width=0.5] [--copies 1 2 3 4 6 8] [--seconds 30]

The base configuration of the sweep file, on its photos, each copy a process with its share of the GPU's memory, as
trials have it; without a GPU they share the cores. Prints a table, and the same as JSON in the last line.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from search.packing.copies import side_by_side
from search.packing.on_node import base_trial
from search.packing.show import gib
from search.records import PackingLevel
from search.spec.sweep_spec import load_spec


def main() -> None:
    given = _arguments()
    spec = load_spec(given.spec, given.settings)
    console, levels = Console(), []
    for copies in given.copies:
        on_gpu = torch.cuda.is_available()
        level = side_by_side(copies, base_trial(spec), spec.resources.cpu, given.seconds, on_gpu=on_gpu)
        if level is None:
            console.print(f"{copies} do not fit")
            break
        levels.append(level)
    console.print(_table(levels))
    print(json.dumps([level.model_dump() for level in levels]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", type=Path)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=30.0)
    return parser.parse_args()


def _table(levels: list[PackingLevel]) -> Table:
    table = Table("trials", "steps/s of the slowest", "together", "times the first row", "memory each")
    for level in levels:
        times = level.together / levels[0].together
        rates = (f"{value:.3g}" for value in (min(level.steps_per_s), level.together, times))
        table.add_row(str(level.copies), *rates, gib(level.peak_bytes))
    return table


if __name__ == "__main__":
    main()
