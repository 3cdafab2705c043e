"""Orders to a sweep from another terminal or machine: stop, pause, unpause, prune, kill, enqueue, limit, budget."""

from pathlib import Path
from typing import Annotated, Any

import typer

from search.control.orders import OrderKind
from search.storage import DEFAULT_STORAGE, StorageOption, sweep_folder

NameArgument = Annotated[str, typer.Argument(help="The sweep's name.")]
TrialsArgument = Annotated[list[int], typer.Argument(metavar="TRIAL...", help="Numbers of trials.", min=0)]
AnyTrialsArgument = Annotated[
    list[int] | None, typer.Argument(metavar="[TRIAL...]", help="Numbers of trials.  [default: the sweep]", min=0)
]
WhyOption = Annotated[str, typer.Option(metavar="TEXT", help="The reason, for the record.")]


def register(app: typer.Typer) -> None:
    """Mount all of them."""
    for command in (stop, pause, unpause, prune, kill, enqueue, limit, budget):
        app.command()(command)


def stop(name: NameArgument, why: WhyOption = "", storage: StorageOption = DEFAULT_STORAGE) -> None:
    """End the process that runs the sweep; a resume goes on with it."""
    _give(storage, name, "stop", why)


def pause(
    name: NameArgument, trials: AnyTrialsArgument = None, why: WhyOption = "", storage: StorageOption = DEFAULT_STORAGE
) -> None:
    """Put trials down at their next evaluation, or the whole sweep, until they are unpaused."""
    _give(storage, name, "pause", why, trials or ())


def unpause(
    name: NameArgument, trials: AnyTrialsArgument = None, why: WhyOption = "", storage: StorageOption = DEFAULT_STORAGE
) -> None:
    """Let paused trials go on, or the whole sweep."""
    _give(storage, name, "unpause", why, trials or ())


def prune(
    name: NameArgument, trials: TrialsArgument, why: WhyOption = "", storage: StorageOption = DEFAULT_STORAGE
) -> None:
    """End trials at their next evaluation, as hopeless."""
    _give(storage, name, "prune", why, trials)


def kill(
    name: NameArgument, trials: TrialsArgument, why: WhyOption = "", storage: StorageOption = DEFAULT_STORAGE
) -> None:
    """End running trials at once, with the processes they run in."""
    _give(storage, name, "kill", why, trials)


def enqueue(
    name: NameArgument,
    settings: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="Values, such as loss.l1=50.")],
    like: Annotated[int | None, typer.Option(metavar="N", min=0, help="A trial that has the other values.")] = None,
    why: WhyOption = "",
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Try these values next; what they leave open is as in another trial, or the sampler's choice."""
    from search.control.typed import parse_settings

    _give(storage, name, "enqueue", why, values={"like": like, "values": parse_settings(settings)})


def limit(
    name: NameArgument,
    concurrent: Annotated[str, typer.Argument(metavar="N|none", help="Trials at once.")],
    why: WhyOption = "",
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Run so many trials at once, or as many as there is room for."""
    from search.control.typed import parse_number

    _give(storage, name, "limit", why, values={"concurrent": parse_number("limit", concurrent)})


def budget(
    name: NameArgument,
    trials: Annotated[str | None, typer.Option(metavar="N", help="Trials that the sampler chooses.")] = None,
    hours: Annotated[str | None, typer.Option(metavar="H|none", help="Wall-clock hours, over all resumes.")] = None,
    gpu_hours: Annotated[str | None, typer.Option(metavar="H|none", help="GPU hours of all trials.")] = None,
    stagnation: Annotated[str | None, typer.Option(metavar="N|none", help="Trials without progress.")] = None,
    target: Annotated[
        str | None, typer.Option(metavar="NAME=V,...|none", help="Values that one trial reaches.")
    ] = None,
    why: WhyOption = "",
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Change what the sweep may use; none lifts a limit."""
    from search.control.typed import parse_number, parse_target

    given = {"trials": trials, "hours": hours, "gpu_hours": gpu_hours, "stagnation": stagnation}
    values: dict[str, Any] = {}
    values |= {key: parse_number(f"--{key.replace('_', '-')}", text) for key, text in given.items() if text is not None}
    if target is not None:
        values["target"] = parse_target(target)
    _give(storage, name, "budget", why, values=values)


def _give(
    storage: Path,
    name: str,
    kind: OrderKind,
    why: str,
    trials: list[int] | tuple[()] = (),
    values: dict[str, Any] | None = None,
) -> None:
    from search.control.giving import give

    typer.echo(give(sweep_folder(storage, name), kind, tuple(trials), values or {}, why))
