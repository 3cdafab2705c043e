"""Where a node keeps its copies."""

import os
import stat
import tempfile
from pathlib import Path

from data.staged.errors import StagingError
from data.staged.stage import Stage

VARIABLE = "HUETUNE_STAGE"
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def stage_folder() -> Path:
    """HUETUNE_STAGE of this node, or a folder of the user's among the temporary files."""
    named = os.environ.get(VARIABLE)
    return Path(named).absolute() if named else Path(tempfile.gettempdir()) / f"huetune-{os.getuid()}" / "stage"


def own_stage() -> Stage | None:
    """This node's stage; None if it has none that is the user's own."""
    folder = stage_folder()
    return Stage(folder) if folder.is_dir() and not _fault(folder) else None


def made_stage() -> Stage:
    """This node's stage, which is made if there is none.

    Raises:
        StagingError: it cannot be made, or others can write there: they could give us other weights.
    """
    folder = stage_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if VARIABLE not in os.environ:
            folder.parent.chmod(0o700)  # mkdir takes its mode for the last folder alone
        (folder / "origins").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StagingError(
            f"{folder} cannot be used for copies ({error.strerror}); name another folder by {VARIABLE}"
        ) from None
    if fault := _fault(folder):
        raise StagingError(f"{folder} {fault}; delete it, or name another folder by {VARIABLE}")
    return Stage(folder)


def _fault(folder: Path) -> str:
    """Anybody can make folders among the temporary files: what makes one there not to be trusted."""
    if VARIABLE in os.environ:
        return ""
    for path in (folder.parent, folder):
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & _WRITABLE_BY_OTHERS:
            return "is not the user's alone"
    return ""
