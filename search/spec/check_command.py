"""`huetune sweep check`: what a sweep file asks for, and what it will cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from search.spec.sweep_spec import SweepSpec


def check(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep file.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another value, such as search.trials=50.")
    ] = None,
    steps: Annotated[int, typer.Option(min=0, help="Training steps to time of each of up to 4 trials; 0: none.")] = 3,
) -> None:
    """Say what SPEC.yaml asks for, and time a few steps to estimate what it costs; nothing is kept."""
    from rich.console import Console

    from search.spec.sweep_spec import load_spec

    check_sweep(load_spec(spec_file, settings or []), Console(), steps)


def check_sweep(spec: SweepSpec, console: Console, num_steps: int) -> None:
    """Print the space, the plan and, unless `num_steps` is 0, the cost of a trial and of the sweep.

    Raises:
        HuetuneError: the data are damaged or do not fit; with steps to time, if they are missing, too.
    """
    from data.manifest import check_quick
    from search.spec.show import show_costs, show_plan, show_space

    show_space(spec, console)
    files = spec.data.files
    there = files if num_steps else {name: path for name, path in files.items() if path.exists()}
    manifests = {name: check_quick(path) for name, path in there.items()}
    show_plan(spec, manifests, console)
    if not num_steps:
        return
    from search.worker.estimate import machine_in_words, timed_trials

    costs = timed_trials(spec, manifests, num_steps, console)
    show_costs(spec, costs, manifests["train"].num_samples, machine_in_words(spec.resources.cpu), console)
