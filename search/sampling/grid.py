"""Every point of a space of finitely many, one after the other."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from search.spec.space import Space
from search.twins import point_key


class GridSampler(BaseSampler):
    """Takes the first point of the space's grid that no trial of the study has, whichever way that one came about."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        self._point = self._choose(study, trial.system_attrs.get("fixed_params", {}))
        return dict(self._space.distributions(self._point))

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {path: self._point[path] for path in search_space}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        raise AssertionError(f"the grid has no {param_name}")

    def _choose(self, study: Study, fixed: Mapping[str, Any]) -> Mapping[str, Any]:
        """A point with these values, an untried one if there is one."""
        for point in itertools.chain(untried(self._space, study), self._points()):
            if fixed.items() <= point.items():
                return point
        # Some of these values exclude others by their conditions: the others are left out.
        agreeing = (
            point for point in self._points() if all(point.get(path, fixed[path]) == fixed[path] for path in fixed)
        )
        return next(agreeing)

    def _points(self) -> Iterator[Mapping[str, Any]]:
        return map(self._space.searched, self._space.grid())


def untried(space: Space, study: Study) -> Iterator[dict[str, Any]]:
    """The searched values of each point of the grid that no trial of the study has, in the grid's order."""
    tried = {point_key(trial.params) for trial in study.get_trials(deepcopy=False)}
    for point in map(space.searched, space.grid()):
        if point_key(point) not in tried:
            yield point
