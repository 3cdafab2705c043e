"""The short form of benchmarks/chaos.py."""

from pathlib import Path

import pytest
from benchmarks.arena import chaos
from photos import Betons

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]


def test_sweep_that_is_killed_and_its_copy_lose_nothing(betons: Betons, tmp_path: Path):
    counts = chaos(betons, tmp_path, num_kills=1, seed=0, tell=print, turns=["power"])
    assert counts["kills"] == 1
    assert counts["copies in mid-write, gone on with"] == 1
