"""What must be so before a sweep starts, or goes on."""

from collections.abc import Mapping
from pathlib import Path

from data.manifest import Manifest, check_quick
from models.fit import check_fit
from models.measures.semantics import imagenet_numbers
from search.errors import SweepError
from search.records import SweepRecord
from search.spec.objectives import check_labels
from search.spec.rungs import check_rungs
from search.spec.sweep_spec import SweepSpec


def checked_data(spec: SweepSpec, with_test: bool = True) -> dict[str, Manifest]:
    """The manifests of whole files that every trial can be trained on, and of the photos of the test if asked for.

    Raises:
        HuetuneError: a file is missing or damaged, or does not fit the configurations or the objectives.
    """
    files = spec.data.files if with_test else spec.data.training_files
    manifests = {name: check_quick(beton) for name, beton in files.items()}
    for config in spec.corner_configs:
        check_fit(config, manifests)
    classes = manifests["train"].classes
    if "classifier_top1" in spec.judged_by and imagenet_numbers(classes) is None:
        raise SweepError(
            "objectives: classifier_top1 needs photos of ImageNet's classes, and these have others "
            f"({', '.join(classes[:3])} ...); take classifier_agreement"
        )
    check_labels(spec.judged_by, num_labelled=sum(manifests["val"].class_counts.values()))
    check_rungs(spec.pruning, dict(spec.objectives), spec.corner_configs, manifests["train"].num_samples)
    return manifests


def checked_test(spec: SweepSpec, record: SweepRecord, test: Path) -> Manifest:
    """The manifest of photos that the best trials of a sweep can be tested on.

    Raises:
        HuetuneError: the file is missing or damaged, does not fit the configurations, shares photos with the others of
            the sweep, or the sweep has other photos to test on.
    """
    if (known := record.data.get("test")) is not None:
        manifest = check_quick(test)
        if manifest.sha256 != known["sha256"]:
            raise SweepError(f"the sweep is tested on {known['file']}, and {test} holds other photos; leave it out")
        return manifest
    files = spec.data.model_copy(update={"test": test}).files
    manifests = {name: check_quick(beton) for name, beton in files.items()}
    require_same_data(record, {name: manifests[name] for name in spec.data.training_files})
    for config in spec.corner_configs:
        check_fit(config, manifests)
    return manifests["test"]


def require_same_data(record: SweepRecord, manifests: Mapping[str, Manifest]) -> None:
    """Raise SweepError unless these are the photos that the sweep began with."""
    for split, manifest in manifests.items():
        known = record.data[split]
        if manifest.sha256 != known["sha256"]:
            raise SweepError(
                f"{known['file']} is not the {split} set that the sweep began with; put that back, or start a new sweep"
            )
