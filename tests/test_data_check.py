"""The full check of a .beton: nothing that is wrong with it passes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data.build import build
from data.check import check_full
from data.config import BuildOptions
from data.errors import DataError
from data.ffcv_parts import Reader
from data.files import sha256
from data.manifest import Manifest, check_quick, manifest_path, read_manifest, sampled_chunks, sealed
from data.sources.registry import open_source

if TYPE_CHECKING:
    from photos import Betons


def fault(beton: Path) -> str:
    """What the full check says, in one line."""
    with pytest.raises(DataError) as caught:
        check_full(beton)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def flip_byte(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def rewrite_manifest(beton: Path, **values: object) -> None:
    """A manifest that says something else of the same file."""
    changed = read_manifest(beton).model_copy(update=values)
    manifest_path(beton).write_text(sealed(changed.model_dump_json(indent=1)))


def test_whole_file_passes_and_returns_its_manifest(beton: Path):
    assert check_full(beton) == read_manifest(beton)


def interesting_offsets(beton: Path) -> list[int]:
    """In the header, the fields, the table of samples, an image, the gap behind the images, the table of places."""
    reader, size = Reader(str(beton)), beton.stat().st_size
    samples = reader.header.nbytes + reader.field_descriptors.nbytes
    image = int(reader.alloc_table["ptr"][4]) + 100
    end = int((reader.alloc_table["ptr"] + reader.alloc_table["size"]).max())
    places = int(reader.header["alloc_table_ptr"])
    return [0, 2, 8, 30, samples, samples + 50, image, end, (end + places) // 2, places, places + 20, size - 1]


@pytest.mark.parametrize("place", range(12))
def test_one_flipped_bit_anywhere_is_noticed(beton: Path, place: int):
    flip_byte(beton, interesting_offsets(beton)[place])
    assert "is not what was built" in (message := fault(beton)) or "was altered: its SHA-256 differs" in message


def test_what_the_quick_check_does_not_see_the_full_one_does(beton: Path):
    chunks = read_manifest(beton).chunks
    between = (chunks[1].offset + chunks[2].offset) // 2
    assert between > chunks[1].offset + (1 << 16)
    flip_byte(beton, between)
    check_quick(beton)
    assert "was altered: its SHA-256 differs from its manifest's; copy the .beton and its manifest again" in fault(
        beton
    )


@pytest.mark.parametrize("num_bytes", [0, 100, 5000, -1])
def test_truncated_file_is_noticed(beton: Path, num_bytes: int):
    os.truncate(beton, num_bytes if num_bytes >= 0 else beton.stat().st_size - 1)
    assert "val.beton is truncated" in fault(beton)


def test_appended_bytes_are_noticed(beton: Path):
    with beton.open("ab") as file:
        file.write(b"more")
    assert "val.beton is not the file of its manifest" in fault(beton)


def test_samples_are_counted(beton: Path):
    by_class = read_manifest(beton).class_figures
    rewrite_manifest(beton, class_figures=by_class | {"leaf": by_class["leaf"].model_copy(update={"num_photos": 4})})
    assert "its samples are not those that its manifest counts; build again" in fault(beton)


def test_size_is_compared(beton: Path):
    rewrite_manifest(beton, size=64)
    assert "sample 0 is (32, 32, 3), not of 64 px; build again" in fault(beton)


def test_sample_that_does_not_decode_is_named(beton: Path):
    """A fault that was there when the file was built: its hashes agree."""
    start, length = (int(Reader(str(beton)).alloc_table[name][2]) for name in ("ptr", "size"))
    with beton.open("r+b") as file:
        file.seek(start)
        file.write(b"\0" * length)
    rewrite_manifest(beton, sha256=sha256(beton), chunks=sampled_chunks(beton))
    assert "val.beton: sample 2 is no image in a known format" in fault(beton)


def built(photos: Path, out: Path, **options: object) -> dict[str, Manifest]:
    chosen = BuildOptions.model_validate({"size": 32, "val": 0.27} | options)
    return build(open_source(str(photos)), out, chosen, num_workers=1)


def move(source: Path, target: Path, split: str) -> None:
    for name in (f"{split}.beton", f"{split}.beton.json"):
        shutil.move(source / name, target / name)


def test_splits_of_two_builds_in_one_folder_are_named(photo_folder: Path, tmp_path: Path):
    """The same division of the photos, so that none is shared."""
    built(photo_folder, tmp_path / "a")
    built(photo_folder, tmp_path / "b", quality=90)
    move(tmp_path / "b", tmp_path / "a", "val")
    for one, other in (("train", "val"), ("val", "train")):
        expected = f"a/{one}.beton and {other}.beton are of two builds; build both in one go"
        assert fault(tmp_path / f"a/{one}.beton").endswith(expected)


def test_photos_shared_by_two_files_are_counted(photo_folder: Path, tmp_path: Path):
    first = built(photo_folder, tmp_path / "a")
    second = built(photo_folder, tmp_path / "b", seed=1)
    move(tmp_path / "b", tmp_path / "a", "val")
    shared = len({*first["train"].sample_ids} & {*second["val"].sample_ids})
    assert 0 < shared < 9
    assert f"train.beton and val.beton share {shared} photos; build both" in fault(tmp_path / "a/train.beton")


def test_split_that_the_build_did_not_make_is_looked_at_too(photo_folder: Path, tmp_path: Path):
    built(photo_folder, tmp_path / "a")
    built(photo_folder, tmp_path / "b", test=0.2)
    move(tmp_path / "b", tmp_path / "a", "test")
    assert "train.beton and test.beton share" in fault(tmp_path / "a/train.beton")


def test_file_is_checked_without_its_other_splits(beton: Path):
    assert read_manifest(beton).splits == ("train", "val")
    check_full(beton)


def test_file_of_another_build_under_a_name_of_its_own_is_no_split(beton: Path, betons: Betons):
    """The usual home of data.unlabelled: beside the labelled files."""
    other = beton.with_name("more.beton")
    shutil.copy(betons.train, other)
    shutil.copy(manifest_path(betons.train), manifest_path(other))
    rewrite_manifest(other, fingerprint="another")
    assert check_full(other).num_samples == 24
