"""Whether every node of a cluster has what a sweep needs, found out by a task on each node before anything starts."""

import tempfile
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from cluster.node import Finding, look_around
from search.connection import connected, require_resources
from search.provenance import versions
from search.spec import SweepSpec

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
        quiet = not console.is_terminal
        well = True
        for node in track(nodes, "looking at the nodes", console=console, disable=quiet, transient=True):
            findings = [_trials_at_once(spec, node["Resources"]), *_ask(node["NodeID"], spec, Path(proof.name))]
            console.print(_table(node, findings))
            well = well and not any(finding.fault for finding in findings)
    return well


def _trials_at_once(spec: SweepSpec, has: dict[str, float]) -> Finding:
    wants = {"CPU": spec.resources.cpu, "GPU": spec.resources.gpu}
    count = min(int(has.get(name, 0) / amount) for name, amount in wants.items() if amount)
    return Finding("room", f"{has.get('CPU', 0):g} CPU, {has.get('GPU', 0):g} GPU: {count} trials at once")


def _ask(node_id: str, spec: SweepSpec, proof: Path) -> list[Finding]:
    """The findings of a task that runs on that node and no other."""
    here = NodeAffinitySchedulingStrategy(node_id, soft=False)
    task = ray.remote(look_around).options(num_cpus=0, scheduling_strategy=here)
    try:
        findings: list[Finding] = ray.get(task.remote(spec, proof, versions()), timeout=NODE_TIMEOUT_S)
    except ray.exceptions.GetTimeoutError:
        return [Finding("answer", "none", f"no answer within {NODE_TIMEOUT_S} s; restart the node")]
    except ray.exceptions.RayError as error:
        return [Finding("answer", str(error).strip().splitlines()[-1], "look at the node's logs")]
    return findings


def _table(node: dict[str, Any], findings: list[Finding]) -> Table:
    table = Table("", "", "found", "to mend", title=f"node {node['NodeManagerAddress']}", title_justify="left")
    for finding in findings:
        verdict = "[red]fault[/red]" if finding.fault else "[green]well[/green]"
        table.add_row(finding.subject, verdict, escape(finding.seen), escape(finding.fault))
    return table
