"""`huetune cluster submit`."""

from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from search.storage import DEFAULT_STORAGE, StorageOption


def submit(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep file; its data are the cluster's.")],
    address: Annotated[
        str,
        typer.Option(envvar="RAY_API_SERVER_ADDRESS", help="Dashboard of a running cluster, such as http://HEAD:8265."),
    ],
    name: Annotated[str | None, typer.Option(help="Another name than the file gives.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another value than the file's, such as search.trials=50."),
    ] = None,
    storage: StorageOption = DEFAULT_STORAGE,
    python: Annotated[str, typer.Option(help="The Python of the cluster's nodes.")] = "python",
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Show what it says until it ends.")] = True,
    wait: Annotated[bool, typer.Option("--wait", help="With --no-follow: wait for its end all the same.")] = False,
) -> None:
    """Run the sweep, or go on with it, as a job of a running Ray cluster; whoever waits gets its exit status."""
    from cluster.launch.portable import portable_spec, require_over_there
    from cluster.submit.following import follow as follow_job
    from cluster.submit.following import wait as wait_for_job
    from cluster.submit.handing_in import hand_in
    from cluster.submit.server import job_server, told_in_one_line
    from search.spec.sweep_spec import load_spec
    from search.storage import checked_name

    given = settings or ()
    require_over_there(storage)
    sweep = checked_name(name or load_spec(spec_file, given).name)
    text = portable_spec(spec_file, given)
    client = job_server(address)
    with told_in_one_line(address):
        identifier = hand_in(client, text, sweep, PurePosixPath(storage), python)
    ways = f"`ray job logs --follow {identifier}`, `ray job stop {identifier}`, with --address {address}"
    typer.echo(f"job {identifier}: {ways}")
    try:
        with told_in_one_line(address):
            if follow:
                follow_job(client, identifier, lambda said: typer.echo(said, nl=False))
            if follow or wait:
                wait_for_job(client, identifier)
    except KeyboardInterrupt:
        typer.echo(f"job {identifier} runs on: {ways}")
        raise typer.Exit(130) from None
