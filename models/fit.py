"""Whether a configuration and its data fit together, before anything is trained."""

from collections.abc import Mapping

from data.errors import HuetuneError
from data.manifest import Manifest
from models.config import TrialConfig

MIN_SIDE = 24
"""PatchGAN halves a side three times, and its last two convolutions take a pixel each."""


class FitError(HuetuneError):
    """The networks of a configuration cannot be trained on these data."""


def check_fit(config: TrialConfig, manifests: Mapping[str, Manifest]) -> None:
    """Raise FitError unless a trial of this configuration can train and validate on its files (by their field)."""
    for check in (_sides, _batch, _classes, _shared):
        if fault := check(config, manifests):
            raise FitError(fault)


def image_side(config: TrialConfig, manifest: Manifest) -> int:
    """Height and width in pixels of the images that a trial sees."""
    return config.data.image_size or manifest.size


def _sides(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    sides = {name: image_side(config, manifest) for name, manifest in manifests.items()}
    side, stride = sides["train"], config.model.stride
    stored = min(manifest.size for manifest in manifests.values())
    if len(set(sides.values())) > 1:
        named = ", ".join(f"{name} {pixels} px" for name, pixels in sides.items())
        return f"the files hold photos of different sizes ({named}); set data.image_size"
    if side > stored:
        return f"data.image_size is {side}, but photos of {stored} px are stored; lower it, or build them larger"
    if side < MIN_SIDE:
        return f"photos of {side} px are too small for the discriminator, which needs {MIN_SIDE} px; build them larger"
    if side % stride:
        depth = ", or lower model.depth" if config.model.backbone == "unet" else ""
        return (
            f"photos of {side} px do not fit the {config.model.backbone}, which needs multiples of {stride} px; "
            f"set data.image_size{depth}"
        )
    return ""


def _batch(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    num_unlabelled = config.data.num_unlabelled
    needed = {"train": config.data.batch_size - num_unlabelled} | (
        {"unlabelled": num_unlabelled} if num_unlabelled else {}
    )
    for name, num_photos in needed.items():
        if (there := manifests[name].num_samples) < num_photos:
            return f"the {there} photos of data.{name} fill no batch, which takes {num_photos}; lower data.batch_size"
    return ""


def _classes(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    classes = manifests["train"].classes
    if classes != manifests["val"].classes:
        return "the training and the validation file have different classes; build both in one go"
    if "classification" in config.tasks and len(classes) < 2:
        return f"{len(classes)} classes leave nothing to classify; set loss.classification to 0, or label the photos"
    return ""


def _shared(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    """Leakage: what is learned by heart would be measured as skill."""
    validated = set(manifests["val"].photo_digests)
    for name in manifests.keys() - {"val"}:
        if num_shared := len(validated.intersection(manifests[name].photo_digests)):
            return f"{num_shared} photos of data.val are in data.{name} too; build both in one go, from other photos"
    return ""
