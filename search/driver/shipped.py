"""Our code as it travels to the machines of a cluster, which need no huetune of their own.

Only the packages and the front door: what else lies in the checkout (photos, runs, environments) stays, whatever its
name and whether or not git ignores it.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("data", "models", "search", "analysis", "cluster")
_NO_CODE = shutil.ignore_patterns("__pycache__", "*.beton", "*.partial")


@contextmanager
def shipped_code(root: Path = ROOT) -> Iterator[Path]:
    """A copy of the code in `root`, in a folder of its own that is removed afterwards: a `working_dir` for Ray."""
    with tempfile.TemporaryDirectory(prefix="huetune-code-") as scratch:
        copy = Path(scratch)
        for package in PACKAGES:
            shutil.copytree(root / package, copy / package, ignore=_left_out)
        shutil.copy(root / "huetune.py", copy)
        yield copy


def _left_out(folder: str, names: list[str]) -> set[str]:
    """A link to a folder is somebody's way to his photos, no package of ours."""
    links = {name for name in names if (path := Path(folder, name)).is_symlink() and path.is_dir()}
    return links | _NO_CODE(folder, names)
