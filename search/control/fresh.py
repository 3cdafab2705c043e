"""What is in a folder now, on network file systems too."""

import os
from contextlib import suppress
from pathlib import Path


def fresh_names(folder: Path) -> list[str]:
    """Names of the whole .json files in a folder, sorted; none where there is no folder."""
    try:
        # A change of ours makes an NFS client drop what it remembers of the folder, which could be a minute old.
        with suppress(OSError):
            os.utime(folder)
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.name.endswith(".json") and e.name[0] != "." and e.is_file())
    except FileNotFoundError:
        return []
