"""With what a sweep was run, and on what."""

import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from data.manifest import Manifest
from search.records import SweepRecord
from search.spec.sweep_spec import SweepSpec

PACKAGES = ("huetune", "torch", "torchvision", "ray", "optuna", "ffcv", "torchmetrics", "torch-fidelity", "torchjd")


def sweep_record(spec: SweepSpec, manifests: Mapping[str, Manifest]) -> SweepRecord:
    """The record of a sweep that starts now, on these data."""
    data = {name: described(beton, manifests[name]) for name, beton in spec.data.files.items()}
    fid_images = spec.corner_configs[0].evaluation.fid_images
    return SweepRecord(
        name=spec.name,
        objectives=spec.objectives,
        spec=spec.model_dump(mode="json"),
        created=datetime.now(UTC),
        command=_command(),
        versions=versions(),
        data=data | {"val": data["val"] | {"fid_images": min(fid_images, manifests["val"].num_samples)}},
    )


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on, and the commit of this checkout."""
    found = {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES}
    return found | ({"commit": commit} if (commit := _commit()) else {})


def described(beton: Path, manifest: Manifest) -> dict[str, Any]:
    """What a sweep's record says of a file of photos."""
    return {
        "file": str(beton),
        "sha256": manifest.sha256,
        "num_samples": manifest.num_samples,
        "num_labelled": sum(manifest.class_counts.values()),
        "size": manifest.size,
        "classes": list(manifest.classes),
    }


def _command() -> str:
    """What was typed; `python huetune.py` and `python -m huetune` are the installed command."""
    program = Path(sys.argv[0]).name
    return shlex.join(["huetune" if program == "huetune.py" else program, *sys.argv[1:]])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """The commit, with a + where files have been changed since; empty outside a git checkout."""
    command = shlex.split("git describe --always --dirty=+ --abbrev=12 --exclude=*")
    try:
        found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()
