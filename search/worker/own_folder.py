"""The working directory of a process that Ray has started."""

import os
from contextlib import suppress
from pathlib import Path


def leave_vanished_folder() -> None:
    """Be in a folder that there is, before torch is imported: its oneMKL ends processes whose folder was deleted.

    Of several nodes on one machine each deletes the folder that Ray ships our code to, and makes it anew.
    """
    try:
        Path.cwd()
    except FileNotFoundError:
        with suppress(OSError):
            os.chdir("/")
