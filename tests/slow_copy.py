"""A process that copies a parcel to a stage: says that it has begun, and waits for as long as a file is there.

python slow_copy.py STAGE PARCEL.json BEGUN HOLD
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from data.staged.bring import brought
from data.staged.parcel import Parcel, Piece
from data.staged.sources import PathSource
from data.staged.stage import Stage


class SlowSource(PathSource):
    def __init__(self, begun: Path, hold: Path) -> None:
        self._begun, self._hold = begun, hold

    def chunks(self, parcel: Parcel, piece: Piece) -> Iterator[memoryview]:
        with self._begun.open("a") as file:
            file.write(f"{os.getpid()} {piece.name}\n")
        while self._hold.exists():
            time.sleep(0.01)
        yield from super().chunks(parcel, piece)


def main() -> None:
    folder, description, begun, hold = map(Path, sys.argv[1:])
    parcel = Parcel.model_validate_json(description.read_bytes())
    with brought(Stage(folder), parcel, SlowSource(begun, hold), lambda _: None, print):
        pass


if __name__ == "__main__":
    main()
