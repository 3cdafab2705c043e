"""Whether a configuration and its data fit together, before anything is trained."""

from collections.abc import Mapping

from data.errors import HuetuneError
from data.manifest import Manifest
from models.config.trial import TrialConfig
from models.networks.fusion import BRANCH_STRIDE

MIN_SIDE = 24
"""PatchGAN halves a side three times, and its last two convolutions take a pixel each."""
_MEASURED_ON = {"val": "validation", "test": "test"}
"""The files whose photos no training may see, and what they are called."""


class FitError(HuetuneError):
    """The networks of a configuration cannot be trained on these data."""


def check_fit(config: TrialConfig, manifests: Mapping[str, Manifest]) -> None:
    """Raise FitError unless a trial of this configuration can train and validate on its files (by their field)."""
    for check in (_sides, _crop, _bottleneck, _batch, _classes, _bins, _shared):
        if fault := check(config, manifests):
            raise FitError(fault)


def image_side(config: TrialConfig, manifest: Manifest) -> int:
    """Height and width in pixels of the images that a trial sees."""
    return config.data.image_size or manifest.size


def training_side(config: TrialConfig, manifest: Manifest) -> int:
    """Height and width of what a trial trains on: smaller than what it is measured on where photos are cropped."""
    return config.data.crop or image_side(config, manifest)


def _sides(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    sides = {name: image_side(config, manifest) for name, manifest in manifests.items()}
    side, stride = sides["train"], config.model.stride
    stored = min(manifest.size for manifest in manifests.values())
    if len(set(sides.values())) > 1:
        named = ", ".join(f"{name} {pixels} px" for name, pixels in sides.items())
        return f"the files hold photos of different sizes ({named}); set data.image_size"
    if side > stored:
        return f"data.image_size is {side}, but photos of {stored} px are stored; lower it, or build them larger"
    if config.loss.has_adversary and training_side(config, manifests["train"]) < MIN_SIDE:
        return f"photos of {side} px are too small for the discriminator, which needs {MIN_SIDE} px; build them larger"
    if side % stride:
        depth = ", or lower model.depth" if config.model.backbone == "unet" else ""
        return (
            f"photos of {side} px do not fit the {config.model.backbone}, which needs multiples of {stride} px; "
            f"set data.image_size{depth}"
        )
    return ""


def _crop(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    crop, side = config.data.crop, image_side(config, manifests["train"])
    if crop is None:
        return ""
    if crop > side:
        return f"data.crop is {crop}, but photos of {side} px are read; lower it"
    head = config.model.head
    if crop != side and head != "pooled" and "classification" in config.tasks:
        return f"a {head} head takes photos of one size, and data.crop is {crop} of {side}; set model.head to pooled"
    return ""


def _bottleneck(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    side = training_side(config, manifests["train"])
    if config.model.head == "fusion" and "classification" in config.tasks and side % BRANCH_STRIDE:
        return f"the fused class branch needs multiples of {BRANCH_STRIDE} px, got {side}; set data.image_size"
    normalised = config.model.bottleneck_norm or config.model.from_torchvision
    if side != config.model.stride or not normalised:
        return ""
    if config.data.batch_size < 2 * config.compute.accumulation:
        return f"batch norm has one value to normalise in a photo of {side} px alone; raise data.batch_size"
    for name, words in _MEASURED_ON.items():
        alone = name in manifests and manifests[name].num_samples % config.data.batch_size == 1
        if config.evaluation.eval_mode == "train" and alone:
            return (
                f"evaluation.eval_mode is train, and the last {words} batch has one photo, too little for batch norm; "
                f"change data.batch_size, which is {config.data.batch_size}"
            )
    return ""


def _batch(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    num_unlabelled = config.data.num_unlabelled
    for number, phase in enumerate(config.phases):
        chosen = phase.hardest or phase.photos
        if chosen is not None and not config.num_batches(chosen):
            return f"the {chosen} photos of phases.{number} fill no batch of {config.data.batch_size}; take more"
    needed = {"train": config.data.batch_size - num_unlabelled} | (
        {"unlabelled": num_unlabelled} if num_unlabelled else {}
    )
    for name, num_photos in needed.items():
        if (there := manifests[name].num_samples) < num_photos:
            return f"the {there} photos of data.{name} fill no batch, which takes {num_photos}; lower data.batch_size"
    return ""


def _classes(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    classes = manifests["train"].classes
    for name, words in _MEASURED_ON.items():
        if name in manifests and classes != manifests[name].classes:
            return f"the training and the {words} file have different classes; build both in one go"
    if "classification" not in config.tasks or config.loss.teacher is not None:
        return ""
    if len(classes) < 2:
        return f"{len(classes)} classes leave nothing to classify; set loss.classification to 0, or label the photos"
    if not sum(manifests["val"].class_counts.values()):
        return "no photo of data.val is labelled to measure accuracy on; set loss.classification to 0, or label some"
    return ""


def _bins(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    if config.loss.bins and config.loss.rebalancing is not None and not sum(manifests["train"].ab_bin_counts):
        return "loss.rebalancing needs the colour counts of the training photos, which data.train lacks; build it again"
    return ""


def _shared(config: TrialConfig, manifests: Mapping[str, Manifest]) -> str:
    """Leakage: what is learned by heart would be measured as skill."""
    for measured in [name for name in _MEASURED_ON if name in manifests]:
        photos = set(manifests[measured].photo_digests)
        for name in sorted(manifests.keys() - {measured}):
            if num_shared := len(photos.intersection(manifests[name].photo_digests)):
                return (
                    f"{num_shared} photos of data.{measured} are in data.{name} too; "
                    "build both in one go, from other photos"
                )
    return ""
