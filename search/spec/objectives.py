"""What it takes to measure each metric that a sweep can have as an objective."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.config.section import Task
from models.config.trial import TrialConfig
from models.evaluation import DIRECTIONS, OF_LABELS
from search.errors import Place, SpecError
from search.spec.explain import nearest, shown


@dataclass(frozen=True)
class Need:
    """A metric that only some configurations have."""

    met: Callable[[TrialConfig], bool]
    otherwise: str
    """What is missing, and how to mend it."""


_HEAD = "needs a classification head that learns the labels; set loss.classification above 0, and no loss.teacher"
NEEDS: dict[str, Need] = {
    "fid": Need(lambda config: config.evaluation.fid_images > 0, "needs photos; set evaluation.fid_images above 0"),
    "kid": Need(lambda config: config.evaluation.kid, "is not measured; set evaluation.kid to true"),
    "lpips": Need(lambda config: config.evaluation.lpips is not None, "needs a network; set evaluation.lpips to alex"),
    "classifier_top1": Need(lambda config: bool(config.evaluation.classifier), "needs evaluation.classifier: vgg16"),
    "classifier_agreement": Need(
        lambda config: bool(config.evaluation.classifier), "needs evaluation.classifier: vgg16"
    ),
    "accuracy": Need(lambda config: config.loss.teacher is None, _HEAD),
    "macro_f1": Need(lambda config: config.loss.teacher is None, _HEAD),
    "teacher_agreement": Need(lambda config: config.loss.teacher is not None, "needs a teacher; set loss.teacher"),
}
"""Beyond the task that the metric is of."""

_CLASSIFICATION = {"accuracy", "macro_f1", "teacher_agreement"}


def task_of(metric: str) -> Task:
    return "classification" if metric in _CLASSIFICATION else "colorization"


def check_objectives(objectives: Mapping[str, str], configs: Sequence[TrialConfig]) -> None:
    """Raise SpecError unless each of `configs` measures every objective, in a way that compares."""
    for name, direction in objectives.items():
        at = ("objectives", name)
        if name not in DIRECTIONS:
            raise SpecError(f"objectives: unknown metric {shown(name)}; {nearest(name, list(DIRECTIONS))}", at)
        if direction != DIRECTIONS[name]:
            raise SpecError(f"objectives: {name} is to be {direction}, but better is {DIRECTIONS[name]}; change it", at)
        check_measured("objectives", name, configs, at)


def check_measured(section: str, metric: str, configs: Sequence[TrialConfig], at: Place) -> None:
    """Raise SpecError unless each of `configs` measures a metric that `section` asks for, in a way that compares."""
    if any(task_of(metric) not in config.tasks for config in configs):
        weight = "classification" if task_of(metric) == "classification" else "l1"
        raise SpecError(f"{section}: {metric} needs {task_of(metric)}; set loss.{weight} above 0 in all trials", at)
    need = NEEDS.get(metric)
    if need and not all(need.met(config) for config in configs):
        raise SpecError(f"{section}: {metric} {need.otherwise}, in all trials", at)
    if metric == "teacher_agreement" and len({config.loss.teacher for config in configs}) > 1:
        raise SpecError(
            f"{section}: teacher_agreement with different teachers does not compare; set one loss.teacher", at
        )


def check_labels(metrics: Iterable[str], num_labelled: int) -> None:
    """Raise SpecError if a metric of objectives or constraints is of labels, and no validation photo has one."""
    of_labels = [name for name in metrics if name in OF_LABELS]
    if of_labels and not num_labelled:
        raise SpecError(f"objectives: {of_labels[0]} needs labels, which no photo of data.val has; take another one")


def default_objectives(config: TrialConfig) -> dict[str, str]:
    """One for each task: what a single training is judged by."""
    names = []
    if "colorization" in config.tasks:
        names.append("fid" if config.evaluation.fid_images else "l1")
    if "classification" in config.tasks:
        names.append("teacher_agreement" if config.loss.teacher else "accuracy")
    return {name: DIRECTIONS[name] for name in names}
