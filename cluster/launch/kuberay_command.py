"""`huetune cluster kuberay`."""

from pathlib import Path
from typing import Annotated

import typer


def kuberay(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep file; its data are the volume's.")],
    cluster_file: Annotated[Path, typer.Option("--cluster", metavar="KUBERAY.yaml", help="Image, pods and volume.")],
    name: Annotated[str | None, typer.Option(help="Another name than the file gives.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another value than a file's: retries=3, search.trials=50."),
    ] = None,
    cluster_only: Annotated[
        bool, typer.Option("--cluster-only", help="A RayCluster that stays, to hand sweeps in to, and no RayJob.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the manifests, and apply nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the manifests there, and apply nothing.")] = None,
) -> None:
    """Run the sweep as a RayJob on Kubernetes, whose pods come and go with the trials."""
    from cluster.launch.description import divided, read_description
    from cluster.launch.kuberay import apply, cluster_manifest, job_manifests, object_name
    from cluster.launch.kuberay_config import KubeRayCluster
    from cluster.launch.portable import portable_spec
    from search.spec.sweep_spec import load_spec
    from search.storage import checked_name

    of_cluster, of_sweep = divided(settings or (), KubeRayCluster)
    cluster = read_description(cluster_file, KubeRayCluster, of_cluster)
    spec = load_spec(spec_file, of_sweep)
    spec = spec.model_copy(update={"name": checked_name(name or spec.name)})
    text = (
        cluster_manifest(spec.name, cluster)
        if cluster_only
        else job_manifests(spec, portable_spec(spec_file, of_sweep), cluster)
    )
    if dry_run:
        typer.echo(text, nl=False)
        return
    if out is not None:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"{out}: kubectl apply -f {out}")
        return
    typer.echo(apply(text), nl=False)
    there = f"--storage {cluster.shared.sweeps}"
    kubectl, name_there = f"kubectl -n {cluster.namespace}", object_name(spec.name)
    if not cluster_only:
        typer.echo(f"to follow it   {kubectl} logs -f job/{name_there}")
        typer.echo(f"to stop it     {kubectl} delete rayjob {name_there}   # the same command as now then goes on")
        return
    secret = (
        f"$({kubectl} get secret {cluster.token_secret or name_there} -o jsonpath={{.data.auth_token}} | base64 -d)"
    )
    typer.echo(f"a tunnel       {kubectl} port-forward service/{name_there}-head-svc 8265:8265")
    typer.echo(f"then hand in   export RAY_AUTH_MODE=token RAY_AUTH_TOKEN={secret}")
    typer.echo(f"               huetune cluster submit {spec_file} --address http://127.0.0.1:8265 {there}")
    typer.echo(f"to end it      {kubectl} delete raycluster {name_there}")
