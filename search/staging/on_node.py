"""A sweep's files brought to the node that this runs on. Without torch, so that a task for it starts at once."""

from collections.abc import Callable
from dataclasses import dataclass
from socket import gethostname

from data.staged.bring import Source, brought
from data.staged.errors import StagingError
from data.staged.parcel import Parcel
from data.staged.place import made_stage
from data.staged.sources import PathSource
from search.staging.peers import PeerSource, server_named

Tell = Callable[[str, str], object]
"""Is told of what matters to people: what it is about, and a line."""


@dataclass(frozen=True)
class Staging:
    """What each node brings to its own disk before its first trial."""

    parcels: tuple[Parcel, ...]
    server: str
    """Name of the FileServer on the driver's node."""

    def bring(self, tell: Tell) -> None:
        """Bring what this node does not have yet; a file that cannot be brought is read where it lies.

        Raises:
            StagingError: one cannot be brought, and this node sees no path to it.
        """
        for parcel in self.parcels:
            try:
                self._bring(parcel, tell)
            except StagingError as error:
                if not PathSource().has(parcel):
                    raise
                original = parcel.folder / parcel.name
                tell(f"{gethostname()} {parcel.name}", f"{error}; trials there read {original} itself")

    def _bring(self, parcel: Parcel, tell: Tell) -> None:
        def evicted(name: str) -> None:
            tell(f"{gethostname()} {name}", f"{gethostname()} deleted its unused copy of {name} for {parcel.name}")

        with brought(made_stage(), parcel, self._source(parcel), advance=lambda _: None, evicted=evicted):
            return

    def _source(self, parcel: Parcel) -> Source:
        path = PathSource()
        if path.has(parcel):
            return path
        server = server_named(self.server)
        if server is None:
            raise StagingError(
                f"{gethostname()} sees no {parcel.folder / parcel.name}, and the driver serves it no more"
            )
        return PeerSource(server, "the driver's node")
