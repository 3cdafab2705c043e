"""What is staged as one: a .beton with its manifest, or a file of weights."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from data.files import sha256
from data.manifest import Manifest, check_quick, manifest_path

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[^/]*[^/.][^/]*$")]
"""Without folders, and neither . nor .."""


class Piece(BaseModel):
    """One file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FileName
    num_bytes: int
    sha256: Sha256


class Parcel(BaseModel):
    """Files that belong together; the first one's hash is the name of all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pieces: tuple[Piece, ...] = Field(min_length=1)
    folder: Path
    """Where the files lie for whoever asks for them."""
    origin: str = ""
    """What a file of weights is looked for by: its path, or the name of a published file. A .beton is by its hash."""
    modified_ns: int = 0
    """When the file at that path was written."""

    @property
    def sha256(self) -> str:
        return self.pieces[0].sha256

    @property
    def name(self) -> str:
        return self.pieces[0].name

    @property
    def num_bytes(self) -> int:
        return sum(piece.num_bytes for piece in self.pieces)


def beton_parcel(beton: Path) -> Parcel:
    """A .beton with its manifest, as they lie here.

    Raises:
        DataError: they are missing or do not fit together.
    """
    return parcel_of_manifest(beton, check_quick(beton))


def parcel_of_manifest(beton: Path, manifest: Manifest) -> Parcel:
    """The same, where the manifest alone lies here."""
    photos = Piece(name=beton.name, num_bytes=manifest.num_bytes, sha256=manifest.sha256)
    return Parcel(pieces=(photos, _piece(manifest_path(beton))), folder=beton.parent)


def weights_parcel(file: Path, origin: str) -> Parcel:
    """A file of weights, all of which is read for its hash. Raises OSError if it cannot be."""
    return Parcel(pieces=(_piece(file),), folder=file.parent, origin=origin, modified_ns=file.stat().st_mtime_ns)


def _piece(file: Path) -> Piece:
    return Piece(name=file.name, num_bytes=file.stat().st_size, sha256=sha256(file))
