"""Asynchronous successive halving on one metric (Li et al. 2020, "A system for massively parallel tuning")."""

from collections.abc import Iterable

from search.pruning.pareto_asha import ParetoAsha


def asha(metric: str, direction: str, rungs: Iterable[int], reduction: int) -> ParetoAsha:
    """Among one objective alone the fronts are the places; the rule for the first ones is the same too."""
    return ParetoAsha({metric: direction}, rungs, reduction)
