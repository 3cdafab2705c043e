"""Model-ready photos (L, ab, label) a second: our loader against two DataLoaders, and what limits ours.

    python tests/benchmarks/loading.py [SOURCE] [--workers 2] [--size 256] [--batch-size 16] [--seconds 5]

The same photos for all, in the page cache: ours from a .beton (as JPEGs of quality 95, and as raw bytes), the peers
from files. The peers, all in a DataLoader:
    tutorial             what the tutorial behind the seeds does for each photo: PIL decodes the original file and
                         resizes it, skimage.color.rgb2lab converts
    pil + skimage        the same, with the resizing done beforehand: size × size JPEGs
    torchvision + ours   torchvision.io.decode_jpeg for each of these JPEGs, our Lab for each batch (kernel or GPU)
Prints a table, and the same as JSON in the last line. With a GPU, all ends on it, and a training step is timed too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers import DEVICE, ENDS, SCALE, pil_and_skimage, torchvision_and_ours
from PIL import Image
from rich.console import Console
from rich.table import Table

from data.batch import Batch
from data.beton import read_samples
from data.build import build
from data.config import BuildOptions, DataConfig
from data.decoding import BetonImages
from data.images import encode
from data.lab_kernel import LINEAR, normalised_lab
from data.loaders import open_loader
from data.manifest import read_manifest
from data.prepare import prepare
from data.sources.registry import open_source


def ours(beton: Path, arguments: argparse.Namespace) -> Iterator[Batch]:
    config = DataConfig(train=beton, val=beton, batch_size=arguments.batch_size, num_workers=arguments.workers)
    loader = open_loader(beton, config, training=True, seed=0, device=DEVICE)
    epoch = 0
    while True:
        yield from loader.epoch(epoch)
        epoch += 1


def rate(batches: Iterable[Any], arguments: argparse.Namespace) -> float:
    """Photos a second, after the first ten batches."""
    iterator = iter(batches)
    for _ in range(10):
        next(iterator)
    _synchronise()
    began, num_batches = time.perf_counter(), 0
    while time.perf_counter() - began < arguments.seconds:
        next(iterator)
        num_batches += 1
    _synchronise()
    return num_batches * arguments.batch_size / (time.perf_counter() - began)


def stages(beton: Path, size: int) -> dict[str, float]:
    """Photos a second of one thread, for each stage of ours alone."""
    images = BetonImages(beton, size)
    photo = np.empty((size, size, 3), np.uint8)
    lightness, ab = np.empty((size, size), np.float32), np.empty((2, size, size), np.float32)
    batch = torch.from_numpy(np.stack([photo] * 16))
    stored = torch.empty_like(batch)
    return {
        "decode": _repeated(lambda number: images.decode(number % len(images.labels), photo)),
        "Lab": _repeated(lambda number: normalised_lab(photo, bool(number % 2), LINEAR, ENDS, ENDS, lightness, ab)),
        "copy of the bytes": 16 * _repeated(lambda _: stored.copy_(batch)),
        "Lab in torch": 16 * _repeated(lambda _: prepare(batch, torch.zeros(16, dtype=torch.bool), SCALE)),
    }


def _repeated(function: Callable[[int], object]) -> float:
    """Calls a second, the best of five stretches."""
    function(0)
    best = 0.0
    for _ in range(5):
        began, number = time.perf_counter(), 0
        while time.perf_counter() - began < 0.4:
            function(number)
            number += 1
        best = max(best, number / (time.perf_counter() - began))
    return best


OURS = """
from pathlib import Path
import torch
from data.config import DataConfig
from data.loaders import open_loader
config = DataConfig(train=Path({beton!r}), val=Path({beton!r}), batch_size={batch_size}, num_workers={workers})
next(open_loader(config.train, config, training=True, seed=0, device=torch.device({device!r})).epoch(0))
"""
TUTORIAL = """
from pathlib import Path
import numpy as np
import torch
from PIL import Image
from skimage.color import rgb2lab
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
class Photos(Dataset):
    files = sorted(Path({originals!r}).iterdir())
    prepare = transforms.Compose([transforms.Resize(({size}, {size})), transforms.RandomHorizontalFlip()])
    def __len__(self):
        return len(self.files)
    def __getitem__(self, index):
        photo = np.array(self.prepare(Image.open(self.files[index]).convert("RGB")))
        lab = transforms.ToTensor()(rgb2lab(photo).astype("float32"))
        return lab[[0], ...] / 50.0 - 1.0, lab[[1, 2], ...] / 110.0
for part in next(iter(DataLoader(Photos(), {batch_size}, shuffle=True, num_workers={workers}))):
    part.to({device!r})
