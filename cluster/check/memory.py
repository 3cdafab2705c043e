"""Whether the largest trial of a sweep fits the nodes, by a few steps of its training on one node of each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.staged.place import own_stage
from search.preflight.finding import Finding
from search.preflight.nodes import NoAnswer, Node, ask
from search.preflight.ready import num_trials
from search.spec.sweep_spec import SweepSpec
from search.worker.own_folder import leave_vanished_folder

if TYPE_CHECKING:  # with torch
    from search.worker.peak import Peak

TIMEOUT_S = 300.0
NUM_STEPS = 2
Kind = str
"""The GPUs of a node in words; empty where trials train on the CPU."""


@dataclass(frozen=True)
class Room:
    """What a node has for trials."""

    kind: Kind
    free_ram_bytes: int
    gpu_bytes: int
    """Of its smallest GPU."""


def memory_findings(
    spec: SweepSpec, choices: str, config: str, hashes: Mapping[str, str], rooms: Mapping[Node, Room]
) -> dict[Node, list[Finding]]:
    """Findings on each node, measured on the first of its kind.

    choices: of the largest trial, in words; config: its TrialConfig as JSON; hashes: of the .beton files by split;
    rooms: of nodes that have photos and weights.
    """
    first: dict[Kind, Node] = {}
    for node, room in rooms.items():
        first.setdefault(room.kind, node)
    given = (config, dict(hashes), spec.resources.cpu, spec.resources.num_gpus)
    asked = dict.fromkeys(first.values(), given)
    lent = (spec.resources.cpu, spec.resources.num_gpus)
    answers = dict(ask(asked, _measure, TIMEOUT_S, *lent, own_process=True))
    return {
        node: judged(spec, choices, answers[first[room.kind]], room, num_trials(spec, node))
        for node, room in rooms.items()
    }


def _measure(config: str, hashes: Mapping[str, str], cpu: int, gpu: float) -> Peak | str | None:
    """On a node: the peak of a trial, or why it cannot be trained; None: its photos are not here."""
    leave_vanished_folder()
    from data.errors import HuetuneError
    from data.manifest import check_quick
    from models.config.trial import TrialConfig
    from search.worker.peak import measured_peak

    trial = TrialConfig.model_validate_json(config)
    trial = trial.model_copy(update={"data": trial.data.model_copy(update=_copies(hashes))})
    if not all(path.exists() for path in trial.data.training_files.values()):
        return None
    try:
        manifests = {name: check_quick(path) for name, path in trial.data.training_files.items()}
        return measured_peak(trial, manifests, cpu, gpu, NUM_STEPS)
    except HuetuneError as error:
        return str(error)


def _copies(hashes: Mapping[str, str]) -> dict[str, Path]:
    """The node's own copies of photos, by split."""
    stage = own_stage()
    if stage is None:
        return {}
    return {split: stage.file(kept) for split, sha256 in hashes.items() if (kept := stage.entry(sha256))}


def judged(
    spec: SweepSpec, choices: str, peak: Peak | str | NoAnswer | None, room: Room, at_once: int
) -> list[Finding]:
    """What is said of a node.

    peak: of the largest trial, which has these choices, or why there is none; at_once: the trials that the node has
    room for by its CPUs and GPUs.
    """
    if peak is None:
        return [Finding("memory", "not measured", note="the photos are not here yet: `huetune cluster stage`")]
    if isinstance(peak, NoAnswer) and peak.late:
        return [Finding("memory", f"not measured within {TIMEOUT_S:g} s", note="is the cluster lent to others?")]
    if isinstance(peak, NoAnswer | str):
        reason = peak if isinstance(peak, str) else peak.finding.seen
        return [
            Finding("memory", f"{reason} (with {choices})", "lower data.batch_size, give trials more, or mend that")
        ]
    findings = [_ram(choices, peak, room, min(at_once, spec.resources.concurrent or at_once))]
    if spec.resources.num_gpus:
        findings.append(_gpu(choices, peak, room, spec.resources.num_gpus))
    return findings


def _ram(choices: str, peak: Peak, room: Room, at_once: int) -> Finding:
    needed = peak.ram_bytes * at_once
    largest = f"the largest trial ({choices}) takes {_gib(peak.ram_bytes)}"
    fault = "" if needed <= room.free_ram_bytes else "raise resources.cpu, or set resources.concurrent: fewer at once"
    return Finding("memory", f"{largest}; {at_once} at once, {_gib(room.free_ram_bytes)} free", fault)


def _gpu(choices: str, peak: Peak, room: Room, share: float) -> Finding:
    """It trained within its share, on a GPU of this kind: what is left to see is that as many fit side by side."""
    from search.worker.device import CUDA_CONTEXT_BYTES

    beside = int(1 / share) if share <= 1 else 1
    needed = beside * (peak.gpu_bytes + CUDA_CONTEXT_BYTES)
    largest = f"the largest trial ({choices}) takes {_gib(peak.gpu_bytes)}"
    fault = "" if needed <= room.gpu_bytes else "raise resources.gpu: with what each process takes it is too small"
    return Finding("GPU memory", f"{largest}; {beside} at once on each of {_gib(room.gpu_bytes)}", fault)


def _gib(num_bytes: int) -> str:
    return f"{num_bytes / 2**30:.1f} GiB"


def kind_of(gpus: Sequence[tuple[str, int]]) -> Kind:
    """gpus: name and bytes of each."""
    return ", ".join(sorted({f"{name}, {_gib(num_bytes)}" for name, num_bytes in gpus}))
