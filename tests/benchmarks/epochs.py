"""How many epochs each way to search takes to find nearly all that there is to find in the recorded table."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from benchmarks.curves import Curve, Origin
from benchmarks.simulation import Completion, shares, simulate

from models.evaluation import DIRECTIONS
from search.spec.sweep_spec import SweepSpec, parse_spec

COLOUR = "l1"
"""The metric of colours beside accuracy. It hardly agrees with that (their ranks correlate by .15, those of LPIPS by
.37), and its ranks after a few epochs say more of those in the end."""
TARGET = 0.95
"""Of the hypervolume of all recorded configurations."""
BUDGETS = (500, 1000, 2000)
"""Epochs at which the share of the hypervolume is told."""
NO_PRUNING = {"kind": "none"}


def methods(colour: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Sampler and pruning, by what they are called together."""
    return {
        "random": ("random", NO_PRUNING),
        "tpe": ("tpe", NO_PRUNING),
        **{f"tpe + asha on {name}": ("tpe", {"kind": "asha", "metric": name}) for name in (colour, "accuracy")},
        "tpe + pareto-asha": ("tpe", {"kind": "pareto-asha"}),
        "tpe + pareto-asha, epsilon-net": ("tpe", {"kind": "pareto-asha", "spread": "epsilon-net"}),
        "random + pareto-asha": ("random", {"kind": "pareto-asha"}),
    }


@dataclass(frozen=True)
class Search:
    """What one sweep found: the share of the hypervolume after each complete trial."""

    found: list[Completion]
    shares: list[float]

    def epochs_to(self, target: float) -> int | None:
        """None: all configurations were tried, and too many of the good ones pruned."""
        return next(
            (one.num_epochs for one, share in zip(self.found, self.shares, strict=True) if share >= target), None
        )

    def share_after(self, num_epochs: int) -> float:
        known = list(
            takewhile(lambda pair: pair[0].num_epochs <= num_epochs, zip(self.found, self.shares, strict=True))
        )
        return known[-1][1] if known else 0.0


def sweep_spec(origin: Origin, colour: str, sampler: str, pruning: Mapping[str, Any], seed: int) -> SweepSpec:
    content = {
        "name": "table",
        "data": {"train": "train.beton", "val": "val.beton"},
        "objectives": {colour: DIRECTIONS[colour], "accuracy": "max"},
        "base": {name: section for name, section in origin.base.items() if name != "data"},
        "space": origin.space,
        "search": {"sampler": sampler, "trials": 1000, "seed": seed},
        "pruning": dict(pruning),
    }
    return parse_spec(content)


def search(origin: Origin, curves: Sequence[Curve], spec: SweepSpec, num_workers: int) -> Search:
    found = list(simulate(curves, spec, origin.num_epochs, num_workers))
    return Search(found, shares(found, curves, spec.objectives))


def compare(
    origin: Origin, curves: Sequence[Curve], colour: str, grace: int, num_seeds: int, num_workers: int
) -> Iterator[tuple[str, list[Search]]]:
    """The sweeps of each method, one for each seed."""
    for method, (sampler, pruning) in methods(colour).items():
        rungs = {} if pruning == NO_PRUNING else {"grace": grace, "reduction": 3}
        specs = [sweep_spec(origin, colour, sampler, pruning | rungs, seed) for seed in range(num_seeds)]
        yield method, [search(origin, curves, spec, num_workers) for spec in specs]


def summary(sweeps: Sequence[Search], num_epochs_in_all: int) -> Mapping[str, str]:
    """One line of the table. A sweep that never gets there counts as if it had trained all configurations."""
    epochs = [sweep.epochs_to(TARGET) for sweep in sweeps]
    counted = [num_epochs_in_all if one is None else one for one in epochs]
    row = {
        f"epochs to {TARGET:.0%}": _mean_and_error(counted, "{:,.0f}"),
        "get there": f"{sum(one is not None for one in epochs)} of {len(epochs)}",
    }
    for budget in BUDGETS:
        row[f"share after {budget:,}"] = _mean_and_error([sweep.share_after(budget) for sweep in sweeps], "{:.3f}")
    row["in the end"] = _mean_and_error([sweep.shares[-1] for sweep in sweeps], "{:.3f}")
    row["epochs in all"] = _mean_and_error([sweep.found[-1].num_epochs for sweep in sweeps], "{:,.0f}")
    return row


def _mean_and_error(values: Sequence[float], style: str) -> str:
    """Mean and standard error of the mean."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{style.format(statistics.fmean(values))} ± {style.format(error)}"
