"""The commands as functions, for notebooks and scripts: `from search import run, resume, load`."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from search.records import Sweep, read_sweep
from search.storage import default_storage, sweep_folder


def run(
    spec_file: str | Path,
    *,
    name: str | None = None,
    settings: Sequence[str] = (),
    storage: str | Path | None = None,
    address: str | None = None,
    or_resume: bool = False,
) -> Sweep:
    """Run the sweep of a file to its end and return its records, as `huetune sweep run` does.

    settings: `KEY=VALUE` each, as --set; storage: None is HUETUNE_STORAGE, or ~/huetune/sweeps; or_resume: go on with
    the sweep of that name if it has begun, once a driver that may have died with its machine is known to be dead.

    Raises:
        HuetuneError: as the command says in one line.
    """
    from search.driver.lock import wait_for_place
    from search.driver.sweep import require_same_sweep, resume_sweep, start_sweep
    from search.spec.sweep_spec import load_spec

    spec = load_spec(Path(spec_file), settings)
    if name is not None:
        spec = spec.model_copy(update={"name": name})
    folder = sweep_folder(_storage(storage), spec.name)
    if or_resume:
        wait_for_place(folder, lambda text: print(text, flush=True))
    if or_resume and (folder / "sweep.json").exists():
        require_same_sweep(spec, folder)
        resume_sweep(folder, address, Console())
    else:
        start_sweep(spec, folder, address, Console())
    return read_sweep(folder)


def resume(name: str, *, storage: str | Path | None = None, address: str | None = None) -> Sweep:
    """Go on with a sweep to its end and return its records, as `huetune sweep resume` does.

    Raises:
        HuetuneError: as the command says in one line.
    """
    from search.driver.sweep import resume_sweep

    folder = sweep_folder(_storage(storage), name)
    resume_sweep(folder, address, Console())
    return read_sweep(folder)


def load(name: str, *, storage: str | Path | None = None) -> Sweep:
    """The records of a sweep, running, finished or broken off.

    Raises:
        HuetuneError: there is no such sweep.
    """
    return read_sweep(sweep_folder(_storage(storage), name))


def _storage(storage: str | Path | None) -> Path:
    return default_storage() if storage is None else Path(storage)
