"""The quick part of the check, by which a sweep on a cluster begins."""

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from search.driver.connection import trials_at_once
from search.errors import SweepError
from search.preflight.finding import Finding
from search.preflight.look import Photos, Question, look
from search.preflight.nodes import NoAnswer, Node, ask, living_nodes
from search.preflight.source import code_hash, results_depend_on
from search.records import SweepRecord
from search.spec.sweep_spec import SweepSpec

TIMEOUT_S = 180.0
_SHOWN = 3
"""Nodes that are named; the rest are counted."""


def require_ready_nodes(spec: SweepSpec, record: SweepRecord, folder: Path, address: str | None) -> None:
    """Ask the nodes that have room for a trial whether they see what the driver sees.

    folder: of the sweep's records, in which nothing is left; address: None where Ray was started for this sweep.

    Raises:
        SweepError: a node does not answer, has other versions, a full disk or no GPU where Ray counts one, or does not
            see the sweep's folder or photos. It names the nodes.
    """
    living = living_nodes()
    if address is None and len(living) == 1:
        return  # this machine alone, which the driver has looked at already
    nodes = [node for node in living if num_trials(spec, node)]
    hashes = {split: known["sha256"] for split, known in record.data.items()}
    with asked_question(spec, hashes, folder, results_depend_on()) as question:
        questions = {node: (for_node(question, spec, node),) for node in nodes}
        answers = {node: findings_of(answer) for node, answer in ask(questions, look, TIMEOUT_S)}
    faults = {node: [one for one in answers[node] if one.fault] for node in nodes}
    if any(faults.values()):
        raise SweepError(_in_words(faults))


def num_trials(spec: SweepSpec, node: Node) -> int:
    """How many trials of the sweep the node has room for."""
    return trials_at_once(dict(node.resources), spec.resources.cpu, spec.resources.num_gpus)


@contextmanager
def asked_question(
    spec: SweepSpec, hashes: Mapping[str, str], folder: Path, packages: Mapping[str, str]
) -> Iterator[Question]:
    """A question for all nodes, which can be asked while the driver's proof lies in the folder.

    hashes: SHA-256 of the .beton files by split, of those that are to be asked for; packages: versions by name.
    """
    content = secrets.token_hex(16)
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".preflight-") as proof:
        proof.write(content)
        proof.flush()
        Path(proof.name).chmod(0o644)  # the nodes may run as somebody else
        photos = tuple(
            Photos(split, path, hashes[split], path.stat().st_size)
            for split, path in spec.data.files.items()
            if split in hashes
        )
        yield Question(
            dict(packages),
            code_hash(),
            Path(proof.name),
            content,
            photos,
            staged=spec.resources.stage,
        )


def for_node(question: Question, spec: SweepSpec, node: Node, whole_files: bool = False) -> Question:
    """The question as that node is asked it; whole_files: with the hashes of all photos."""
    num_gpus = int(node.resources.get("GPU", 0)) if spec.resources.num_gpus else 0
    return replace(question, num_gpus=num_gpus, ray_folder=node.ray_folder, whole_files=whole_files)


def findings_of(answer: list[Finding] | NoAnswer) -> list[Finding]:
    """What a node has answered, or that it has not."""
    return [answer.finding] if isinstance(answer, NoAnswer) else answer


def _in_words(faults: Mapping[Node, list[Finding]]) -> str:
    """The first fault and all nodes that have it; the others are counted."""
    first = next(found[0] for found in faults.values() if found)
    alike = [node.name for node, found in faults.items() if first in found]
    named = ", ".join(alike[:_SHOWN]) + (f" and {len(alike) - _SHOWN} more" if len(alike) > _SHOWN else "")
    others = len({(node, one) for node, found in faults.items() for one in found if one != first})
    more = f" ({others} more faults; `huetune cluster check` lists all)" if others else ""
    return f"node{'s' if len(alike) > 1 else ''} {named}: {first}{more}"
