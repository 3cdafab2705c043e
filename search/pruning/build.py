"""The pruner that a sweep file asks for."""

from collections.abc import Callable

from search.pruning.asha import asha
from search.pruning.axes import axes_of
from search.pruning.hyperband import Hyperband
from search.pruning.median import MedianStopping
from search.pruning.pareto_asha import ParetoAsha
from search.pruning.pb2 import PopulationBandit
from search.pruning.pbt import Perturbation
from search.pruning.population import Explorer, PopulationBasedTraining
from search.pruning.pruner import Pruner
from search.spec.rungs import rung_epochs
from search.spec.sections import PruningKind
from search.spec.sweep_spec import SweepSpec


def build_pruner(spec: SweepSpec, longest_epochs: int) -> Pruner | None:
    """longest_epochs: of the longest training that the sweep can have. None: nothing is pruned."""
    return PRUNERS[spec.pruning.kind](spec, longest_epochs)


def _rungs(spec: SweepSpec, longest_epochs: int) -> tuple[int, ...]:
    return rung_epochs(spec.pruning.grace, spec.pruning.reduction, longest_epochs)


def _metric(spec: SweepSpec) -> tuple[str, str]:
    """The objective to compare by, and its direction."""
    name = spec.pruning.metric or next(iter(spec.objectives))
    return name, spec.objectives[name]


def _pareto_asha(spec: SweepSpec, longest_epochs: int) -> Pruner:
    pruning = spec.pruning
    return ParetoAsha(spec.objectives, _rungs(spec, longest_epochs), pruning.reduction, pruning.spread)


def _asha(spec: SweepSpec, longest_epochs: int) -> Pruner:
    return asha(*_metric(spec), _rungs(spec, longest_epochs), spec.pruning.reduction)


def _median(spec: SweepSpec, longest_epochs: int) -> Pruner:
    return MedianStopping(*_metric(spec), spec.pruning.grace, longest_epochs)


def _hyperband(spec: SweepSpec, longest_epochs: int) -> Pruner:
    return Hyperband(*_metric(spec), _rungs(spec, longest_epochs), spec.pruning.reduction)


def _pbt(spec: SweepSpec, longest_epochs: int) -> Pruner:
    return _population(spec, longest_epochs, Perturbation(axes_of(spec.parsed_space.dimensions), spec.search.seed))


def _pb2(spec: SweepSpec, longest_epochs: int) -> Pruner:
    return _population(spec, longest_epochs, PopulationBandit(axes_of(spec.parsed_space.dimensions), spec.search.seed))


def _population(spec: SweepSpec, longest_epochs: int, explorer: Explorer) -> Pruner:
    return PopulationBasedTraining(
        spec.objectives,
        size=spec.search.trials + len(spec.search.enqueue),
        interval=spec.pruning.interval,
        quantile=spec.pruning.quantile,
        seed=spec.search.seed,
        last_epoch=longest_epochs,
        explorer=explorer,
    )


PRUNERS: dict[PruningKind, Callable[[SweepSpec, int], Pruner | None]] = {
    "pareto-asha": _pareto_asha,
    "asha": _asha,
    "median": _median,
    "hyperband": _hyperband,
    "pbt": _pbt,
    "pb2": _pb2,
    "none": lambda spec, longest_epochs: None,
}
