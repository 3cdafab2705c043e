"""Whether a configuration and its data fit together, before anything is trained."""

from data.errors import HuetuneError
from data.manifest import Manifest
from models.config import TrialConfig

MIN_SIDE = 24
"""PatchGAN halves a side three times, and its last two convolutions take a pixel each."""


class FitError(HuetuneError):
    """The networks of a configuration cannot be trained on these data."""


def check_fit(config: TrialConfig, train: Manifest, val: Manifest) -> None:
    """Raise FitError unless a trial of this configuration can train on `train` and validate on `val`."""
    for fault in (_sides(config, train, val), _batch(config, train), _classes(config, train, val), _shared(train, val)):
        if fault:
            raise FitError(fault)


def image_side(config: TrialConfig, manifest: Manifest) -> int:
    """Height and width in pixels of the images that a trial sees."""
    return config.data.image_size or manifest.size


def _sides(config: TrialConfig, train: Manifest, val: Manifest) -> str:
    side, stored, stride = image_side(config, train), min(train.size, val.size), config.model.stride
    if side != image_side(config, val):
        return f"training photos of {train.size} px and validation photos of {val.size} px; set data.image_size"
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


def _batch(config: TrialConfig, train: Manifest) -> str:
    if train.num_samples >= config.data.batch_size:
        return ""
    return f"{train.num_samples} training photos fill no batch of {config.data.batch_size}; lower data.batch_size"


def _classes(config: TrialConfig, train: Manifest, val: Manifest) -> str:
    if train.classes != val.classes:
        return "the training and the validation file have different classes; build both in one go"
    if "classification" in config.tasks and len(train.classes) < 2:
        return (
            f"{len(train.classes)} classes leave nothing to classify; set loss.classification to 0, or label the photos"
        )
    return ""


def _shared(train: Manifest, val: Manifest) -> str:
    both = set(train.sample_ids) & set(val.sample_ids)
    if train.fingerprint != val.fingerprint or not both:
        return ""
    return f"{len(both)} validation photos are training photos too: the files are of two builds; build both in one go"
