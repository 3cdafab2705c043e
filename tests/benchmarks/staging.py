"""MB a second of `huetune cluster stage` on one node, against `cp` and `sha256sum` of the same file, in turns.

    python tests/benchmarks/staging.py [--megabytes 2000] [--rounds 3] [--source DIR] [--stage DIR]

The file is read from --source (by default a temporary folder) and copied to a folder in --stage. Before each copy its
pages are dropped from the cache where we may (`POSIX_FADV_DONTNEED`), so that the disk is read; each copy ends with an
fsync, that of `cp` too. `cp` and `sha256sum` are what a script would do one after the other to have a verified copy.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data.staged.bring import brought
from data.staged.parcel import Parcel, weights_parcel
from data.staged.sources import PathSource
from data.staged.stage import Stage

MB = 1_000_000


def made_file(folder: Path, num_bytes: int) -> Path:
    path = folder / "photos.beton"
    with path.open("wb") as file:
        for _ in range(num_bytes // MB):
            file.write(os.urandom(MB))
        file.flush()
        os.fsync(file.fileno())
    return path


def forget(path: Path) -> None:
    """Drop a file's pages from the cache."""
    handle = os.open(path, os.O_RDONLY)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def staged(parcel: Parcel, stage: Stage) -> None:
    with brought(stage, parcel, PathSource(), lambda _: None, print) as done:
        assert done.copied
    stage.discard(parcel.sha256)


def copied(source: Path, target: Path, *, verified: bool) -> None:
    run("cp", source, target)
    run("sync", target)
    if verified:
        run("sha256sum", target)
    target.unlink()


def run(*command: object) -> None:
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def seconds(work: Callable[[], None], source: Path) -> float:
    forget(source)
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--source", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--stage", type=Path, default=Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    origin, node = (Path(tempfile.mkdtemp(dir=place)) for place in (arguments.source, arguments.stage))
    try:
        source = made_file(origin, arguments.megabytes * MB)
        parcel, stage, target = weights_parcel(source, ""), Stage(node), node / "copy"
        works: dict[str, Callable[[], None]] = {
            "stage: copied, hashed on the way": lambda: staged(parcel, stage),
            "cp": lambda: copied(source, target, verified=False),
            "cp, then sha256sum of the copy": lambda: copied(source, target, verified=True),
            "sha256sum of the source": lambda: run("sha256sum", source),
        }
        times: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(arguments.rounds):  # in turns, as other work on the machine comes and goes
            # And in another order each time: who comes after a deletion finds memory free for what he writes.
            for name in random.Random(turn).sample([*works], len(works)):  # noqa: S311
                times[name].append(seconds(works[name], source))
        table = Table("", "MB a second", "best", "seconds")
        for name, taken in times.items():
            middle = sorted(taken)[len(taken) // 2]
            rates = [f"{arguments.megabytes / one:,.0f}" for one in (middle, min(taken))]
            table.add_row(name, *rates, ", ".join(f"{one:.1f}" for one in taken))
        Console().print(table)
    finally:
        for folder in (origin, node):
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
