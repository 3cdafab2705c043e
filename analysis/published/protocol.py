"""How our trials were trained and measured, in the words in which the papers' protocols are kept."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from analysis.display import val_count
from analysis.published.settings import settings
from analysis.published.table import FID_NETWORK, MODES, SPACES, Item, Mode
from models.config.trial import TrialConfig
from search.records import Sweep, Trial, epoch_text


def protocol_of(trial: Trial, sweep: Sweep) -> dict[Item, str]:
    """Every item for a trial of a sweep; the measuring is that on its validation photos."""
    found, data = settings(trial.config), sweep.record.data
    side = found["data.image_size"] or val_count(sweep.record, "size")
    num_costly = trial.state.fid_images or val_count(sweep.record, "fid_images")
    return {
        Item.TRAINED_ON: photos_text(data.get("train", {})),
        Item.MEASURED_ON: photos_text(data.get("val", {})),
        Item.PHOTO_SIDE: f"{side} px" if side else "as the files have it",
        Item.NUM_COSTLY: f"{num_costly:,}" if num_costly else "not recorded",
        Item.METRIC_SPACE: SPACES[found["evaluation.metric_space"]],
        Item.MODE: MODES[_mode(found)],
        Item.FID_NETWORK: FID_NETWORK,
        Item.LPIPS_NETWORK: found["evaluation.lpips"] or "not measured",
        Item.CLASSIFIER: found["evaluation.classifier"] or "not measured",
        Item.LENGTH: length_text(trial.config) + _stop(trial),
        Item.BATCH: f"{found['data.batch_size']} photos",
    }


def photos_text(facts: Mapping[str, Any]) -> str:
    """A recorded file by its last two names, since all builds call it train.beton or val.beton."""
    if "file" not in facts:
        return "not recorded"
    num_photos, num_classes = facts.get("num_samples"), len(facts.get("classes", ()))
    counts = [f"{num_photos:,} photos"] if isinstance(num_photos, int) else []
    counts += [f"{num_classes} class{'es' if num_classes != 1 else ''}"] if num_classes else []
    return ", ".join(["/".join(PurePath(str(facts["file"])).parts[-2:]), *counts])


def _mode(found: Mapping[str, Any]) -> Mode:
    if found["evaluation.eval_mode"] == "train":
        return "train"
    return "eval with dropout" if found["evaluation.dropout_at_eval"] else "eval"


def length_text(config: Mapping[str, Any]) -> str:
    """How long a training is to be, such as `30 epochs (frozen), then 15 epochs (unfrozen)`."""
    phases = config.get("phases") or [{"epochs": config.get("epochs", TrialConfig.model_fields["epochs"].default)}]
    if len(phases) == 1:
        return _phase_length(phases[0])
    named = ((_phase_length(phase), phase.get("name", "")) for phase in phases)
    return ", then ".join(f"{length} ({name})" if name else length for length, name in named)


def _phase_length(phase: Mapping[str, Any]) -> str:
    for unit in ("epochs", "steps"):
        if number := phase.get(unit):
            return f"{number:,} {unit if number != 1 else unit.removesuffix('s')}"
    return "not recorded"


def _stop(trial: Trial) -> str:
    if trial.final is None or trial.final.finished != "early-stopping":
        return ""
    return f"; ended by early stopping after epoch {epoch_text(trial.final.epoch)}"
