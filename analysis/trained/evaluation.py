"""A trained generator, or a baseline, measured on photos by the very code that measures trials in training."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from analysis.trained.evaluated import Evaluated
from analysis.trained.source import Source, this_device
from data.config import DataConfig
from data.errors import HuetuneError
from data.loaders import Loader, open_loader
from data.manifest import check_quick, read_manifest
from models.config.evaluation import EvaluationConfig
from models.config.trial import TrialConfig
from models.evaluation import Measurement
from models.measures.baselines import RandomColours, gray, truth
from models.measures.fid_reference import fid_reference
from models.measures.measure import Colorize
from models.measures.validation import Validation

BASELINES = ("gray", "random", "truth")


class EvaluationError(HuetuneError):
    """What was asked for cannot be measured."""


def evaluate_baseline(name: str, beton: Path, train: Path | None, settings: Mapping[str, Any]) -> Evaluated:
    """Measure one of BASELINES on the photos of `beton`.

    train: where colours are counted, and where random ones come from; settings: of EvaluationConfig.

    Raises:
        HuetuneError: settings that do not fit, or a file that cannot be read.
    """
    if name == "random" and train is None:
        raise EvaluationError("random takes the colours of training photos: give their .beton with --train")
    data = DataConfig(train=train or beton, val=beton, image_size=check_quick(beton).size, flip=0)
    # Without a network photos may have any size, which a configuration as a whole would not let pass.
    anything = TrialConfig(data=DataConfig(train=data.train, val=beton), evaluation=_with(settings, EvaluationConfig()))
    config = anything.model_copy(update={"data": data})
    device = this_device()
    with _opened(beton, config, device) as photos, _baseline(name, config, device) as colorize:
        validation = _validation(photos, config, photos.manifest.classes, train, device)
        return _evaluated(validation.measure(colorize), photos, config)


def evaluate_trained(source: Source, beton: Path, train: Path | None, settings: Mapping[str, Any]) -> Evaluated:
    """Measure a trained generator, on the device that it is on.

    Photos of other classes than it was trained on count as unlabelled.

    train: where colours are counted, by default the generator's own training photos, if they are still there; settings:
    of EvaluationConfig, where they are to differ from its own.

    Raises:
        HuetuneError: settings that do not fit, or a file that cannot be read.
    """
    trained, own = source.trained, source.trained.config
    device = next(trained.generator.parameters()).device
    data = own.data.model_copy(update={"val": beton, "image_size": trained.side})
    config = own.model_copy(update={"data": data, "evaluation": _with(settings, own.evaluation)})
    if train is None and data.train.is_file():
        train = data.train
    with _opened(beton, config, device) as photos:
        classes = photos.manifest.classes
        known = classes if classes == source.classes else ()
        validation = _validation(photos, config, known, train, device)
        return _evaluated(validation(trained.generator, None, costly=True), photos, config)


def _with(settings: Mapping[str, Any], config: EvaluationConfig) -> EvaluationConfig:
    try:
        return EvaluationConfig.model_validate(config.model_dump() | dict(settings))
    except ValidationError as error:
        raise EvaluationError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


@contextmanager
def _opened(beton: Path, config: TrialConfig, device: torch.device) -> Iterator[Loader]:
    with closing(open_loader(beton, config.data, training=False, seed=0, device=device)) as photos:
        yield photos


@contextmanager
def _baseline(name: str, config: TrialConfig, device: torch.device) -> Iterator[Colorize]:
    if name != "random":
        yield {"gray": gray, "truth": truth}[name]
        return
    with closing(open_loader(config.data.train, config.data, training=True, seed=0, device=device)) as others:
        yield RandomColours(others)


def _validation(
    photos: Loader, config: TrialConfig, classes: Sequence[str], train: Path | None, device: torch.device
) -> Validation:
    bin_counts = None if train is None else torch.tensor(read_manifest(train).ab_bin_counts)
    fid = fid_reference(config, photos.manifest, photos, device)
    return Validation(photos, config, classes, None, bin_counts, fid, device)


def _evaluated(measurement: Measurement, photos: Loader, config: TrialConfig) -> Evaluated:
    return Evaluated(
        metrics=measurement.metrics,
        details=measurement.details,
        num_photos=photos.num_samples,
        num_labelled=sum(photos.manifest.class_counts.values()),
        num_costly=min(config.evaluation.fid_images, photos.num_samples),
        metric_space=config.evaluation.metric_space,
        eval_mode=config.evaluation.eval_mode,
    )
