"""What a source of photos is: it lists them without decoding any."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo file, not yet read where it is a path."""

    id: str
    """Unique in its source, and the same wherever the source lies."""
    label: str | None
    """Class name; None: unlabelled."""
    content: bytes | Path
    split: Split | None = None
    """Where the source itself puts the photo; None: it leaves that to us."""

    def read(self) -> bytes:
        """The bytes of the photo file; raises OSError where it cannot be read."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


class Source(Protocol):
    """A collection of photos."""

    @property
    def name(self) -> str:
        """As a user types it."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of their labels; none: all photos are unlabelled."""
        ...

    def fingerprint(self) -> str:
        """Changes when the photos may have changed; cheap: reads no photo."""
        ...

    def photos(self) -> Iterator[Photo]:
        """All photos, in any order."""
        ...
