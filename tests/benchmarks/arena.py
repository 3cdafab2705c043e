"""A sweep that is broken by force and gone on with, again and again; see chaos.py."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Literal, Self

import psutil
import yaml
from benchmarks.witness import Witness, require_same
from builds import built
from photos import SHAPES, Betons, make_photo

from data.config import BuildOptions
from search.records import Sweep, read_sweep

Kind = Literal["driver", "worker", "everything", "power", "gcs"]
TURNS: tuple[Kind, ...] = ("driver", "worker", "power", "everything")
MAX_START_S, MAX_EVALUATIONS, MAX_PAUSE_S = 6.0, 2, 0.5
"""A blow falls within so many seconds of the start, or after so many evaluations and a pause."""
PATIENCE_S = 600.0
"""The longest that anything is waited for; the driver notices the loss of its GCS after 60."""
NAME = "chaos"


@dataclass(frozen=True)
class Blow:
    kind: Kind
    num_evaluations: int | None
    """That it waits for; None: it does not, and falls while the sweep starts."""
    pause_s: float


def blows(num: int, seed: int, turns: Sequence[Kind]) -> Iterator[Blow]:
    draw = random.Random(seed)  # noqa: S311
    for number, turn in enumerate(islice(cycle(turns), num)):
        kind: Kind = "gcs" if number == 8 else turn
        early = kind in ("driver", "everything") and draw.random() < 0.3
        if early:
            yield Blow(kind, None, draw.uniform(0, MAX_START_S))
        else:
            yield Blow(kind, draw.randint(0, MAX_EVALUATIONS), draw.uniform(0, MAX_PAUSE_S))


def write_spec(path: Path, betons: Betons, num_trials: int) -> Path:
    spec: dict[str, Any] = {
        "name": NAME,
        "data": {"train": str(betons.train), "val": str(betons.val), "batch_size": 8},
        "objectives": {"l1": "min", "colourfulness_distance": "min"},
        "base": {
            "model": {"width": 0.125, "depth": 4},
            "loss": {"classification": 1.0},
            "evaluation": {"fid_images": 0, "samples": 2},
            "epochs": 3,
        },
        "space": {
            "loss.adversarial": ["none", "bce", "wgan-gp"],
            "loss.gradient_penalty": {"uniform": [1, 20], "when": {"loss.adversarial": "wgan-gp"}},
            "loss.l1": {"log": [1, 300]},
            "optimizer.generator_lr": {"log": [1e-4, 1e-2]},
        },
        "search": {"trials": num_trials, "seed": 1},
        "pruning": {"reduction": 2},
        "resources": {"cpu": os.cpu_count()},
        "failures": {"worker_death": 100},
    }
    path.write_text(yaml.safe_dump(spec))
    return path


def make_betons(folder: Path) -> Betons:
    for name in SHAPES:
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(11):
            make_photo(name, number).save(folder / "photos" / name / f"{number:02d}.jpg", quality=95)
    built(folder / "photos", folder, BuildOptions(size=32, val=0.27))
    return Betons(folder / "train.beton", folder / "val.beton")


class Arena:
    """A sweep in its own storage, and the process that drives it."""

    def __init__(self, spec_file: Path, storage: Path) -> None:
        storage.mkdir(parents=True, exist_ok=True)
        self._spec_file, self.storage, self.folder = spec_file, storage, storage / NAME
        self.witness = Witness(self.folder, {})
        self._driver: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._driver is not None and self._driver.poll() is None:
            self.kill_everything()

    def start(self) -> None:
        """Run the sweep, or go on with it, unless it is being run."""
        if self._driver is not None and self._driver.poll() is None:
            return
        begun = (self.folder / "sweep.json").exists()
        what = ["resume", NAME] if begun else ["run", str(self._spec_file)]
        command = [sys.executable, "-m", "huetune", "sweep", *what, "--storage", str(self.storage)]
        with (self.storage / "log.txt").open("ab") as log:
            self._driver = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603

    def finish(self) -> Sweep:
        """Let the sweep come to its end."""
        self.start()
        assert self.driver.wait(PATIENCE_S) == 0, self._last_words
        self.witness.look()
        return read_sweep(self.folder)

    @property
    def driver(self) -> subprocess.Popen[bytes]:
        assert self._driver is not None
        return self._driver

    @property
    def _last_words(self) -> str:
        return (self.storage / "log.txt").read_text()[-2000:]

    def wait_for(self, blow: Blow) -> None:
        """Until it is time for the blow."""
        if blow.num_evaluations is not None:
            wanted = self.witness.look() + blow.num_evaluations
            self._until(lambda: self.witness.look() >= wanted and bool(self._workers()))
        time.sleep(blow.pause_s)
        assert self.driver.poll() is None, f"the sweep ended before it could be hit: {self._last_words}"

    def strike(self, blow: Blow) -> None:
        STRIKES[blow.kind](self)
        self.witness.note_kill()

    def kill_driver(self) -> None:
        # Its processes notice by themselves, some seconds later: the sweep goes on at once beside them.
        self.driver.kill()
        self.driver.wait()

    def kill_worker(self) -> None:
        self._until(lambda: bool(self._workers()))
        for worker in self._workers()[:1]:
            worker.kill()

    def kill_everything(self) -> None:
        for process in [*self._family(), psutil.Process(self.driver.pid)]:
            _kill(process)
        self.driver.wait()

    def kill_gcs(self) -> None:
        """The driver ends by itself then; how is its affair."""
        for process in self._family():
            if "gcs_server" in process.name():
                _kill(process)
        self.driver.wait(PATIENCE_S)

    def copied_to(self, storage: Path) -> Arena:
        """What is on the disk at this moment, or rather at several: files change while others are copied."""
        storage.mkdir(parents=True)
        self.witness.look()
        subprocess.run(["cp", "-r", self.folder, storage], check=False, stderr=subprocess.DEVNULL)  # noqa: S603, S607
        copy = Arena(self._spec_file, storage)
        copy.witness = Witness(copy.folder, self.witness.known)
        copy.witness.note_kill()
        return copy

    def _family(self) -> list[psutil.Process]:
        return psutil.Process(self.driver.pid).children(recursive=True) if self.driver.poll() is None else []

    def _workers(self) -> list[psutil.Process]:
        return [process for process in self._family() if "ImplicitFunc" in _name(process)]

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition() and self.driver.poll() is None:
            assert time.monotonic() < deadline, "the sweep does not move"
            time.sleep(0.05)


STRIKES: dict[Kind, Callable[[Arena], None]] = {
    "driver": Arena.kill_driver,
    "worker": Arena.kill_worker,
    "everything": Arena.kill_everything,
    "power": Arena.kill_everything,
    "gcs": Arena.kill_gcs,
}


def _kill(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return ""


def chaos(
    betons: Betons,
    folder: Path,
    num_kills: int,
    seed: int,
    tell: Callable[[str], None],
    turns: Sequence[Kind] = TURNS,
) -> dict[str, int]:
    """Break a sweep so often; what was checked, by name. AssertionError: a promise was broken."""
    spec_file = write_spec(folder / "chaos.yaml", betons, num_trials=num_kills + 4)
    with Arena(spec_file, folder / "undisturbed") as arena:
        undisturbed = arena.finish()
    tell(f"undisturbed: {len(undisturbed.trials)} trials")
    copies: list[Witness] = []
    with Arena(spec_file, folder / "broken") as arena:
        for number, blow in enumerate(blows(num_kills, seed, turns), 1):
            arena.start()
            arena.wait_for(blow)
            copy = arena.copied_to(folder / f"copy-{number}") if blow.kind == "power" else None
            arena.strike(blow)
            tell(f"{number:2d} {blow.kind:10s} at {arena.witness.look()} evaluations")
            if copy is not None:
                with copy:
                    require_same(copy.finish(), undisturbed)
                copies.append(copy.witness)
        broken = arena.finish()
    require_same(broken, undisturbed)
    witnesses = [arena.witness, *copies]
    return {
        "kills": num_kills,
        "copies in mid-write, gone on with": len(copies),
        "evaluations at a kill, found again": sum(witness.num_evaluations for witness in witnesses),
        "ended trials at a kill, found unchanged": sum(witness.num_ended for witness in witnesses),
        "trials": len(broken.trials),
        "attempts at them": sum(trial.state.attempts for trial in broken.trials),
        "their evaluations": sum(len(trial.evaluations) for trial in broken.trials),
        "pruned": sum(trial.state.state == "pruned" for trial in broken.trials),
    }
