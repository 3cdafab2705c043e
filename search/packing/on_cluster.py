"""The measuring on a cluster: on one node for each kind of GPU, before the first trial."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from search.driver.connection import connected
from search.driver.ledger import Ledger
from search.errors import SweepError
from search.packing.choose import Limit, limit_of_cpus, share_of
from search.packing.show import copies_for_all, show_packing
from search.preflight.nodes import NoAnswer, Node, ask, living_nodes
from search.preflight.ready import require_ready_nodes
from search.records import Packing, SweepRecord
from search.spec.sweep_spec import SweepSpec
from search.staging.of_sweep import staging_of
from search.staging.on_node import Staging

TIMEOUT_S = 1800.0
"""With the copying of the photos to the node, and its waiting for a GPU that others use."""
Measure = Callable[[SweepSpec, SweepRecord, str, Limit], Packing]


def settle_packing(ledger: Ledger, folder: Path, address: str | None, console: Console) -> None:
    """Where a sweep leaves its share of a GPU to be measured, measure it, and write it down with what was found.

    Raises:
        SweepError: no node has a GPU and the CPUs of a trial, one does not answer, or no trial fits.
    """
    if ledger.spec.resources.gpu != "auto":
        return
    whole = with_gpu(ledger.spec, 1.0)
    with connected(address):
        nodes = one_of_each_kind(living_nodes(), whole.resources.cpu)
        require_ready_nodes(whole, ledger.record, folder, address)
        names = ", ".join(node.name for node in nodes)
        text = f"measuring how many trials should share a GPU, on {names}; this takes some minutes"
        console.print(text, highlight=False, markup=False, soft_wrap=True)
        with staging_of(whole) as staging:
            packings = measured_on(nodes, whole, ledger.record, staging, measured_on_gpu)
    show_packing(packings, console)
    ledger.set_packing(packings, share_of(copies_for_all(packings)))


def with_gpu(spec: SweepSpec, gpu: float) -> SweepSpec:
    """The same sweep whose trials are given so much of a GPU."""
    return spec.model_copy(update={"resources": spec.resources.model_copy(update={"gpu": gpu})})


def one_of_each_kind(nodes: Sequence[Node], cpu: int) -> list[Node]:
    """The first node with each kind of GPU, as Ray names them.

    Raises:
        SweepError: none has a GPU, and so many CPUs as a trial takes.
    """
    found: dict[str, Node] = {}
    for node in nodes:
        if node.resources.get("GPU", 0) >= 1 and node.resources.get("CPU", 0) >= cpu:
            found.setdefault(_kind(node), node)
    if not found:
        has = {f"{node.resources.get('CPU', 0):g} CPU, {node.resources.get('GPU', 0):g} GPU" for node in nodes}
        raise SweepError(
            f"resources: gpu: auto is measured on a node with {cpu} CPU and a GPU, but the nodes have "
            f"{'; '.join(sorted(has))}; ask for less cpu, give gpu: 0, or name a cluster with GPUs by --address"
        )
    return [*found.values()]


def _kind(node: Node) -> str:
    return " ".join(sorted(name for name in node.resources if name.startswith("accelerator_type:")))


def measured_on(
    nodes: Sequence[Node], spec: SweepSpec, record: SweepRecord, staging: Staging | None, measure: Measure
) -> list[Packing]:
    """What was measured on each of the nodes, all at once. spec: its trials have a whole GPU.

    Raises:
        SweepError: a node does not answer, or no trial fits there.
    """
    cpu = spec.resources.cpu
    limits = {node: limit_of_cpus(node.resources["CPU"], node.resources["GPU"], cpu) for node in nodes}
    questions = {node: (spec, record, node.name, limits[node], staging, measure) for node in nodes}
    lent = cpu * max(1, min(limit.copies for limit in limits.values()))
    packings = []
    for node, answer in ask(questions, _measured_there, TIMEOUT_S, cpu=lent, gpu=1, own_process=True):
        if not isinstance(answer, Packing):
            reason = str(answer.finding) if isinstance(answer, NoAnswer) else answer
            raise SweepError(
                f"resources: gpu: auto could not be measured on {node.name}: {reason}; mend that, or give a number"
            )
        packings.append(answer)
    return sorted(packings, key=lambda packing: packing.node)


def _measured_there(
    spec: SweepSpec, record: SweepRecord, node: str, cpus: Limit, staging: Staging | None, measure: Measure
) -> Packing | str:
    """On the node: what was measured, or why nothing was."""
    from data.errors import HuetuneError

    try:
        if staging is not None:
            staging.bring(lambda _, text: print(text))
        return measure(spec, record, node, cpus)
    except HuetuneError as error:
        return str(error)


def measured_on_gpu(spec: SweepSpec, record: SweepRecord, node: str, cpus: Limit) -> Packing:
    """On the GPU that this process was lent."""
    import torch

    from search.packing.on_node import measured_packing

    if not torch.cuda.is_available():
        raise SweepError("torch sees no GPU there, and Ray counts one")
    return measured_packing(spec, record, node, cpus, torch.device("cuda"))
