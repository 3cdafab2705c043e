"""Where commands write to: a folder of this machine, looked at before anything is computed."""

import os
import re
from pathlib import Path

from data.errors import HuetuneError

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/")


class OutputError(HuetuneError):
    """Nothing can be written where a command was told to."""


def output_folder(path: Path) -> Path:
    """What `--out` names, with a leading ~ as the home folder, if files can be written there; it need not exist.

    Raises:
        OutputError: it is an address, a file or inside of one, or we have no right to write there.
    """
    if address := _ADDRESS.match(str(path)):  # the rest of it may hold a key
        raise OutputError(f"--out {address[0]}... is an address; give a folder of this machine, and copy it from there")
    folder = path.expanduser()
    whole = folder.absolute()
    known = (one for one in (whole, *whole.parents) if os.access(one, os.F_OK, effective_ids=True))
    nearest = next(known, Path("/"))
    if not nearest.is_dir():
        raise OutputError(f"--out {path}: {nearest} is a file; give a folder")
    if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=True):
        raise OutputError(f"--out {path}: {nearest} cannot be written to; give another folder, or mend its rights")
    return folder
