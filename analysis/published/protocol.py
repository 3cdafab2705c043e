"""How our trials were trained and measured, in the words in which the papers' protocols are kept."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from analysis.display import val_count
from analysis.published.settings import settings
from analysis.published.table import FID_NETWORK, MODES, SPACES, Item, Mode
from search.records import Sweep, Trial, epoch_text


def protocol_of(trial: Trial, sweep: Sweep) -> dict[Item, str]:
    """Every item for a trial of a sweep; the measuring is that on its validation photos."""
    found, data = settings(trial.config), sweep.record.data
    side = found["data.image_size"] or val_count(sweep.record, "size")
    num_costly = trial.state.fid_images or val_count(sweep.record, "fid_images")
    return {
        Item.TRAINED_ON: _photos(data.get("train", {})),
        Item.MEASURED_ON: _photos(data.get("val", {})),
        Item.PHOTO_SIDE: f"{side} px" if side else "as the files have it",
        Item.NUM_COSTLY: f"{num_costly:,}" if num_costly else "not recorded",
        Item.METRIC_SPACE: SPACES[found["evaluation.metric_space"]],
        Item.MODE: MODES[_mode(found)],
        Item.FID_NETWORK: FID_NETWORK,
        Item.LPIPS_NETWORK: found["evaluation.lpips"] or "not measured",
        Item.CLASSIFIER: found["evaluation.classifier"] or "not measured",
        Item.LENGTH: _length(trial.config, found["epochs"]) + _stop(trial),
        Item.BATCH: f"{found['data.batch_size']} photos",
    }


def _photos(facts: Mapping[str, Any]) -> str:
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


def _length(config: Mapping[str, Any], epochs: int) -> str:
    phases = config.get("phases") or [{"epochs": epochs}]
    units = ["epochs" if phase.get("epochs") else "steps" for phase in phases]
    lengths = [
        f"{phase[unit]:,} {unit}" if phase.get(unit) else "not recorded"
        for phase, unit in zip(phases, units, strict=True)
    ]
    if len(phases) == 1:
        return lengths[0]
    named = zip(lengths, (phase.get("name", "") for phase in phases), strict=True)
    return ", then ".join(f"{length} ({name})" if name else length for length, name in named)


def _stop(trial: Trial) -> str:
    if trial.final is None or trial.final.finished != "early-stopping":
        return ""
    return f"; ended by early stopping after epoch {epoch_text(trial.final.epoch)}"
