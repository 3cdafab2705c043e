"""What a store has of photos that the driver does not see."""

import tempfile
from pathlib import Path

from data.manifest import manifest_path, read_manifest
from data.staged.parcel import Parcel, parcel_of_manifest
from data.stores import StoreError, answer_in_time, shown_address, store_folder, told_in_words


def parcel_in_store(beton: Path, store: str) -> Parcel:
    """A .beton and its manifest, which lie in a store under their names.

    Raises:
        HuetuneError: the store cannot be read, or has no such manifest.
    """
    name = manifest_path(beton).name
    with tempfile.TemporaryDirectory(prefix="huetune-") as scratch, told_in_words(shown_address(store)):
        copy = Path(scratch) / beton.name
        manifest_path(copy).write_bytes(answer_in_time(lambda: _content(store, name)))
        parcel = parcel_of_manifest(copy, read_manifest(copy))
    return parcel.model_copy(update={"folder": beton.parent})


def _content(store: str, name: str) -> bytes:
    folder = store_folder(store)
    try:
        with folder.store.open_input_stream(f"{folder.root}/{name}") as stream:
            content: bytes = stream.read()
    except FileNotFoundError:
        raise StoreError(f"neither this machine nor {folder.shown} has {name.removesuffix('.json')}") from None
    return content
