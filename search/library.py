"""The commands as functions, for notebooks and scripts: `from search import run, load`."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from search.records import Sweep, read_sweep
from search.storage import DEFAULT_STORAGE, sweep_folder


def run(
    spec_file: str | Path,
    *,
    name: str | None = None,
    settings: Sequence[str] = (),
    storage: str | Path = DEFAULT_STORAGE,
    address: str | None = None,
    resume: bool = False,
) -> Sweep:
    """Run the sweep of a file to its end and return its records, as `huetune sweep run` does.

    settings: `KEY=VALUE` each, as --set; resume: go on with it if it has begun.

    Raises:
        HuetuneError: as the command says in one line.
    """
    from search.driver.sweep import resume_sweep, start_sweep
    from search.spec.sweep_spec import load_spec

    spec = load_spec(Path(spec_file), settings)
    spec = spec if name is None else spec.model_copy(update={"name": name})
    folder = sweep_folder(Path(storage), spec.name)
    if resume and (folder / "sweep.json").exists():
        resume_sweep(folder, address, Console())
    else:
        start_sweep(spec, folder, address, Console())
    return read_sweep(folder)


def load(name: str, *, storage: str | Path = DEFAULT_STORAGE) -> Sweep:
    """The records of a sweep, running, finished or broken off.

    Raises:
        HuetuneError: there is no such sweep.
    """
    return read_sweep(sweep_folder(Path(storage), name))
