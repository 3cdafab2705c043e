"""A trained trial, measured on photos that had no part in the search."""

from contextlib import closing
from pathlib import Path

import torch
from torch import Tensor

from data.loaders import open_loader
from data.manifest import check_quick
from models.config.trial import TrialConfig
from models.measures.fid_reference import fid_reference
from models.measures.validation import Validation
from models.networks.colorizer import Colorizer
from models.training.checkpoint import LAST, checkpoint_path, load_generator
from search.recording import remove_failed_test, write_record
from search.records import Tested, read_sweep_record, read_trial
from search.worker.local_photos import keeping_features, local_photos, reading
from search.worker.same_photos import require_recorded


def run_final_check(folder: Path, device: torch.device) -> Tested:
    """Measure the trial of `folder`, as its last checkpoint has it, on the photos of its sweep's test, and record that.

    Raises:
        HuetuneError: the checkpoint or a file is missing or damaged, or holds other photos than are recorded.
    """
    trial, record = read_trial(folder), read_sweep_record(folder.parent.parent)
    config, test = TrialConfig.model_validate(trial.config), Path(record.spec["data"]["test"])
    with local_photos({"test": test, "train": config.data.train}, record) as files:
        require_recorded(record, {"test": check_quick(files["test"])})
        trained = load_generator(checkpoint_path(folder / "checkpoints", LAST), device)
        counts = check_quick(files["train"]).ab_bin_counts
        bin_counts = torch.tensor(counts) if any(counts) else None
        tested = measured_on_test(trained.generator, config, test, files["test"], bin_counts, device)
    write_record(folder, tested)
    remove_failed_test(folder)
    return tested


def measured_on_test(
    generator: Colorizer, config: TrialConfig, test: Path, copy: Path, bin_counts: Tensor | None, device: torch.device
) -> Tested:
    """What validation finds on the photos of `test`; the generator stays as it was.

    copy: where this node reads them. bin_counts (Q,): training pixels in each ab bin, None where nobody counted them.

    Raises:
        DataError: the file is missing or damaged.
    """
    on_test, local = reading(config, {"val": test}), reading(config, {"val": copy})
    with closing(open_loader(copy, local.data, training=False, seed=config.seed, device=device)) as photos:
        manifest = photos.manifest
        fid = fid_reference(keeping_features(on_test, local), manifest, photos, device)
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
