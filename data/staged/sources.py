"""Where parcels are read from: a path that this node sees, or a folder in a store."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from data.staged.bring import CHUNK_BYTES
from data.staged.errors import StagingError
from data.staged.parcel import Parcel, Piece

if TYPE_CHECKING:
    from data.stores import StoreFolder


class PathSource:
    """The folder in which the parcel's files lie."""

    shown = "its own path"

    def has(self, parcel: Parcel) -> bool:
        """Whether this node sees files of these sizes there."""
        return all(_num_bytes(parcel.folder / piece.name) == piece.num_bytes for piece in parcel.pieces)

    def chunks(self, parcel: Parcel, piece: Piece) -> Iterator[memoryview]:
        try:
            with (parcel.folder / piece.name).open("rb", buffering=0) as file:
                # The same two again and again: new memory for each chunk takes as long as all the rest.
                for buffer in itertools.cycle([bytearray(CHUNK_BYTES), bytearray(CHUNK_BYTES)]):
                    if not (num_bytes := file.readinto(buffer)):
                        break
                    yield memoryview(buffer)[:num_bytes]
        except OSError as error:
            raise StagingError(f"{parcel.folder / piece.name} cannot be read ({error.strerror})") from None


class StoreSource:
    """A folder in a store that holds the files under their names."""

    def __init__(self, folder: "StoreFolder") -> None:
        self._folder, self.shown = folder, folder.shown

    def has(self, parcel: Parcel) -> bool:
        """Whether the store has files of these sizes. Raises StoreError if it does not answer."""
        from data.stores import answer_in_time, told_in_words

        paths = [f"{self._folder.root}/{piece.name}" for piece in parcel.pieces]
        with told_in_words(self.shown):
            found = answer_in_time(lambda: self._folder.store.get_file_info(paths))
        return [info.size for info in found] == [piece.num_bytes for piece in parcel.pieces]

    def chunks(self, parcel: Parcel, piece: Piece) -> Iterator[bytes]:
        from data.stores import told_in_words

        try:
            with (
                told_in_words(self.shown),
                self._folder.store.open_input_stream(f"{self._folder.root}/{piece.name}") as stream,
            ):
                while chunk := stream.read(CHUNK_BYTES):
                    yield chunk
        except FileNotFoundError:
            raise StagingError(f"{self.shown} has no {piece.name}") from None


def _num_bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return -1
