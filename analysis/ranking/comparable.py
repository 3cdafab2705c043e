"""Which values compare: those that were measured alike.

Photos are not among what can differ inside a sweep: every attempt at a trial checks their hash against the sweep's
record, so another path is no sign of other photos. Between sweeps the hashes of the records are compared.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.config.evaluation import EvaluationConfig
from models.evaluation import COSTLY
from search.records import SweepRecord, Trial

_DEFAULTS = {name: field.default for name, field in EvaluationConfig.model_fields.items()}
_PICTURES = {"fid", "kid", "lpips", "psnr", "ssim"}
_CLASSIFIER = {"classifier_top1", "classifier_agreement"}


@dataclass(frozen=True)
class _Aspect:
    """Something about the measuring that must be alike for values to compare."""

    label: str
    of: Callable[[Trial, SweepRecord], str]
    metrics: Collection[str] = ()
    """Those that depend on it; empty: all do."""


def measured_as(trial: Trial, record: SweepRecord, metrics: Collection[str]) -> dict[str, str]:
    """How these metrics of a trial were measured: settings by label, those that none of the metrics depends on left
    out. A setting that older records do not have has its default."""
    return {aspect.label: aspect.of(trial, record) for aspect in _that_matter(metrics)}


def set_apart(trials: Sequence[Trial], record: SweepRecord, metrics: Collection[str]) -> dict[int, str]:
    """By number, the trials that were measured unlike most of these, and in words what differs.

    Of groups of one size, that of the lowest trial number is the usual one, whatever order the trials come in.
    """
    by_number = sorted(trials, key=lambda trial: trial.number)
    aspects = _that_matter(metrics)
    measured = {trial.number: tuple([aspect.of(trial, record) for aspect in aspects]) for trial in by_number}
    sizes = Counter(measured.values())
    if len(sizes) < 2:
        return {}
    (usual, _), *_ = sizes.most_common(1)  # of equal counts the first that was met
    labels = [aspect.label for aspect in aspects]
    by_label = dict(zip(labels, usual, strict=True))
    return {
        number: "measured unlike most trials, so its values do not compare: "
        + in_what(dict(zip(labels, how, strict=True)), by_label)
        for number, how in measured.items()
        if how != usual
    }


def in_what(how: Mapping[str, str], usual: Mapping[str, str]) -> str:
    """In words, in what a way of measuring differs from another; empty: in nothing."""
    return ", ".join(f"{label} {how[label]} instead of {usual[label]}" for label in usual if how[label] != usual[label])


def why_not_comparable(
    trial: Trial, record: SweepRecord, than: Trial, than_record: SweepRecord, metrics: Collection[str]
) -> str:
    """In words, why values of a trial do not compare with those of another sweep's trial; empty if they do."""
    photos, others = (one.data.get("val", {}).get("sha256") for one in (record, than_record))
    if photos is None or others is None:
        return "validation photos that are not recorded"
    if photos != others:
        return "other validation photos"
    return in_what(measured_as(trial, record, metrics), measured_as(than, than_record, metrics))


def _that_matter(metrics: Collection[str]) -> list[_Aspect]:
    return [one for one in _ASPECTS if not one.metrics or any(name in one.metrics for name in metrics)]


def _num_photos(trial: Trial, record: SweepRecord) -> str:
    """N, as far as it is recorded: of the trial, else as configured."""
    wanted = int(_evaluation(trial, "fid_images"))
    there = record.data.get("val", {}).get("num_samples")
    return f"{trial.state.fid_images or (min(wanted, there) if isinstance(there, int) else wanted):,}"


def _inception(trial: Trial, _: SweepRecord) -> str:
    return trial.state.fid_weights[:12] or "unknown"


def _of_evaluation(name: str) -> Callable[[Trial, SweepRecord], str]:
    return lambda trial, _: str(_evaluation(trial, name))


def _evaluation(trial: Trial, name: str) -> Any:
    return trial.config.get("evaluation", {}).get(name, _DEFAULTS[name])


def _teacher(trial: Trial, _: SweepRecord) -> str:
    return str(trial.config.get("loss", {}).get("teacher"))


def _image_size(trial: Trial, record: SweepRecord) -> str:
    stored = record.data.get("val", {}).get("size")
    return str(trial.config.get("data", {}).get("image_size") or stored or "as stored")


_ASPECTS = (
    _Aspect("N", _num_photos, COSTLY),
    _Aspect("Inception weights", _inception, {"fid", "kid"}),
    _Aspect("metric space", _of_evaluation("metric_space"), _PICTURES),
    _Aspect("LPIPS network", _of_evaluation("lpips"), {"lpips"}),
    _Aspect("classifier", _of_evaluation("classifier"), _CLASSIFIER),
    _Aspect("teacher", _teacher, {"teacher_agreement"}),
    _Aspect("evaluation mode", _of_evaluation("eval_mode")),
    _Aspect("dropout in evaluation", _of_evaluation("dropout_at_eval")),
    _Aspect("image size", _image_size),
)
