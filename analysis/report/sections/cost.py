"""What the sweep cost: by what became of its trials, by node, and for the best one."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.certainty.verdict import STATES
from analysis.report.section import Section, Subject
from analysis.report.stretches import Stretch, stretches
from search.packing.show import packing_lines
from search.records import Sweep, Trial

MAX_NODES = 100


@dataclass(frozen=True)
class Share:
    """What some trials cost."""

    what: str
    num_trials: int
    training_s: float
    """Wall-clock seconds of training and validation up to their last evaluations."""
    gpu_s: float
    """The same times the GPUs that each of them held."""
    part: float
    """Of the whole sweep: of its GPU time or, where no GPU was held, of its training time."""


@dataclass(frozen=True)
class Node:
    """What a node did."""

    name: str
    num_attempts: int
    num_failed: int
    """Attempts that ended by a failure, the loss of the node included."""
    held_s: float
    """Seconds for which its slots were held."""


def cost_section(subject: Subject) -> Section | None:
    sweep = subject.sweep
    shares = cost_by_state(sweep)
    if not shares:
        return None
    nodes = cost_by_node(sweep)
    best = subject.ranking.ranked[0].trial if subject.ranking.ranked else None
    content = {
        "shares": shares,
        "total": _share("all", list(sweep.trials), sweep),
        "nodes": nodes[:MAX_NODES],
        "num_nodes": len(nodes),
        "held_s": sum(node.held_s for node in nodes),
        "best": _share(f"trial {best.number}", [best], sweep) if best else None,
        "gpu": num_gpus(sweep),
        "packings": sweep.record.packing,
        "packing_lines": packing_lines(sweep.record.packing),
    }
    return Section("cost", "Cost", content)


def cost_by_state(sweep: Sweep) -> list[Share]:
    """A share for each state that trials are in, repeats apart; nothing if none has trained."""
    searched = [trial for trial in sweep.trials if trial.start.repeat_of is None]
    groups: dict[str, list[Trial]] = {
        state: [trial for trial in searched if trial.state.state == state] for state in STATES
    }
    groups["repeats"] = [trial for trial in sweep.trials if trial.start.repeat_of is not None]
    shares = [_share(what, trials, sweep) for what, trials in groups.items() if trials]
    return shares if any(share.training_s for share in shares) else []


def cost_by_node(sweep: Sweep) -> list[Node]:
    """Nodes, the one that was held longest first."""
    by_node: dict[str, list[Stretch]] = {}
    for stretch in stretches(sweep):
        by_node.setdefault(stretch.node, []).append(stretch)
    nodes = (
        Node(
            name or "unknown",
            len(found),
            sum(stretch.outcome in ("failed", "node lost") for stretch in found),
            sum(stretch.duration_s for stretch in found),
        )
        for name, found in by_node.items()
    )
    return sorted(nodes, key=lambda node: (-node.held_s, node.name))


def num_gpus(sweep: Sweep) -> float:
    """GPUs that each trial holds."""
    return sweep.record.num_gpus


def gpu_seconds(trials: Iterable[Trial], gpu: float) -> float:
    """GPU time of trials that hold so many GPUs each.

    A state says it once an attempt is over; of a trial that runs, the evaluations so far do.
    """
    return sum(max(trial.state.gpu_seconds, trial.final.seconds * gpu if trial.final else 0.0) for trial in trials)


def _share(what: str, trials: list[Trial], sweep: Sweep) -> Share:
    training_s, whole_training_s = _training_s(trials), _training_s(sweep.trials)
    gpu_s, whole_gpu_s = (gpu_seconds(some, num_gpus(sweep)) for some in (trials, sweep.trials))
    part = gpu_s / whole_gpu_s if whole_gpu_s else training_s / (whole_training_s or 1.0)
    return Share(what, len(trials), training_s, gpu_s, part)


def _training_s(trials: Iterable[Trial]) -> float:
    return sum(trial.final.seconds for trial in trials if trial.final)
