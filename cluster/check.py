"""Whether every node of a cluster has what a sweep needs, found out by a task on each node before anything starts."""

import tempfile
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Column, Table

from cluster.node import Finding, look_around
from search.driver.connection import connected, require_resources, trials_at_once
from search.driver.provenance import versions
from search.spec.sweep_spec import SweepSpec

NODE_TIMEOUT_S = 120


def check_cluster(spec: SweepSpec, address: str | None, storage: Path, console: Console) -> bool:
    """Print the findings on every node of the cluster at `address`; whether all are well.

    Raises:
        HuetuneError: no cluster there, or none of its nodes can hold a trial.
    """
    storage.mkdir(parents=True, exist_ok=True)
    with connected(address), tempfile.NamedTemporaryFile(dir=storage, prefix=".check-") as proof:
        require_resources(spec.resources.cpu, spec.resources.gpu)
        nodes = [node for node in ray.nodes() if node["Alive"]]
        asked = [_ask(node, spec, Path(proof.name)) for node in nodes]  # all at once
        quiet, well = not console.is_terminal, True
        pairs = track(list(zip(nodes, asked, strict=True)), "looking", console=console, disable=quiet, transient=True)
        for node, answer in pairs:
            findings = [_room(spec, node["Resources"]), *_findings(answer)]
            console.print(_table(node, findings))
            well = well and not any(finding.fault for finding in findings)
    return well


def _room(spec: SweepSpec, has: dict[str, float]) -> Finding:
    count = trials_at_once(has, spec.resources.cpu, spec.resources.gpu)
    return Finding("room", f"{has.get('CPU', 0):g} CPU, {has.get('GPU', 0):g} GPU: {count} trials at once")


def _ask(node: dict[str, Any], spec: SweepSpec, proof: Path) -> Any:
    """Start a task that looks around on that node and no other; with a sliver of a GPU, or Ray would hide them all."""
    here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    gpu = 0.01 if spec.resources.gpu and node["Resources"].get("GPU") else 0
    task = ray.remote(look_around).options(num_cpus=0, num_gpus=gpu, scheduling_strategy=here)
    return task.remote(spec, proof, versions())


def _findings(answer: Any) -> list[Finding]:
    try:
        findings: list[Finding] = ray.get(answer, timeout=NODE_TIMEOUT_S)
    except ray.exceptions.GetTimeoutError:
        return [Finding("answer", "none", f"no answer within {NODE_TIMEOUT_S} s; restart the node")]
    except ray.exceptions.RayError as error:
        return [Finding("answer", str(error).strip().splitlines()[-1], "look at the node's logs")]
    return findings


def _table(node: dict[str, Any], findings: list[Finding]) -> Table:
    fold = [Column(name, overflow="fold") for name in ("", "", "found", "to mend")]  # what is to be copied is never cut
    table = Table(*fold, title=f"node {node['NodeManagerAddress']}", title_justify="left")
    for finding in findings:
        verdict = "[red]fault[/red]" if finding.fault else "[green]well[/green]"
        table.add_row(finding.subject, verdict, escape(finding.seen), escape(finding.fault))
    return table
