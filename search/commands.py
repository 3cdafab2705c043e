"""`huetune sweep`: what starts sweeps and goes on with them."""

from pathlib import Path
from typing import Annotated

import typer

from search.control.commands import register
from search.spec.check_command import check
from search.status.commands import status
from search.storage import DEFAULT_STORAGE, StorageOption, sweep_folder

app = typer.Typer(help="Searches over hyperparameters.", no_args_is_help=True)

AddressOption = Annotated[
    str | None, typer.Option(envvar="RAY_ADDRESS", help="Ray cluster to run on.  [default: this machine alone]")
]
NameArgument = Annotated[str, typer.Argument(help="The sweep's name.")]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Another value than the file's, such as search.trials=50."),
]
WhyOption = Annotated[str, typer.Option(help="Why; kept in the sweep's records.")]


@app.command()
def run(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep file.")],
    name: Annotated[str | None, typer.Option(help="Another name than the file gives.")] = None,
    settings: SettingsOption = None,
    or_resume: Annotated[bool, typer.Option("--or-resume", help="If it has begun, go on with it.")] = False,
    address: AddressOption = None,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Run the sweep that SPEC.yaml describes."""
    from search.interruption import interruptible
    from search.notebook import run as run_sweep

    with interruptible():
        given = settings or ()
        run_sweep(spec_file, name=name, settings=given, storage=storage, address=address, or_resume=or_resume)


@app.command()
def resume(name: NameArgument, address: AddressOption = None, storage: StorageOption = DEFAULT_STORAGE) -> None:
    """Go on with a sweep that was broken off, whatever broke it; failed trials are tried again."""
    _resume(storage, name, address)


@app.command()
def extend(
    name: NameArgument,
    trials: Annotated[int | None, typer.Option(min=1, help="More trials.")] = None,
    hours: Annotated[float | None, typer.Option(min=0, help="More hours of wall-clock time.")] = None,
    gpu_hours: Annotated[float | None, typer.Option(min=0, help="More GPU hours.")] = None,
    space: Annotated[Path | None, typer.Option(help="File whose `space` is searched from now on.")] = None,
    why: WhyOption = "",
    address: AddressOption = None,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Go on with a sweep beyond what it was asked for."""
    from search.driver.extension import extend_sweep

    folder = sweep_folder(storage, name)
    typer.echo(f"recorded: {extend_sweep(folder, trials or 0, hours or 0, gpu_hours or 0, space, why)}")
    _resume(storage, name, address)


@app.command()
def finalists(
    name: NameArgument,
    top: Annotated[int, typer.Option(min=1, help="So many of the best trials.")] = 3,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each, with seeds of their own.")] = 3,
    test: Annotated[
        Path | None,
        typer.Option(metavar="TEST.beton", help="Photos to test them on.  [default: data.test of the sweep file]"),
    ] = None,
    why: WhyOption = "",
    address: AddressOption = None,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Train the best trials again with other seeds, unpruned, and measure them on photos that no trial has seen."""
    from search.control.giving import give
    from search.driver.lock import is_driven
    from search.records import read_sweep_record

    folder = sweep_folder(storage, name)
    photos = None if test is None else str(test.expanduser().resolve())
    told = give(folder, "repeat", values={"top": top, "seeds": seeds, "test": photos}, why=why)
    if photos is None and not read_sweep_record(folder).spec["data"].get("test"):
        typer.echo(f"{name} has no test photos: repeats are trained, not tested; --test TEST.beton can follow later")
    if is_driven(folder):
        typer.echo(told)
    else:
        _resume(storage, name, address)


app.command()(status)
app.command()(check)
register(app)


def _resume(storage: Path, name: str, address: str | None) -> None:
    from search.interruption import interruptible
    from search.notebook import resume as resume_sweep

    with interruptible():
        resume_sweep(name, storage=storage, address=address)
