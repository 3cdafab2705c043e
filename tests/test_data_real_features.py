"""What is kept of the real photos for FID: computed once, whole, wherever there is a place for it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from data.real_features import RealFeaturesKey, load_or_compute_real_features

KEY = RealFeaturesKey("ab" * 32, num_photos=5, side=64, space="rgb", layer="64", weights_hash="cd" * 32, resize="none")


@pytest.fixture
def beton(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "val.beton").touch()
    return tmp_path / "data" / "val.beton"


def refuse() -> Tensor:
    raise AssertionError("computed again")


def test_features_are_computed_once(beton: Path):
    features = torch.rand(5, 64)
    assert torch.equal(load_or_compute_real_features(beton, KEY, lambda: features), features)
    assert torch.equal(load_or_compute_real_features(beton, KEY, refuse), features)
    assert {path.name for path in beton.parent.iterdir()} == {"val.beton", f"val.beton{KEY.file_suffix}"}


def test_features_that_differ_in_anything_are_others():
    others = [
        replace(KEY, **change)
        for change in (
            {"beton_sha256": "00" * 32},
            {"num_photos": 6},
            {"side": 32},
            {"layer": "192"},
            {"weights_hash": "00" * 32},
            {"resize": "PIL bicubic"},
        )
    ]
    assert len({key.file_suffix for key in [KEY, *others]}) == 7


def truncated(content: bytes) -> bytes:
    return content[:-200]


def with_flipped_byte(content: bytes) -> bytes:
    position = content.index(bytes(512))  # among the features, all zero
    return content[:position] + b"\x01" + content[position + 1 :]


@pytest.mark.parametrize("damage", [truncated, with_flipped_byte])
def test_damaged_features_are_computed_again(beton: Path, damage: Callable[[bytes], bytes]):
    load_or_compute_real_features(beton, KEY, lambda: torch.zeros(5, 64))
    path = beton.with_name(f"val.beton{KEY.file_suffix}")
    path.write_bytes(damage(path.read_bytes()))
    assert load_or_compute_real_features(beton, KEY, lambda: torch.ones(5, 64)).sum() == 320
    assert load_or_compute_real_features(beton, KEY, refuse).sum() == 320


def test_processes_that_start_together_compute_once(beton: Path):
    calls: list[int] = []
    started = threading.Barrier(4)

    def compute() -> Tensor:
        calls.append(1)
        return torch.ones(5, 64)

    def start() -> None:
        started.wait()
        load_or_compute_real_features(beton, KEY, compute)

    threads = [threading.Thread(target=start) for _ in range(4)]  # each opens the file: a lock of its own
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == [1]


def test_folder_that_cannot_be_written_to_sends_them_to_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    beton = Path("/proc/val.beton")  # refuses even root
    assert load_or_compute_real_features(beton, KEY, lambda: torch.ones(5, 64)).sum() == 320
    assert load_or_compute_real_features(beton, KEY, refuse).sum() == 320
    assert (tmp_path / "huetune" / f"val.beton{KEY.file_suffix}").exists()


def test_no_place_at_all_is_no_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc")
    assert load_or_compute_real_features(Path("/proc/val.beton"), KEY, lambda: torch.ones(5, 64)).sum() == 320
