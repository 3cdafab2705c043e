"""`huetune cluster slurm`."""

from pathlib import Path
from typing import Annotated

import typer

from search.storage import DEFAULT_STORAGE, StorageOption


def slurm(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep file.")],
    cluster_file: Annotated[Path, typer.Option("--cluster", metavar="SLURM.yaml", help="What to ask Slurm for.")],
    name: Annotated[str | None, typer.Option(help="Another name than the file gives.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another value than a file's: nodes=4, search.trials=50."),
    ] = None,
    storage: StorageOption = DEFAULT_STORAGE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the file for sbatch, and submit nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the file for sbatch there, and submit nothing.")] = None,
) -> None:
    """Run the sweep as a Slurm job, which is requeued until the sweep is done. Submitted again, it goes on."""
    from cluster.launch.description import divided, read_description
    from cluster.launch.slurm import batch_file, shared_job, submit, written
    from cluster.launch.slurm_config import SlurmCluster

    of_cluster, of_sweep = divided(settings or (), SlurmCluster)
    cluster = read_description(cluster_file, SlurmCluster, of_cluster)
    job = shared_job(spec_file, name, storage, of_sweep)
    text = batch_file(job, cluster)
    if dry_run:
        typer.echo(text, nl=False)
        return
    file = written(text, out or cluster.folder / f"{job.name}.sh")
    if out is not None:
        typer.echo(f"{file}: hand it to sbatch; the folder of the logs, {cluster.folder}, has to be there")
        return
    number = submit(file)
    typer.echo(f"job {number}: {file}, with {cluster.nodes} nodes")
    typer.echo(f"to follow it   tail -F {cluster.folder}/{job.name}-{number}.log")
    typer.echo(f"to stop it     scancel --signal=TERM --batch {number}   (this command again goes on)")
