"""The check of a cluster, stage by stage: what costs little first, and nothing of nodes that gave no answer."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cluster.check.clocks import clock_findings
from cluster.check.memory import Room, kind_of, memory_findings
from cluster.check.node import View, look_around, look_closer
from cluster.check.packing import with_known_share
from cluster.check.report import Report
from cluster.check.sharing import sharing_findings
from data.errors import HuetuneError
from data.manifest import Manifest, check_quick
from search.driver.connection import connected, require_resources
from search.driver.preparation import checked_data
from search.preflight.finding import Finding
from search.preflight.nodes import NoAnswer, Node, ask, living_nodes
from search.preflight.ready import asked_question, for_node, num_trials
from search.preflight.source import all_needed
from search.spec.sweep_spec import SweepSpec

TIMEOUT_S = 120.0
WHOLE_FILES_TIMEOUT_S = 3600.0
"""Where the nodes hash all of the photos."""
DRIVER = "the driver, this process"
Say = Callable[[str], None]
Found = dict[Node, list[Finding]]


def check_cluster(spec: SweepSpec, address: str | None, storage: Path, *, whole_files: bool, say: Say) -> Report:
    """Ask all nodes of the cluster at `address`.

    whole_files: compare all of the photos' bytes, not samples of them; say: is told what is being done.

    Raises:
        HuetuneError: no cluster there, or none of its nodes can hold a trial.
    """
    storage.mkdir(parents=True, exist_ok=True)
    spec, of_packing = with_known_share(spec, storage)
    with connected(address):
        require_resources(spec.resources.cpu, spec.resources.num_gpus)
        found: Found = {node: [_room(spec, node), *of_packing] for node in living_nodes()}
        manifests, of_driver = _data_of_driver(spec)
        views = _look(spec, storage, manifests, found, whole_files, say)
        say("comparing storage and clocks")
        _compare(storage, views, found)
        rooms = _look_closer(spec, views, found, say)
        if manifests.keys() == spec.data.files.keys() and not of_driver:
            well = {node: room for node, room in rooms.items() if not any(one.fault for one in found[node])}
            _measure(spec, manifests, well, found, say)
    named = {node.name: findings for node, findings in found.items()}
    return Report(named | ({DRIVER: of_driver} if of_driver else {}))


def _room(spec: SweepSpec, node: Node) -> Finding:
    has = f"{node.resources.get('CPU', 0):g} CPU, {node.resources.get('GPU', 0):g} GPU"
    if count := num_trials(spec, node):
        return Finding("room", f"{has}: {count} trials at once")
    wanted = f"{spec.resources.cpu} CPU and {spec.resources.num_gpus:g} GPU"
    return Finding("room", has, note=f"no trial will run here, as it takes {wanted}: nothing else is looked at")


def _data_of_driver(spec: SweepSpec) -> tuple[dict[str, Manifest], list[Finding]]:
    """The manifests of the photos that the driver has, and its faults."""
    manifests, faults = {}, []
    for split, beton in spec.data.files.items():
        try:
            manifests[split] = check_quick(beton)
        except HuetuneError as error:
            faults.append(Finding(f"data, {split}", str(error), "the driver reads it too: put it where that sees it"))
    if not faults:
        try:
            checked_data(spec)
        except HuetuneError as error:
            faults.append(Finding("sweep", "photos and trials do not fit together", str(error)))
    return manifests, faults


def _look(
    spec: SweepSpec, storage: Path, manifests: Mapping[str, Manifest], found: Found, whole_files: bool, say: Say
) -> dict[Node, View]:
    """What each node that answers sees; the findings are added to `found`."""
    nodes, views = [node for node in found if num_trials(spec, node)], {}
    hashes = {split: manifest.sha256 for split, manifest in manifests.items()}
    with asked_question(spec, hashes, storage, all_needed()) as question:
        questions = {node: (for_node(question, spec, node, whole_files),) for node in nodes}
        timeout_s = WHOLE_FILES_TIMEOUT_S if whole_files else TIMEOUT_S
        for number, (node, answer) in enumerate(ask(questions, look_around, timeout_s), start=1):
            say(f"looking: {number} of {len(nodes)} nodes have answered")
            if isinstance(answer, NoAnswer):
                found[node].append(answer.finding)
            else:
                found[node] += answer.findings
                views[node] = answer
    return views


def _compare(storage: Path, nodes: Iterable[Node], found: Found) -> None:
    nodes = list(nodes)
    sharing = [node for node in nodes if not any(one.subject == "storage" and one.fault for one in found[node])]
    for findings in (sharing_findings(storage, sharing), clock_findings(nodes)):
        for node, finding in findings.items():
            found[node].append(finding)


def _look_closer(spec: SweepSpec, views: Mapping[Node, View], found: Found, say: Say) -> dict[Node, Room]:
    """What nodes have for trials; the findings are added to `found`. Without GPUs and weights torch is not needed."""
    from models.pretrained import wanted_weights

    weights = sorted({wanted for config in spec.corner_configs for wanted in wanted_weights(config)})
    starts = sorted({config.start_from for config in spec.corner_configs if config.start_from})
    if not (weights or starts or spec.resources.num_gpus):
        return {node: Room("", view.free_ram_bytes, 0) for node, view in views.items()}
    say("looking at GPUs and weights")
    gpus = {node: int(node.resources.get("GPU", 0)) if spec.resources.num_gpus else 0 for node in views}
    rooms = {}
    questions = {node: (gpus[node], weights, starts) for node in views}
    for node, answer in ask(questions, look_closer, TIMEOUT_S, own_process=True):
        if isinstance(answer, NoAnswer):
            found[node].append(answer.finding)
        else:
            found[node] += answer.findings
            sizes = [(gpu.name, gpu.total_bytes) for gpu in answer.gpus]
            least = min((num_bytes for _, num_bytes in sizes), default=0)
            rooms[node] = Room(kind_of(sizes), views[node].free_ram_bytes, least)
    mark_other_weights(found)
    return rooms


def mark_other_weights(found: Found) -> None:
    """Where nodes have different weights under one name, those with the rarer ones are at fault."""
    counts = Counter((one.subject, one.seen) for findings in found.values() for one in findings if _is_weights(one))
    usual = {subject: seen for (subject, seen), _ in reversed(counts.most_common())}
    for findings in found.values():
        for place, one in enumerate(findings):
            if _is_weights(one) and one.seen != usual[one.subject]:
                fault = f"most nodes have {usual[one.subject]}: copy theirs here"
                findings[place] = Finding(one.subject, one.seen, fault)


def _is_weights(finding: Finding) -> bool:
    return finding.subject.startswith("weights, ") and not finding.fault


def _measure(
    spec: SweepSpec, manifests: Mapping[str, Manifest], rooms: Mapping[Node, Room], found: Found, say: Say
) -> None:
    from search.worker.largest import largest_trial

    say("training some steps of the largest trial")
    choices, config = largest_trial(spec, manifests)
    hashes = {split: manifest.sha256 for split, manifest in manifests.items()}
    for node, findings in memory_findings(spec, choices, config.model_dump_json(), hashes, rooms).items():
        found[node] += findings
