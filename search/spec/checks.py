"""What the sections of a sweep file must have to do with one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from data.config import FILES
from models.config.evaluation import EvaluationConfig
from models.config.trial import TrialConfig
from search.errors import SpecError
from search.spec.constraints import parse_constraints
from search.spec.explain import nearest, shown
from search.spec.objectives import check_measured, check_objectives
from search.spec.overrides import dotted_paths, unknown_path
from search.spec.points import enqueued_points
from search.spec.population import check_population
from search.spec.ranges import Choice
from search.spec.rungs import POPULATIONS, check_rungs

if TYPE_CHECKING:
    from search.spec.sweep_spec import SweepSpec

SAME_FOR_ALL = {
    **dict.fromkeys((*(f"data.{name}" for name in FILES), "data.image_size"), "data"),
    **{f"evaluation.{name}": "base" for name in EvaluationConfig.model_fields},
}
"""Paths that no sweep searches, because what is measured on other photos or in another way does not compare, and where
to set them."""


def check_spec(spec: SweepSpec) -> None:
    """Raise SpecError unless every trial of the sweep can be built and measured, and its sections fit together."""
    _check_paths(spec)
    configs = spec.corner_configs
    check_objectives(dict(spec.objectives), configs)
    for number, constraint in enumerate(parse_constraints(spec.constraints)):
        check_measured("constraints", constraint.metric, configs, ("constraints", number))
    check_limits(spec)
    _check_sampler(spec)
    check_rungs(spec.pruning, dict(spec.objectives), configs, num_photos=None)
    if spec.pruning.kind in POPULATIONS:
        check_population(spec)
    enqueued_points(spec)


def _check_paths(spec: SweepSpec) -> None:
    known = dotted_paths(TrialConfig, spec.base)
    for path, entry in spec.space.items():
        at = ("space", path)
        if path in SAME_FOR_ALL and (isinstance(entry, list | dict) or path.startswith("data.")):
            raise SpecError(
                f"space: {path} must be the same for all trials, or they do not compare; "
                f"set it in {SAME_FOR_ALL[path]}",
                at,
            )
        if path not in known:
            raise SpecError(f"space: unknown key {path}; {unknown_path(path, known, spec.base)}", at)
        _require_sections(spec.base, path.split("."))


def _require_sections(base: Any, keys: Sequence[str]) -> None:
    """Raise SpecError if a value of the base stands where the space has a section: it would be replaced unseen."""
    for number, key in enumerate(keys):
        if not isinstance(base, dict) and not (isinstance(base, list) and key.isdecimal()):
            path = ".".join(["base", *keys[:number]])
            raise SpecError(
                f"{path} is {shown(base)}, no section; give its keys with their values", ("base", *keys[:number])
            )
        if isinstance(base, dict) and key not in base:
            return
        base = base[key] if isinstance(base, dict) else base[int(key)]


def _check_metrics(spec: SweepSpec) -> None:
    objectives = list(spec.objectives)
    for name in spec.budget.target or ():
        if name not in objectives:
            raise SpecError(
                f"budget.target: {name} is no objective; {nearest(name, objectives)}", ("budget", "target", name)
            )
    metric = spec.pruning.metric
    if metric is not None and metric not in objectives:
        raise SpecError(
            f"pruning.metric: {metric} is no objective; {nearest(metric, objectives)}", ("pruning", "metric")
        )


def check_limits(spec: SweepSpec) -> None:
    """Raise SpecError unless its limits can be reached: what can change while a sweep runs."""
    _check_metrics(spec)
    trials = ("search", "trials")
    if not spec.space and spec.search.trials > 1:
        raise SpecError(f"space: there is nothing to search in {spec.search.trials} trials; give a range", trials)
    if spec.budget.gpu_hours is not None and not spec.resources.gpu:
        raise SpecError(
            "budget.gpu_hours: would never be spent, since resources.gpu is 0; give hours instead",
            ("budget", "gpu_hours"),
        )


def _check_sampler(spec: SweepSpec) -> None:
    if spec.search.sampler == "grid":
        _check_grid(spec)
    if spec.search.sampler == "cmaes":
        _check_cmaes(spec)


def _check_grid(spec: SweepSpec) -> None:
    spec.parsed_space.grid()
    size = spec.parsed_space.size()
    assert size is not None
    if spec.search.trials > size:
        raise SpecError(
            f"search.trials: {spec.search.trials} are more than the {size} points of the grid; lower it to {size}",
            ("search", "trials"),
        )


def _check_cmaes(spec: SweepSpec) -> None:
    """Of what it does not know Optuna's draws at random, and says nothing."""
    at = ("search", "sampler")
    if len(spec.objectives) > 1:
        raise SpecError(
            f"search.sampler: cmaes knows one objective, and there are {len(spec.objectives)}; take tpe or nsga2", at
        )
    for dimension in spec.parsed_space.dimensions:
        if isinstance(dimension.range, Choice):
            raise SpecError(
                f"search.sampler: cmaes knows ranges of numbers, and {dimension.path} is a choice; take tpe, or fix it",
                at,
            )
