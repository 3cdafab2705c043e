"""With what a sweep was run."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("huetune", "torch", "torchvision", "ray", "optuna", "ffcv", "torchmetrics", "torch-fidelity")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on, and the commit of this checkout."""
    found = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return found | ({"commit": commit} if (commit := _commit()) else {})


def _commit() -> str:
    """The commit, with a + where files have been changed since; empty outside a git checkout."""
    command = [
        "git",
        "-C",
        str(Path(__file__).parent),
        "describe",
        "--always",
        "--dirty=+",
        "--abbrev=12",
        "--exclude=*",
    ]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
