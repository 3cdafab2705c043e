"""What is in a .beton file: a JSON beside it that names its content and proves that it is whole."""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from data.config import BuildOptions
from data.errors import DataError
from data.files import sha256, write_atomically

_NUM_CHUNKS = 16
_CHUNK_BYTES = 1 << 16
_MEND = "copy the .beton and its manifest again, or build again"


class Chunk(BaseModel):
    """A stretch of the file that the quick check compares."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: int
    sha256: str


class Manifest(BaseModel):
    """X.beton.json: where the samples of X.beton come from, what they are, and the hashes of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = 1
    source: str
    fingerprint: str
    """Changes when the source's photos change."""
    options: BuildOptions
    size: int
    """Pixels: every image is size × size."""
    num_samples: int
    classes: tuple[str, ...]
    """The label i of a sample means classes[i]; −1 means no label. The same in every split of a build."""
    class_counts: dict[str, int]
    """Samples of this file by class, 0 included."""
    dropped: dict[str, int]
    """Photos of the whole source that were left out, by reason."""
    sample_ids: tuple[str, ...]
    """The source's photo ids in the order of the file."""
    num_bytes: int
    sha256: str
    chunks: tuple[Chunk, ...]
    """Evenly spread over the file; the first begins with the header, the last ends the file."""


def manifest_path(beton: Path) -> Path:
    return beton.with_name(f"{beton.name}.json")


def write_manifest(beton: Path, manifest: Manifest) -> None:
    write_atomically(manifest_path(beton), manifest.model_dump_json(indent=1))


def read_manifest(beton: Path) -> Manifest:
    """The manifest of a .beton, without a look at the .beton itself.

    Raises:
        DataError: it is missing, damaged or of another format version.
    """
    path = manifest_path(beton)
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DataError(
            f"{beton} has no manifest {path.name} beside it; copy it along, or build again with `huetune data build`"
        ) from None
    except (OSError, ValidationError) as error:
        raise DataError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); copy it again, or build again"
        ) from None


def sampled_chunks(beton: Path) -> tuple[Chunk, ...]:
    """Hashes of the first, the last and evenly spread stretches of a file."""
    last = max(beton.stat().st_size - _CHUNK_BYTES, 0)
    offsets = sorted({last * number // (_NUM_CHUNKS - 1) for number in range(_NUM_CHUNKS)})
    return tuple(Chunk(offset=offset, sha256=_chunk_hash(beton, offset)) for offset in offsets)


def check_quick(beton: Path) -> Manifest:
    """The manifest, once size, header and sampled stretches of the .beton agree with it (milliseconds).

    Raises:
        DataError: the .beton or its manifest is missing, truncated or altered.
    """
    if not beton.is_file():
        raise DataError(f"{beton} is not a file; build it with `huetune data build SOURCE --out {beton.parent}`")
    manifest = read_manifest(beton)
    num_bytes = beton.stat().st_size
    if num_bytes != manifest.num_bytes:
        fault = "truncated" if num_bytes < manifest.num_bytes else "not the file of its manifest"
        raise DataError(f"{beton} is {fault}: {num_bytes:,} bytes instead of {manifest.num_bytes:,}; {_MEND}")
    for chunk in manifest.chunks:
        if _chunk_hash(beton, chunk.offset) != chunk.sha256:
            raise DataError(f"{beton} is not what was built: it differs near byte {chunk.offset:,}; {_MEND}")
    return manifest


def check_full(beton: Path) -> Manifest:
    """The manifest, once every byte agrees with it and every sample decodes (as long as reading all of it takes).

    Raises:
        DataError: as check_quick; or a byte differs, or a sample does not decode.
    """
    from data.beton import read_samples  # FFCV takes a second to import; the quick check does without

    manifest = check_quick(beton)
    if sha256(beton) != manifest.sha256:
        raise DataError(f"{beton} was altered: its SHA-256 differs from its manifest's; {_MEND}")
    counts = dict.fromkeys(manifest.classes, 0)
    num_samples = 0
    for image, label in read_samples(beton):
        if image.shape != (manifest.size, manifest.size, 3) or not -1 <= label < len(manifest.classes):
            raise DataError(f"{beton}: sample {num_samples} is not what its manifest says; build again")
        num_samples += 1
        if label >= 0:
            counts[manifest.classes[label]] += 1
    if num_samples != manifest.num_samples or counts != manifest.class_counts:
        raise DataError(f"{beton}: its samples are not those that its manifest counts; build again")
    return manifest


def _chunk_hash(path: Path, offset: int) -> str:
    with path.open("rb") as file:
        file.seek(offset)
        return hashlib.sha256(file.read(_CHUNK_BYTES)).hexdigest()
