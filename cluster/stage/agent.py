"""What brings a sweep's files to one node, and hands them on to others. Runs on that node, as an actor."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from socket import gethostname
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.filesize import decimal

from data.errors import HuetuneError
from data.staged.bring import Source, brought
from data.staged.errors import StagingError
from data.staged.parcel import Parcel
from data.staged.place import made_stage, own_stage
from data.staged.room import free_bytes
from data.staged.sources import PathSource, StoreSource
from search.staging.peers import FileServer, PeerSource


@dataclass(frozen=True)
class Staged:
    """What came of it on one node; `fault` is empty where all is there."""

    num_copied: int = 0
    bytes_copied: int = 0
    num_there: int = 0
    """Files, or pairs of .beton and manifest, that the node had already."""
    sources: tuple[str, ...] = ()
    evicted: tuple[str, ...] = ()
    room: str = ""
    fault: str = ""
    source_lost: bool = False
    """The node that it copied from may be what failed."""


class Agent:
    """Of one node. `read` is called by the agents of others."""

    def __init__(self, parcels: Sequence[Parcel], store: str | None) -> None:
        self._parcels, self._server = parcels, FileServer(parcels)
        self._address = store
        self._store: StoreSource | None = None
        self._bytes_copied, self._evicted = 0, list[str]()

    def missing_bytes(self) -> tuple[int, bool]:
        """How much is to be copied, and whether some of it can only come from another node. Raises StoreError."""
        self._open_store()
        missing = [parcel for parcel in self._parcels if not _is_here(parcel)]
        return sum(parcel.num_bytes for parcel in missing), any(self._source(parcel) is None for parcel in missing)

    def bring(self, peer: Any, name_of_peer: str) -> Staged:
        """Copy what is missing. peer: the agent of a node that has all, or None."""
        other = PeerSource(peer, name_of_peer) if peer is not None else None
        try:
            return self._brought(other)
        except StagingError as error:
            lost = other is not None and type(error) is StagingError
            return Staged(fault=str(error), source_lost=lost, evicted=tuple(self._evicted))
        except HuetuneError as error:  # of the store
            return Staged(fault=str(error), evicted=tuple(self._evicted))

    def bytes_copied(self) -> int:
        return self._bytes_copied

    def read(self, sha256: str, name: str, start: int) -> NDArray[np.uint8]:
        """See FileServer."""
        return self._server.read(sha256, name, start)

    def _brought(self, peer: PeerSource | None) -> Staged:
        stage, found = made_stage(), Counter[bool]()
        sources: dict[str, None] = {}
        for parcel in self._parcels:
            source: Source = self._source(parcel) or peer or Nowhere()
            with brought(stage, parcel, source, self._advance, self._evicted.append) as done:
                found[done.copied] += 1
                sources |= {source.shown: None} if done.copied else {}
        return Staged(
            num_copied=found[True],
            bytes_copied=self._bytes_copied,
            num_there=found[False],
            sources=tuple(sources),
            evicted=tuple(self._evicted),
            room=decimal(free_bytes(stage.folder)),
        )

    def _open_store(self) -> None:
        if self._address is not None:
            from data.stores import opened_folder

            self._store = StoreSource(opened_folder(self._address))

    def _source(self, parcel: Parcel) -> Source | None:
        """Where this node itself can read a parcel."""
        path = PathSource()
        if path.has(parcel):
            return path
        return self._store if self._store is not None and self._store.has(parcel) else None

    def _advance(self, num_bytes: int) -> None:
        self._bytes_copied += num_bytes


class Nowhere:
    """No place that a node could read a parcel from."""

    shown = "nowhere"

    def chunks(self, parcel: Parcel, piece: object) -> Sequence[bytes]:
        raise StagingError(f"{gethostname()} sees no {parcel.folder / parcel.name}")


def _is_here(parcel: Parcel) -> bool:
    stage = own_stage()
    return stage is not None and stage.entry(parcel.sha256) is not None