"""


def first_batch_s(code: str) -> float:
    """Seconds from the start of a process to its first batch, the better of three."""
    times = []
    for _ in range(3):
        began = time.time()
        child = subprocess.run(  # noqa: S603
            [sys.executable, "-c", f"{code}\nimport time; print(time.time())"], check=True, stdout=subprocess.PIPE
        )
        times.append(float(child.stdout.split()[-1]) - began)
    return min(times)


def waiting_share(beton: Path, arguments: argparse.Namespace) -> float:
    """Of the time of training the U-Net at full width, what it waits for data."""
    from models.config.trial import TrialConfig
    from models.training.phases import prepare as prepare_phase
    from models.training.state import TrainingState
    from models.training.step import training_step

    config = TrialConfig.model_validate({"data": {"train": beton, "val": beton, "batch_size": arguments.batch_size}})
    state = TrainingState(config, 0, arguments.size, DEVICE)
    plan, _ = prepare_phase(state, open_loader(beton, config.data, seed=0, device=DEVICE))
    batches = ours(beton, arguments)
    for _ in range(10):
        training_step(state, next(batches), plan)
    waited, began = 0.0, time.perf_counter()
    while time.perf_counter() - began < arguments.seconds:
        _synchronise()
        asked = time.perf_counter()
        batch = next(batches)
        _synchronise()
        waited += time.perf_counter() - asked
        training_step(state, batch, plan)
    _synchronise()
    return waited / (time.perf_counter() - began)


def _synchronise() -> None:
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def prepared(source: str, size: int, folder: Path) -> tuple[Path, list[Path], list[Path]]:
    """The photos as a .beton, as the source has them, and as files of size × size."""
    opened, beton = open_source(source), folder / "train.beton"
    build(opened, folder, BuildOptions(size=size), num_workers=2)
    build(opened, folder / "raw", BuildOptions(size=size, quality=None), num_workers=2)
    kept = set(read_manifest(beton).sample_ids)
    originals, files = folder / "originals", folder / "files"
    for place in (originals, files):
        place.mkdir()
    for number, photo in enumerate(photo for photo in opened.photos() if photo.id in kept):
        (originals / f"{number:06d}.jpg").write_bytes(photo.read())
    for number, (image, _) in enumerate(read_samples(beton)):
        (files / f"{number:06d}.jpg").write_bytes(encode(Image.fromarray(image), 95))
    return beton, sorted(originals.iterdir()), sorted(files.iterdir())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", default="groceries", help="as `huetune data build` takes it")
    parser.add_argument("--workers", type=int, default=2, help="threads of ours, processes of a DataLoader")
    parser.add_argument("--size", type=int, default=256, help="pixels of a side")
    parser.add_argument("--batch-size", type=int, default=16, help="photos")
    parser.add_argument("--seconds", type=float, default=5, help="that each loader is measured for")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        beton, originals, files = prepared(arguments.source, arguments.size, Path(name))
        rates = {
            "tutorial": rate(pil_and_skimage(originals, arguments), arguments),
            "pil + skimage": rate(pil_and_skimage(files, arguments), arguments),
            "torchvision + ours": rate(torchvision_and_ours(files, arguments), arguments),
            "ours, JPEG": rate(ours(beton, arguments), arguments),
            "ours, raw": rate(ours(beton.parent / "raw" / beton.name, arguments), arguments),
        }
        peers = ("tutorial", "pil + skimage", "torchvision + ours")
        places = {"beton": str(beton), "originals": str(originals[0].parent), "device": DEVICE.type}
        figures: dict[str, Any] = {
            "photos a second": rates,
            "ours, JPEG, times the photos of": {name: rates["ours, JPEG"] / rates[name] for name in peers},
            "ours, raw, times the photos of": {name: rates["ours, raw"] / rates[name] for name in peers},
            "stages, one thread, photos a second": stages(beton, arguments.size),
            "seconds to the first batch": {
                name: first_batch_s(code.format(**places, **vars(arguments)))
                for name, code in (("tutorial", TUTORIAL), ("ours", OURS))
            },
        }
        if DEVICE.type == "cuda":
            figures["of a training step, waiting for data"] = {"ours, JPEG": waiting_share(beton, arguments)}
    show(figures)
    print(json.dumps({"device": DEVICE.type, **vars(arguments), **figures}))


def show(figures: dict[str, dict[str, float]]) -> None:
    table = Table("", "", "value")
    for group, values in figures.items():
        for name, value in values.items():
            table.add_row(group, name, f"{value:,.0f}" if value >= 100 else f"{value:.2f}")
            group = ""
        table.add_section()
    Console().print(table)


if __name__ == "__main__":
    main()
