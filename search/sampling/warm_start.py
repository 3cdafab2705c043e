"""What a sampler learns from the records of other sweeps, before it has any of its own."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.evaluation import COSTLY
from search.errors import SweepError
from search.records import RecordsError, State, SweepRecord, Trial, read_sweep, read_sweep_record
from search.spec.ranges import Fixed, same
from search.spec.space import Assignment
from search.spec.sweep_spec import SweepSpec

_LEARNT_FROM: tuple[State, ...] = ("complete", "pruned", "diverged", "collapsed")
_MEASURED_WITH = ("evaluation.metric_space", "evaluation.eval_mode", "evaluation.dropout_at_eval", "data.image_size")
_NETWORKS = {
    "lpips": "evaluation.lpips",
    "classifier_top1": "evaluation.classifier",
    "classifier_agreement": "evaluation.classifier",
    "teacher_agreement": "loss.teacher",
}
"""Settings that only some metrics depend on."""


def check_warm_start(spec: SweepSpec, folder: Path, record: SweepRecord) -> None:
    """Raise SweepError unless the values of every sweep of search.warm_start compare with those of this one.

    folder: of this sweep, which need not exist; record: of this sweep, as it is or will be.
    """
    for source in _sources(spec, folder):
        if source == folder.resolve():
            raise SweepError(f"search.warm_start: {spec.name} is this sweep itself; name others")
        try:
            other = read_sweep_record(source)
        except RecordsError as error:
            raise SweepError(f"search.warm_start: {error}") from None
        if difference := _difference(spec, record, other, source):
            raise SweepError(f"search.warm_start: take {source.name} out, its values do not compare: {difference}")


def warm_start_trials(spec: SweepSpec, folder: Path) -> Iterator[tuple[str, Trial, Assignment]]:
    """The trials of the other sweeps that are points of this one's space, each with its name and searched values."""
    for source in _sources(spec, folder):
        for trial in read_sweep(source).trials:
            # What exploited another has had several values: no point of the space is to blame for its result.
            if trial.state.state not in _LEARNT_FROM or trial.start.origin == "repeat" or trial.exploits:
                continue
            if (params := params_in(spec, trial)) is not None:
                yield f"{source}#{trial.number}", trial, params


def params_in(spec: SweepSpec, trial: Trial) -> Assignment | None:
    """The searched values that make this trial in the space of `spec`; None: it is no trial of that space.

    What the trial's own sweep did not search is taken from its configuration.
    """
    space, params, config = spec.parsed_space, trial.start.params, trial.start.config
    assignment: Assignment = {}
    for dimension in space.dimensions:
        if dimension.exists(assignment):
            path = dimension.path
            assignment[path] = params[path] if path in params else _value_at(config, path)
    searched = space.searched(assignment)
    settled = {path for path in {*params, *assignment} if path not in searched}
    if not space.fits(searched) or not _agree(spec, assignment, config, settled):
        return None
    return searched


def _agree(spec: SweepSpec, assignment: Assignment, config: Mapping[str, Any], paths: set[str]) -> bool:
    """Whether the configuration at a point of the space has the same values at these paths."""
    if not paths:
        return True
    fixed = {path: d.range.value for path, d in spec.parsed_space.by_path.items() if isinstance(d.range, Fixed)}
    try:
        ours = spec.trial_config({path: fixed.get(path, value) for path, value in assignment.items()})
    except ValidationError:
        return False
    content = ours.model_dump(mode="json")
    return all(same(_value_at(content, path), _value_at(config, path)) for path in paths)


def _sources(spec: SweepSpec, folder: Path) -> list[Path]:
    """The folders of the sweeps, each once: names are those of folders beside this one."""
    paths = (Path(text).expanduser() if "/" in text else folder.parent / text for text in spec.search.warm_start)
    return list(dict.fromkeys(path.resolve() for path in paths))


def _difference(spec: SweepSpec, record: SweepRecord, other: SweepRecord, source: Path) -> str:
    """In what the other sweep measures otherwise, in words; empty: in nothing."""
    for name, direction in spec.objectives.items():
        if other.objectives.get(name) != direction:
            names = ", ".join(f"{metric}: {way}" for metric, way in other.objectives.items())
            return f"{name}: {direction} is none of its objectives ({names})"
    ours, theirs = record.data["val"], other.data.get("val", {})
    if ours["sha256"] != theirs.get("sha256"):
        return f"it validated on other photos ({theirs.get('file', 'unknown ones')})"
    if COSTLY.intersection(spec.objectives) and ours["fid_images"] != theirs.get("fid_images"):
        return f"it measured on the first {theirs.get('fid_images')} photos, not {ours['fid_images']}"
    measured = next((trial.start.config for trial in read_sweep(source).trials if trial.start.config), None)
    if measured is None:
        return ""
    config = spec.corner_configs[0].model_dump(mode="json")
    for path in (*_MEASURED_WITH, *(_NETWORKS[name] for name in spec.objectives if name in _NETWORKS)):
        if (value := _value_at(measured, path)) != (wanted := _value_at(config, path)):
            return f"its {path} is {value}, not {wanted}"
    return ""


def _value_at(config: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    for key in path.split("."):
        if isinstance(config, Mapping):
            config = config.get(key)
        elif isinstance(config, list | tuple) and key.isdigit() and int(key) < len(config):
            config = config[int(key)]
        else:
            return None
    return config
