"""Files that go from node to node through Ray, where a node sees no path to them."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import ray
from numpy.typing import NDArray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from data.staged.errors import StagingError
from data.staged.parcel import Parcel, Piece
from data.staged.place import own_stage

PART_BYTES = 8 << 20
PARTS_AHEAD = 4
"""Parts under way to one reader, which bounds what a transfer takes of the memory of both nodes."""
READERS_AT_ONCE = 4
PART_TIMEOUT_S = 120.0


class FileServer:
    """An actor that reads parcels on its node, from the node's copies or from where they lie."""

    def __init__(self, parcels: Sequence[Parcel]) -> None:
        self._folders = {parcel.sha256: parcel.folder for parcel in parcels}
        self._known = {(parcel.sha256, piece.name) for parcel in parcels for piece in parcel.pieces}

    def read(self, sha256: str, name: str, start: int) -> NDArray[np.uint8]:
        """A part of a file of a parcel, from byte `start` on. Raises OSError."""
        if (sha256, name) not in self._known:
            raise FileNotFoundError(f"no file {name} is served")
        return np.fromfile(self._folder(sha256) / name, np.uint8, PART_BYTES, offset=start)

    def _folder(self, sha256: str) -> Path:
        stage = own_stage()
        if stage is not None and stage.entry(sha256) is not None:
            return stage.folder / sha256
        return self._folders[sha256]


class PeerSource:
    """The node of a FileServer."""

    def __init__(self, server: Any, shown: str) -> None:
        self._server, self.shown = server, shown

    def chunks(self, parcel: Parcel, piece: Piece) -> Iterator[memoryview]:
        waiting: deque[Any] = deque()
        for start in range(0, piece.num_bytes, PART_BYTES):
            waiting.append(self._server.read.remote(parcel.sha256, piece.name, start))
            if len(waiting) > PARTS_AHEAD:
                yield self._part(waiting.popleft(), piece)
        while waiting:
            yield self._part(waiting.popleft(), piece)

    def _part(self, part: Any, piece: Piece) -> memoryview:
        try:
            return memoryview(ray.get(part, timeout=PART_TIMEOUT_S))
        except (ray.exceptions.RayError, OSError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise StagingError(f"{piece.name} cannot be had from {self.shown} ({reason})") from None


def file_server(parcels: Sequence[Parcel], node_id: str, **options: Any) -> Any:
    """A FileServer on a node. options: others of the actor's."""
    here = NodeAffinitySchedulingStrategy(node_id, soft=False)
    actor = ray.remote(FileServer).options(
        num_cpus=0, scheduling_strategy=here, max_concurrency=READERS_AT_ONCE, **options
    )
    return actor.remote(parcels)


def server_named(name: str) -> Any:
    """The FileServer of that name; None if there is none any more."""
    if not ray.is_initialized():  # Ray would look for some cluster by itself
        return None
    try:
        return ray.get_actor(name)
    except ValueError:
        return None


@contextmanager
def served(parcels: Sequence[Parcel]) -> Iterator[str]:
    """The name of a server on the driver's node, for as long as the block runs."""
    name = f"huetune-files-{uuid4().hex}"
    server = file_server(parcels, ray.get_runtime_context().get_node_id(), name=name)
    try:
        yield name
    finally:
        with suppress(Exception):  # Ray may be gone before us
            ray.kill(server)
