"""What a sweep reads besides its records, and so what its nodes need."""

from collections.abc import Callable, Iterator
from pathlib import Path

from data.staged.errors import StagingError
from data.staged.parcel import Parcel, beton_parcel, weights_parcel
from models.pretrained import wanted_weights
from models.weights import weights_file
from search.spec.sweep_spec import SweepSpec


def parcels_of(spec: SweepSpec, photos: Callable[[Path], Parcel] = beton_parcel) -> tuple[Parcel, ...]:
    """The photos of a sweep, and all the weights that its trials may load, each once. Weights are hashed here.

    photos: describes a .beton.

    Raises:
        HuetuneError: a file is missing or damaged here, and weights cannot be fetched either.
    """
    found = [photos(beton) for beton in spec.data.files.values()]
    found += [_weights(file, origin) for origin, file in sorted(_files_of_weights(spec))]
    return tuple({(parcel.sha256, parcel.origin): parcel for parcel in found}.values())


def _files_of_weights(spec: SweepSpec) -> set[tuple[str, Path]]:
    """What each file is looked for by, and where it is; those that a package carries are on every node."""
    found = set(_starts(spec))
    for wanted in {wanted for config in spec.corner_configs for wanted in wanted_weights(config)}:
        if wanted.path is not None:
            found.add((wanted.file, wanted.path))
        elif (file := weights_file(wanted.name)) is not None:
            found.add((file.name, file))
    return found


def _starts(spec: SweepSpec) -> Iterator[tuple[str, Path]]:
    for config in spec.corner_configs:
        if config.start_from is not None:
            yield str(config.start_from), config.start_from


def _weights(file: Path, origin: str) -> Parcel:
    try:
        return weights_parcel(file, origin)
    except OSError as error:
        raise StagingError(f"{file} cannot be read ({error.strerror}); give the path of a file of weights") from None
