"""Where sweeps live on disk, and the one option of the command line that says so."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from data.errors import HuetuneError

DEFAULT_STORAGE = Path("~/huetune/sweeps")
STORAGE_VARIABLE = "HUETUNE_STORAGE"

StorageOption = Annotated[
    Path,
    typer.Option("--storage", envvar=STORAGE_VARIABLE, help="Folder that holds all sweeps.", file_okay=False),
]
"""Type of a command's `storage` parameter; its default is DEFAULT_STORAGE."""

PlaceOption = Annotated[
    str,
    typer.Option(
        "--storage",
        envvar=STORAGE_VARIABLE,
        help="Folder that holds all sweeps, or s3://bucket/folder, gs://, hdfs:// ...",
    ),
]
"""The same of a command that only reads; its default is str(DEFAULT_STORAGE)."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def default_storage() -> Path:
    """Where sweeps live if nobody says otherwise, as the commands take it."""
    return Path(os.environ.get(STORAGE_VARIABLE) or DEFAULT_STORAGE)


class SweepNameError(HuetuneError):
    """A sweep's name cannot be the name of a folder."""


def checked_name(name: str) -> str:
    """`name` itself, if it may become the name of a folder.

    Raises:
        SweepNameError: it is not 1 to 100 letters, digits and . _ -, or starts with a dot or a dash.
    """
    if not _NAME.fullmatch(name):
        if (Path(name) / "sweep.json").exists():
            folder = Path(name).resolve()
            raise SweepNameError(
                f"{name!r} is a sweep's folder: give its name {folder.name}, and --storage {folder.parent}"
            )
        raise SweepNameError(
            f"{name[:100]!r} cannot be a sweep's name: use 1 to 100 of the characters A-Z a-z 0-9 . _ - "
            "and neither a dot nor a dash at the start"
        )
    return name


def sweep_folder(storage: Path, name: str) -> Path:
    """Folder of the sweep `name` under `storage` (a leading ~ is the home folder); it need not exist.

    Raises:
        SweepNameError: see `checked_name`.
    """
    if address := _ADDRESS.match(str(storage)):  # the rest of it may hold a key
        raise SweepNameError(f"--storage {address[0]}... is an address; give a folder, since only reports read stores")
    return (storage.expanduser() / checked_name(name)).absolute()


def resume_command(folder: Path) -> str:
    """What to type to go on with the sweep in `folder`."""
    elsewhere = folder.parent != DEFAULT_STORAGE.expanduser()
    return f"huetune sweep resume {folder.name}" + (f" --storage {folder.parent}" if elsewhere else "")
