"""A trained trial, measured on photos that had no part in the search."""

from contextlib import closing
from pathlib import Path

import torch
from torch import Tensor

from data.loaders import open_loader
from models.config.trial import TrialConfig
from models.measures.fid_reference import fid_reference
from models.measures.validation import Validation
from models.networks.colorizer import Colorizer
from search.records import SweepRecord, Tested, Trial


def test_photos(record: SweepRecord, trial: Trial) -> Path | None:
    """The .beton that a trial is measured on once it is trained: for a repeat the sweep's, if it has one.

    Of the sweep and not of the trial's configuration, since a sweep can be given its test after the trial was.
    """
    test = record.spec.get("data", {}).get("test") if trial.start.origin == "repeat" else None
    return Path(test) if test is not None else None


def measured_on_test(
    generator: Colorizer, config: TrialConfig, test: Path, bin_counts: Tensor | None, device: torch.device
) -> Tested:
    """What validation finds on the photos of `test`; the generator stays as it was.

    bin_counts (Q,): training pixels in each ab bin, None where nobody counted them.

    Raises:
        DataError: the file is missing or damaged.
    """
    on_test = config.model_copy(update={"data": config.data.model_copy(update={"val": test})})
    with closing(open_loader(test, on_test.data, training=False, seed=config.seed, device=device)) as photos:
        manifest = photos.manifest
        fid = fid_reference(on_test, manifest, photos, device)
        validation = Validation(photos, on_test, manifest.classes, None, bin_counts, fid, device)
        found = validation(generator, None, costly=True)
    return Tested(
        metrics=found.metrics,
        details=found.details,
        file=str(test),
        sha256=manifest.sha256,
        num_photos=manifest.num_samples,
        num_labelled=sum(manifest.class_counts.values()),
        num_costly=min(config.evaluation.fid_images, manifest.num_samples),
    )
