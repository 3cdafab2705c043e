"""`huetune sweep check`: what a sweep file asks for, and what it will cost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search.storage import DEFAULT_STORAGE, StorageOption, sweep_folder

if TYPE_CHECKING:
    from rich.console import Console

    from data.manifest import Manifest
    from search.spec.sweep_spec import SweepSpec


def check(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep file.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another value, such as search.trials=50.")
    ] = None,
    steps: Annotated[int, typer.Option(min=0, help="Training steps to time of each of up to 4 trials; 0: none.")] = 3,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Say what SPEC.yaml asks for, and time a few steps to estimate what it costs; nothing is kept."""
    from rich.console import Console

    from search.spec.sweep_spec import load_spec

    spec = load_spec(spec_file, settings or [])
    check_sweep(spec, sweep_folder(storage, spec.name), Console(), steps)


def check_sweep(spec: SweepSpec, folder: Path, console: Console, num_steps: int) -> None:
    """Print the space, the plan and, unless `num_steps` is 0, the cost of a trial and of the sweep.

    folder: where the sweep's records would go.

    Raises:
        HuetuneError: the data are damaged or do not fit, or the values of a warm start do not compare; with steps to
            time, if data are missing, too.
    """
    from data.manifest import check_quick
    from search.spec.show import show_costs, show_plan, show_space

    show_space(spec, console)
    files = spec.data.files
    there = {name: path for name, path in files.items() if path.exists()}
    if num_steps or there == files:
        manifests = _checked(spec, folder)
    else:
        manifests = {name: check_quick(path) for name, path in there.items()}
    show_plan(spec, manifests, console)
    if not num_steps:
        return
    from search.worker.estimate import machine_in_words, timed_trials

    if spec.resources.gpu == "auto":
        spec = _packed(spec, manifests, console)
    costs = timed_trials(spec, manifests, num_steps, console)
    show_costs(spec, costs, manifests["train"].num_samples, machine_in_words(spec.resources.cpu), console)


def _packed(spec: SweepSpec, manifests: dict[str, Manifest], console: Console) -> SweepSpec:
    """The same sweep with the share of a GPU that was measured to be best; as it is where there is no GPU."""
    import torch

    if not torch.cuda.is_available():
        return spec
    from search.driver.provenance import sweep_record
    from search.packing.choose import limit_of_cpus, share_of
    from search.packing.on_node import measured_packing
    from search.packing.show import show_packing

    cpus = limit_of_cpus(os.cpu_count() or 1, torch.cuda.device_count(), spec.resources.cpu)
    record = sweep_record(spec, manifests)
    packing = measured_packing(spec, record, "this machine", cpus, torch.device("cuda"))
    show_packing([packing], console)
    resources = spec.resources.model_copy(update={"gpu": share_of(packing.copies)})
    return spec.model_copy(update={"resources": resources})


def _checked(spec: SweepSpec, folder: Path) -> dict[str, Manifest]:
    """The manifests of the data, which fit the sweep as its warm start does."""
    from search.driver.preparation import checked_data
    from search.driver.provenance import sweep_record
    from search.sampling.warm_start import check_warm_start

    manifests = checked_data(spec)
    check_warm_start(spec, folder, sweep_record(spec, manifests))
    return manifests
