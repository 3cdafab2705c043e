"""What is in a .beton file: a JSON beside it that names its content and proves that it is whole."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from data.config import BuildOptions
from data.errors import DataError
from data.filters import Dropped
from data.sources.photo import Split

FORMAT_VERSION: Literal[2] = 2
_SEAL = ' "seal": '
_NUM_CHUNKS = 16
_CHUNK_BYTES = 1 << 16
MEND = "copy the .beton and its manifest again, or build again"


class Chunk(BaseModel):
    """A stretch of the file that the quick check compares."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: int
    sha256: str


Triple = tuple[float, float, float]


class Figures(BaseModel):
    """Means and standard deviations over all pixels of some photos, resized and cut, before JPEG rounds them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_photos: int
    rgb_mean: Triple
    """Of R, G and B, 0 to 1."""
    rgb_std: Triple
    lab_mean: Triple
    """Of L, a and b, in Lab units."""
    lab_std: Triple


class Manifest(BaseModel):
    """X.beton.json: where the samples of X.beton come from, what they are, and the hashes of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[2] = FORMAT_VERSION
    source: str
    fingerprint: str
    """Changes when the source's photos change."""
    options: BuildOptions
    splits: tuple[Split, ...]
    """All that were built together."""
    size: int
    """Pixels: every image is size × size."""
    num_samples: int
    classes: tuple[str, ...]
    """The label i of a sample means classes[i]; −1 means no label. The same in every split of a build."""
    class_figures: dict[str, Figures]
    """Of this file, for each class, 0 photos included."""
    figures: Figures
    """Of this file."""
    mean_photo_size: tuple[float, float]
    """Mean width and height in pixels of the photos before they were resized."""
    ab_bin_counts: tuple[int, ...]
    """Pixels, before JPEG rounds them, in each bin of data.bins.gamut_bins(), for the rebalancing of colours."""
    dropped: tuple[Dropped, ...]
    """Photos of the whole source that were looked at and left out."""
    sample_ids: tuple[str, ...]
    """The source's photo ids in the order of the file."""
    photo_digests: tuple[str, ...]
    """The first 16 hex digits of the SHA-256 of each photo file, in the same order: equal ones are copies."""
    num_bytes: int
    sha256: str
    chunks: tuple[Chunk, ...]
    """Evenly spread over the file; the first begins with the header, the last ends the file."""

    @property
    def class_counts(self) -> dict[str, int]:
        """Samples of this file by class, 0 included."""
        return {name: figures.num_photos for name, figures in self.class_figures.items()}


def manifest_path(beton: Path) -> Path:
    return beton.with_name(f"{beton.name}.json")


def sealed(content: str) -> str:
    """The JSON of a manifest (indent 1), and as its last entry a SHA-256 of all that stands before it."""
    body = content.removesuffix("\n}")
    return f'{body},\n{_SEAL}"{hashlib.sha256(body.encode()).hexdigest()}"\n}}\n'


def _opened(content: bytes) -> bytes | None:
    """The JSON of a manifest without its seal; None where they do not fit together."""
    body, _, seal = content.rpartition(b",\n" + _SEAL.encode())
    return body + b"}" if seal == f'"{hashlib.sha256(body).hexdigest()}"\n}}\n'.encode() else None


def read_manifest(beton: Path) -> Manifest:
    """The manifest of a .beton, without a look at the .beton itself.

    Raises:
        DataError: it is missing, damaged or of another format version.
    """
    path = manifest_path(beton)
    with readable(path):
        if not path.exists():
            raise DataError(
                f"{beton} has no manifest {path.name} beside it; copy it along, or build again with "
                "`huetune data build`"
            )
        content = path.read_bytes()
    _require_format(path, content)
    if (body := _opened(content)) is None:
        raise DataError(f"{path} was damaged or altered; copy it again, or build again")
    try:
        return Manifest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        fault = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        raise DataError(f"{path} is no manifest ({fault}); copy it again, or build again") from None


def _require_format(path: Path, content: bytes) -> None:
    # By its text: reading all of a large manifest twice would take its time.
    found = re.search(rb'"format_version":\s*(\d+)', content[:1000])
    if found and int(found[1]) != FORMAT_VERSION:
        version = int(found[1])
        raise DataError(f"{path} is of format {version}, and this huetune reads format {FORMAT_VERSION}; build again")


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
    with readable(beton):
        if beton.is_dir():
            raise DataError(f"{beton} is a folder; give one of the .beton files in it")
        if not beton.is_file():
            raise DataError(f"{beton} is not a file; build it with `huetune data build SOURCE --out {beton.parent}`")
        manifest = read_manifest(beton)
        num_bytes = beton.stat().st_size
        if num_bytes != manifest.num_bytes:
            fault = "truncated" if num_bytes < manifest.num_bytes else "not the file of its manifest"
            raise DataError(f"{beton} is {fault}: {num_bytes:,} bytes instead of {manifest.num_bytes:,}; {MEND}")
        for chunk in manifest.chunks:
            if _chunk_hash(beton, chunk.offset) != chunk.sha256:
                raise DataError(f"{beton} is not what was built: it differs near byte {chunk.offset:,}; {MEND}")
        return manifest


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """The system's errors of reading a file as a DataError of one line."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); make it readable, or copy it again"
        ) from error


def _chunk_hash(path: Path, offset: int) -> str:
    with path.open("rb") as file:
        file.seek(offset)
        return hashlib.sha256(file.read(_CHUNK_BYTES)).hexdigest()
