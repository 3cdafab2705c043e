"""What pruning saved, and whether it can have been wrong."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from analysis.effects.doubts import Doubts, doubts
from analysis.effects.effort import Saving, saving
from analysis.effects.foresight import Foresight, foresight
from analysis.effects.sample import Samples
from search.records import Sweep
from search.spec.constraints import Constraint


@dataclass(frozen=True)
class Pruning:
    """What pruning did in a sweep."""

    num_pruned: int
    saved: Saving
    pruned_at: dict[float, int]
    """Trials by the epoch after which they were pruned, in rising order."""
    foresight: dict[str, tuple[Foresight, ...]]
    """By objective, in the order of epochs; empty: too few complete trials."""
    doubts: Doubts | None
    """None: too few complete trials to judge by."""


def pruning(
    sweep: Sweep, samples: Samples, objectives: Mapping[str, str], constraints: Collection[Constraint] = ()
) -> Pruning | None:
    """What pruning did; None: nothing was pruned."""
    pruned = [trial for trial in sweep.trials if trial.state.state == "pruned" and trial.start.repeat_of is None]
    if not pruned:
        return None
    at = Counter(round(trial.final.epoch, 6) for trial in pruned if trial.final)
    found = {name: foresight(samples.end, name) for name in objectives}
    saved, doubted = saving(pruned, sweep), doubts(samples, objectives, constraints)
    return Pruning(len(pruned), saved, dict(sorted(at.items())), found, doubted)
