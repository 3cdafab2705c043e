"""`huetune cluster cloud`."""

from pathlib import Path
from typing import Annotated

import typer


def cloud(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep file; its data are the cluster's.")],
    cluster_file: Annotated[
        Path, typer.Option("--cluster", metavar="CLUSTER.yaml", help="Machines of AWS, of Google Cloud, or own hosts.")
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another value than CLUSTER.yaml's, such as workers.0.max=4."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the file for `ray up`, and start nothing.")] = False,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the file for `ray up` and the cluster's token go.")
    ] = Path("~/huetune/clusters"),
    up: Annotated[bool, typer.Option("--up", help="Start the cluster too: `ray up`, which asks first.")] = False,
) -> None:
    """Write the file that `ray up` starts a cluster from, and say how the sweep gets onto it."""
    from cluster.launch.cloud import ray_up_file, read_cluster
    from cluster.launch.cloud_start import start_cluster, tell_what_next, token_of
    from cluster.launch.kuberay import object_name
    from search.spec.sweep_spec import load_spec

    cluster = read_cluster(cluster_file, settings or ())
    name = object_name(load_spec(spec_file).name)
    folder = out.expanduser().absolute() / name
    token = folder / "token"
    text = ray_up_file(name, cluster, token)
    if dry_run:
        typer.echo(text, nl=False)
        return
    token_of(folder)
    file = folder / "cluster.yaml"
    file.write_text(text, encoding="utf-8")
    if up:
        start_cluster(file)
    tell_what_next(file, token, spec_file, cluster, typer.echo)
