"""Which code and which packages a process runs trials with. Imports nothing of them."""

import hashlib
import platform
from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from search.driver.provenance import PACKAGES

ROOT = Path(__file__).parents[2]
OF_TRIALS = ("data", "models", "search")
"""The packages of ours that workers import."""
_SHOWN = 4
"""Of packages that differ; the rest are counted."""


def code_hash(root: Path = ROOT) -> str:
    """Hex SHA-256 of the code that trials are run by, wherever it was imported from."""
    digest = hashlib.sha256()
    for path in sorted(path for package in OF_TRIALS for path in (root / package).rglob("*.py")):
        digest.update(f"{path.relative_to(root)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def results_depend_on() -> dict[str, str]:
    """Versions of Python and of the packages that a sweep's record names. Our own code travels to the workers."""
    names = [name for name in PACKAGES if name != "huetune"]
    return {"python": platform.python_version()} | {name: installed(name) for name in names}


def all_needed() -> dict[str, str]:
    """The same, and versions of all that these packages need, and so on, as far as it is installed."""
    found = results_depend_on()
    waiting, seen = [(name, frozenset[str]()) for name in ("huetune", *PACKAGES)], set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        if name != "huetune":
            found.setdefault(name, package.version)
        needs = [need for line in package.requires or () if _holds(need := Requirement(line), extras)]
        waiting += [(need.name.lower().replace("_", "-"), frozenset(need.extras)) for need in needs]
    return found


def differing(expected: dict[str, str]) -> str:
    """In words, what this process has otherwise than the driver expects; empty if nothing."""
    found = {name: platform.python_version() if name == "python" else installed(name) for name in expected}
    other = [name for name in expected if found[name] != expected[name]]
    shown = [f"{name} is {found[name]}, the driver has {expected[name]}" for name in other[:_SHOWN]]
    more = f", and {len(other) - _SHOWN} more differ" if len(other) > _SHOWN else ""
    return ", ".join(shown) + more


def installed(package: str) -> str:
    """The version of a package, in the words of the records."""
    try:
        return distribution(package).version
    except PackageNotFoundError:
        return "not installed"


def _holds(need: Requirement, extras: Collection[str]) -> bool:
    """Whether a requirement counts on this machine, with these extras."""
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras))
