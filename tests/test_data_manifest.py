"""The manifest beside a .beton, and the quick check that every loader makes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from unprivileged import unprivileged

from data.errors import DataError
from data.filters import by_reason
from data.manifest import check_quick, manifest_path, read_manifest, sealed

if TYPE_CHECKING:
    pass


def fault(beton: Path) -> str:
    """What the quick check says, in one line."""
    with pytest.raises(DataError) as caught:
        check_quick(beton)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def change_manifest(beton: Path, **values: object) -> None:
    """As if it had been built so: with a seal that fits."""
    content = json.loads(manifest_path(beton).read_text())
    content.pop("seal")
    manifest_path(beton).write_text(sealed(json.dumps(content | values, indent=1)))


def test_manifest_has_a_name_beside_its_file():
    assert manifest_path(Path("x/train.beton")) == Path("x/train.beton.json")


def test_whole_file_passes_and_returns_its_manifest(beton: Path):
    assert check_quick(beton) == read_manifest(beton)


def test_classes_of_a_file_and_reasons_are_counted(beton: Path):
    dropped = [{"id": str(n), "reason": reason, "detail": ""} for n, reason in enumerate(["gray", "too small", "gray"])]
    change_manifest(beton, dropped=dropped)
    manifest = read_manifest(beton)
    assert manifest.class_counts == {"brick": 3, "leaf": 3, "sail": 3}
    assert by_reason(manifest.dropped) == "2 gray, 1 too small"


def test_missing_file_says_how_to_build_it(tmp_path: Path):
    assert f"no.beton is not a file; build it with `huetune data build SOURCE --out {tmp_path}`" in fault(
        tmp_path / "no.beton"
    )


def test_missing_manifest_is_named(beton: Path):
    manifest_path(beton).unlink()
    assert "has no manifest val.beton.json beside it; copy it along, or build again" in fault(beton)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format_version": ', "\udcff"])
def test_damaged_manifest_is_named(beton: Path, content: str):
    manifest_path(beton).write_text(content, errors="surrogateescape")
    assert fault(beton).endswith("val.beton.json was damaged or altered; copy it again, or build again")


@pytest.mark.parametrize(("before", "after"), [('"num_samples": 9', '"num_samples": 8'), ("brick", "trick")])
def test_altered_manifest_is_refused_even_where_it_makes_sense(beton: Path, before: str, after: str):
    content = manifest_path(beton).read_text()
    assert before in content
    manifest_path(beton).write_text(content.replace(before, after, 1))
    assert "val.beton.json was damaged or altered" in fault(beton)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_samples": "many"}, "is no manifest (num_samples: input should be a valid integer"),
        ({"surprise": 1}, "is no manifest (surprise: extra inputs are not permitted)"),
        ({"options": {"size": 4}}, "is no manifest (options.size: input should be greater than or equal to 16)"),
    ],
)
def test_manifest_that_makes_no_sense_says_where(beton: Path, values: dict[str, object], message: str):
    change_manifest(beton, **values)
    assert message in fault(beton)


@pytest.mark.parametrize("version", [1, 3])
def test_another_format_version_is_refused(beton: Path, version: int):
    change_manifest(beton, format_version=version)
    expected = f"is of format {version}, and this huetune reads format 2; build again"
    assert fault(beton).endswith(expected)


def test_truncated_file_is_noticed(beton: Path):
    os.truncate(beton, 5000)
    assert "val.beton is truncated: 5,000 bytes instead of" in fault(beton)


def test_appended_bytes_are_noticed(beton: Path):
    with beton.open("ab") as file:
        file.write(b"\0")
    assert "val.beton is not the file of its manifest" in fault(beton)


def test_altered_header_is_noticed_quickly(beton: Path):
    overwrite(beton, 8, b"\xff")
    assert "is not what was built: it differs near byte 0;" in fault(beton)


def test_altered_table_of_places_is_noticed_quickly(beton: Path):
    overwrite(beton, beton.stat().st_size - 1, b"\xff")
    assert "is not what was built: it differs near byte" in fault(beton)


def test_garbage_of_the_right_size_is_noticed_quickly(beton: Path):
    beton.write_bytes(b"x" * beton.stat().st_size)
    assert "is not what was built" in fault(beton)


@pytest.mark.parametrize("part", ["val.beton", "val.beton.json"])
def test_file_that_may_not_be_read_is_named(beton: Path, part: str):
    (beton.parent / part).chmod(0)
    with unprivileged():
        assert "cannot be read (Permission denied); make it readable, or copy it again" in fault(beton)
