"""Whether this machine has the photos that a sweep began with."""

import socket
from collections.abc import Mapping

from data.errors import DataError
from data.manifest import Manifest
from search.records import SweepRecord


def require_recorded(record: SweepRecord, manifests: Mapping[str, Manifest]) -> None:
    """Raise DataError unless these are the photos of the record: of others, results would not compare."""
    for split, manifest in manifests.items():
        known = record.data[split]
        if manifest.sha256 != known["sha256"]:
            raise DataError(
                f"{known['file']} on {socket.gethostname()} holds other photos than the {split} set that this "
                "began with; put that back, or begin anew under another name"
            )
