"""Break a sweep again and again, go on with it each time, and see that nothing was lost.

    python tests/benchmarks/chaos.py [--kills 20] [--seed 0] [--folder FOLDER]

By turns the driver is killed (SIGKILL), a worker, everything at once, and everything after its folder has been copied
while it was being written to: what a loss of power leaves behind. The copy is gone on with too. Once Ray's GCS alone is
killed. Moments are drawn at random: while the sweep starts, or soon after some evaluation. Afterwards:

    every evaluation that was ever seen on the disk is still there, and the same to the last bit
    a trial that had ended stays as it was; none was repeated, and each epoch is there once
    parameters, states, reasons, metrics and front are those of a sweep that nobody disturbed

One trial at a time on the CPU, or their order, and with it the sampler's choice, would depend on their speed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table


def main() -> None:
    from benchmarks.arena import chaos, make_betons

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="to work in, and to leave everything in; none: a temporary one")
    arguments = parser.parse_args()
    console, began = Console(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="huetune-chaos-") as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        counts = chaos(make_betons(folder), folder, arguments.kills, arguments.seed, console.print)
    table = Table("what", "count", title="All promises were kept")
    for name, count in (counts | {"seconds": round(time.monotonic() - began)}).items():
        table.add_row(name, f"{count:,}")
    console.print(table)


if __name__ == "__main__":
    # In place of this folder, in which the file search.py would pass for our package.
    sys.path[0] = str(Path(__file__).parents[1])
    main()
