"""Builds of small data sets."""

from pathlib import Path

from data.build import build
from data.config import BuildOptions
from data.manifest import Manifest
from data.sources.photo import Split
from data.sources.registry import open_source

SMALL = BuildOptions(size=16, val=0.27)


def built(photos: Path, out: Path, options: BuildOptions = SMALL, num_workers: int = 1) -> dict[Split, Manifest]:
    return build(open_source(str(photos)), out, options, num_workers=num_workers)
