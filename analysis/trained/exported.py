"""An exported model: a folder that has all it takes to colorize, and nothing in it that is executed when it is read.

model.safetensors   the generator's weights and buffers, those that its evaluations were measured with
README.md           the model card
config.json         Exported; moved here last, so that a folder with it is whole
.partial/           where the three are written first; what a broken-off export leaves, and the next one replaces
"""

import filecmp
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError

from data.errors import HuetuneError
from data.files import replaced_atomically, sha256, write_atomically
from models.config.trial import TrialConfig
from models.training.checkpoint import Trained, with_weights

WEIGHTS, CARD, CONFIG = "model.safetensors", "README.md", "config.json"
FILES = (WEIGHTS, CARD, CONFIG)
_PARTIAL = ".partial"


class ExportError(HuetuneError):
    """A model cannot be exported, or an exported one cannot be read."""


class Exported(BaseModel):
    """config.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = 1
    sweep: str
    trial: int
    num_classes: int
    """Logits of the head; 0: it has none."""
    side: int
    """Pixels: height and width of the photos that it was trained on."""
    classes: tuple[str, ...]
    """What the labels of those photos mean, by number."""
    config: TrialConfig
    """The whole configuration, with the paths that its files had."""
    data: dict[str, dict[str, Any]]
    """By field of config.data: SHA-256 and number of photos of each file."""
    versions: dict[str, str]
    """Of what it was trained with."""
    weights_sha256: str
    """Of the file of the weights."""


def require_free(folder: Path) -> None:
    """Raise ExportError unless the folder is new or empty, or holds an export, whole or broken off."""
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder} is a file; give a folder with --out")
    if folder.is_dir() and any(folder.iterdir()) and not _is_broken_off(folder):
        try:
            _read_config(folder / CONFIG)  # other models have a config.json too
        except ExportError:
            raise ExportError(f"{folder} is not empty, and no export; give another folder with --out") from None


def write_export(folder: Path, weights: Mapping[str, torch.Tensor], exported: Mapping[str, Any], card: str) -> None:
    """Write the three files; where the same ones are already, nothing changes, whatever else is beside them.

    exported: the fields of Exported without weights_sha256.

    Raises:
        ExportError: the folder holds another export.
        OSError: it cannot be written to.
    """
    scratch = folder / _PARTIAL  # inside, since the folder may be a mounted disk, or where the user is
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        _write(scratch, weights, exported, card)
        if (folder / CONFIG).exists():
            _require_equal(scratch, folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    if not (folder / CONFIG).exists():
        for name in FILES:
            (scratch / name).replace(folder / name)
    shutil.rmtree(scratch, ignore_errors=True)  # after a break it stays, as the sign that the export is broken off


def _is_broken_off(folder: Path) -> bool:
    """Whether what is in the folder is an export that was never finished, and nothing else."""
    names = {path.name for path in folder.iterdir()}
    return _PARTIAL in names and names <= {_PARTIAL, WEIGHTS, CARD}


def _require_equal(new: Path, old: Path) -> None:
    _, different, missing = filecmp.cmpfiles(new, old, FILES, shallow=False)
    if different or missing:
        others = ", ".join(different + missing)
        raise ExportError(f"{old} holds another export ({others}); remove it, or give another folder with --out")


def _write(folder: Path, weights: Mapping[str, torch.Tensor], exported: Mapping[str, Any], card: str) -> None:
    with replaced_atomically(folder / WEIGHTS) as scratch:
        # Contiguous and apart: a file of safetensors has neither strides nor shared memory.
        apart = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
        safetensors.torch.save_file(apart, scratch, metadata={"format": "pt"})
        digest = sha256(scratch)
    write_atomically(folder / CARD, card)
    record = Exported.model_validate({**exported, "weights_sha256": digest})
    write_atomically(folder / CONFIG, record.model_dump_json(indent=1) + "\n")


def read_export(folder: Path, device: torch.device) -> tuple[Exported, Trained]:
    """What is known of an exported generator, and the generator, in evaluation mode.

    Raises:
        HuetuneError: a file is missing, damaged, or of another export or version.
    """
    exported = _read_config(folder / CONFIG)
    weights = folder / WEIGHTS
    try:
        if sha256(weights) != exported.weights_sha256:
            raise ExportError(
                f"{weights} is not what {CONFIG} describes, or is damaged; copy both again, or export again"
            )
        tensors = safetensors.torch.load_file(weights)
        trained = with_weights(tensors, exported.config, exported.num_classes, exported.side, device)
    except (OSError, SafetensorError) as error:
        raise ExportError(f"{weights} cannot be read ({str(error).splitlines()[0]}); export it again") from None
    return exported, trained


def _read_config(path: Path) -> Exported:
    try:
        return Exported.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ExportError(f"{path.parent} has no {CONFIG}: an export was broken off there; export again") from None
    except (OSError, ValidationError) as error:
        raise ExportError(f"{path} cannot be read ({str(error).splitlines()[0]}); export it again") from None
