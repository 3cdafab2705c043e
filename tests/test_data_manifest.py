from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data.errors import DataError
from data.manifest import check_full, check_quick, manifest_path, read_manifest, write_manifest

if TYPE_CHECKING:
    from photos import Betons


@pytest.fixture
def beton(betons: Betons, tmp_path: Path) -> Path:
    """A copy to damage."""
    copy = tmp_path / "val.beton"
    shutil.copy(betons.val, copy)
    shutil.copy(manifest_path(betons.val), manifest_path(copy))
    return copy


def overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def test_whole_file_passes_and_returns_its_manifest(beton: Path):
    assert check_quick(beton) == check_full(beton) == read_manifest(beton)


def test_missing_file_says_how_to_build_it(tmp_path: Path):
    with pytest.raises(DataError, match=r"no\.beton is not a file; build it with `huetune data build"):
        check_quick(tmp_path / "no.beton")


def test_missing_manifest_is_named(beton: Path):
    manifest_path(beton).unlink()
    with pytest.raises(DataError, match=r"has no manifest val\.beton\.json"):
        check_quick(beton)


@pytest.mark.parametrize("content", ["", "{", '{"format_version": 1}'])
def test_unreadable_manifest_is_a_one_line_error(beton: Path, content: str):
    manifest_path(beton).write_text(content)
    with pytest.raises(DataError, match=r"val\.beton\.json cannot be read") as caught:
        check_quick(beton)
    assert "\n" not in str(caught.value)


def test_another_format_version_is_refused(beton: Path):
    content = json.loads(manifest_path(beton).read_text()) | {"format_version": 2}
    manifest_path(beton).write_text(json.dumps(content))
    with pytest.raises(DataError, match="cannot be read"):
        check_quick(beton)


def test_truncated_file_is_noticed(beton: Path):
    os.truncate(beton, 5000)
    with pytest.raises(DataError, match=r"val\.beton is truncated: 5,000 bytes instead of"):
        check_quick(beton)


def test_altered_header_is_noticed_quickly(beton: Path):
    overwrite(beton, 8, b"\xff")
    with pytest.raises(DataError, match="differs near byte 0"):
        check_quick(beton)


def test_garbage_of_the_right_size_is_noticed_quickly(beton: Path):
    beton.write_bytes(b"x" * beton.stat().st_size)
    with pytest.raises(DataError, match="is not what was built"):
        check_quick(beton)


def test_one_flipped_byte_anywhere_is_noticed_by_the_full_check(beton: Path):
    manifest = read_manifest(beton)
    between_chunks = (manifest.chunks[1].offset + manifest.chunks[2].offset) // 2
    assert between_chunks > manifest.chunks[1].offset + (1 << 16)
    overwrite(beton, between_chunks, b"\x01")
    check_quick(beton)
    with pytest.raises(DataError, match="SHA-256 differs"):
        check_full(beton)


def test_full_check_counts_the_samples(beton: Path):
    manifest = read_manifest(beton)
    write_manifest(beton, manifest.model_copy(update={"num_samples": 8}))
    with pytest.raises(DataError, match="not those that its manifest counts"):
        check_full(beton)
