"""What a trial costs, from a few steps of real training on this machine. Nothing is kept of it."""

import functools
import itertools
import json
import math
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from data.batch import Batch, Photos
from data.loaders import Loader, open_loader
from data.manifest import Manifest
from models.config.phases import PhaseConfig
from models.config.trial import TrialConfig
from models.fit import check_fit, image_side
from models.measures.fid import FidNetwork
from models.measures.fid_reference import FidReference
from models.measures.pictures import picture
from models.measures.validation import Validation
from models.training.phases import Plan, prepare
from models.training.position import Position
from models.training.release import release_memory
from models.training.state import TrainingState
from models.training.step import GpuMemoryError, training_step
from models.weights import load_state
from search.errors import SweepError
from search.spec.cost import SECONDS_AN_HOUR, TrialCost
from search.spec.ranges import Choice, plain
from search.spec.space import Assignment, Space
from search.spec.sweep_spec import SweepSpec

MAX_TRIALS = 4
NUM_VALIDATED = 2
"""Batches of a validation that are timed."""
WAIT_EVERY_S = 0.2
"""How often steps that are counted over some seconds are waited for on a GPU."""


def timed_trials(
    spec: SweepSpec, manifests: Mapping[str, Manifest], num_steps: int, console: Console
) -> list[TrialCost]:
    """Time up to MAX_TRIALS of the combinations of choices that make the networks and losses what they are.

    Raises:
        HuetuneError: data and networks do not fit together, weights are missing, or the GPU's memory is too small.
    """
    for config in spec.corner_configs:
        check_fit(config, manifests)
    chosen = spread(spec)
    with (
        _threads_of_a_trial(spec.resources.cpu),
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        costs = []
        for choices, config in progress.track(chosen.items(), len(chosen), description="timing"):
            try:
                costs.append(timed_trial(choices, config, manifests, num_steps, _device()))
            except GpuMemoryError as error:
                raise SweepError(f"with {choices}: {error}") from None
            finally:
                release_memory()
        return costs


def spread(spec: SweepSpec) -> dict[str, TrialConfig]:
    """Corners of the space whose steps differ in what they compute, at most MAX_TRIALS, by the choices made there."""
    found: dict[str, tuple[str, TrialConfig]] = {}
    for corner, config in zip(spec.parsed_space.corners(), spec.corner_configs, strict=True):
        found.setdefault(_work(config), (choices_in_words(corner, spec.parsed_space), config))
    kinds = list(found.values())
    num_gaps = max(MAX_TRIALS - 1, 1)
    places = (
        range(len(kinds))
        if len(kinds) <= MAX_TRIALS
        else [round(number * (len(kinds) - 1) / num_gaps) for number in range(MAX_TRIALS)]
    )
    return {kinds[place][0]: kinds[place][1] for place in places}


def machine_in_words(num_threads: int) -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = _num_threads(num_threads)
    return f"a CPU with {threads} thread{'' if threads == 1 else 's'}"


def _work(config: TrialConfig) -> str:
    """All that decides what a step computes, as text: of the numbers that are no counts the width alone."""
    sections = config.model_dump(mode="json", include={"model", "data", "compute", "loss"})
    counted = {
        section: {name: value for name, value in values.items() if not isinstance(value, float)}
        for section, values in sections.items()
    }
    return json.dumps([counted, config.model.width, config.loss.task_losses])


def choices_in_words(corner: Assignment, space: Space) -> str:
    """What tells one trial from the others of its sweep, as far as it makes its networks and losses what they are."""
    shown = {
        path: value
        for path, value in space.searched(corner).items()
        if isinstance(space.by_path[path].range, Choice) or path.startswith(("model.", "data."))
    }
    aside = ("optimizer.", "early_stopping.")
    return ", ".join(f"{path}={plain(value)}" for path, value in shown.items() if not path.startswith(aside)) or "all"


def timed_trial(
    choices: str, config: TrialConfig, manifests: Mapping[str, Manifest], num_steps: int, device: torch.device
) -> TrialCost:
    """A few steps of each phase, and the validation of a few batches, timed.

    Raises:
        HuetuneError: weights are missing, or the GPU's memory is too small.
    """
    train, val = manifests["train"], manifests["val"]
    bin_counts = _bin_counts(train)
    state = TrainingState(config, len(train.classes), image_side(config, val), device, bin_counts)
    with _loader(config, device, training=True) as batches:
        per_step = [_seconds_per_step(state, batches, n, num_steps) for n in range(len(config.schedule))]
    with _loader(config, device, training=False) as photos:
        few = _First(photos)
        validation = Validation(
            few, config, train.classes, state.losses, bin_counts, _fid_reference(config, few, device), device
        )
        cheap, costly = _seconds_per_photo(validation, state, few.num_samples, device)
    steps = [_num_steps(config, phase, train.num_samples) for phase in config.schedule]
    training = sum(seconds * count for seconds, count in zip(per_step, steps, strict=True))
    epochs, wanted = config.num_epochs(train.num_samples), config.evaluation
    measuring = epochs * wanted.per_epoch * cheap * val.num_samples
    measuring += epochs / wanted.costly_every * costly * min(wanted.fid_images, val.num_samples)
    total = training + measuring
    return TrialCost(choices, training / max(sum(steps), 1), total / max(epochs, 1), total / SECONDS_AN_HOUR)


def steps_per_s(
    config: TrialConfig,
    manifests: Mapping[str, Manifest],
    device: torch.device,
    window_s: float,
    begin: Callable[[], None],
) -> float:
    """Steps per second of the longest phase, over so many seconds, and at least one turn of its networks.

    begin: returns when they are to begin; networks, photos and a first step are behind it then.
    """
    train = manifests["train"]
    state = TrainingState(config, len(train.classes), image_side(config, manifests["val"]), device, _bin_counts(train))
    lengths = [_num_steps(config, phase, train.num_samples) for phase in config.schedule]
    with _loader(config, device, training=True) as batches:
        plan, turn = _in_phase(state, batches, lengths.index(max(lengths)))
        with closing(_endless(batches)) as stream:
            training_step(state, next(stream), plan)
            _now(device)
            begin()
            began = told = time.perf_counter()
            count = 0
            while count == 0 or told - began < window_s:
                for batch in islice(stream, turn):
                    training_step(state, batch, plan)
                count += turn
                # A training never waits for its GPU: neither does this, but for now and then.
                told = _now(device) if time.perf_counter() - told > WAIT_EVERY_S else told
            return count / (_now(device) - began)


def _bin_counts(train: Manifest) -> torch.Tensor | None:
    return torch.tensor(train.ab_bin_counts) if any(train.ab_bin_counts) else None


def _num_steps(config: TrialConfig, phase: PhaseConfig, num_photos: int) -> int:
    if phase.steps is not None:
        return phase.steps
    assert phase.epochs is not None
    return phase.epochs * config.num_batches(min(phase.hardest or phase.photos or num_photos, num_photos))


def _seconds_per_step(state: TrainingState, batches: Loader, phase: int, num_steps: int) -> float:
    """A mean over whole turns of the discriminator and the generator, after a step of both to warm up."""
    plan, turn = _in_phase(state, batches, phase)
    count = turn * math.ceil(num_steps / turn)
    with closing(_endless(batches)) as stream:
        training_step(state, next(stream), plan)
        began = _now(state.device)
        for batch in islice(stream, count):
            training_step(state, batch, plan)
        return (_now(state.device) - began) / count


def _in_phase(state: TrainingState, batches: Loader, phase: int) -> tuple[Plan, int]:
    """What its steps do, and the steps of a turn of discriminator and generator."""
    turn = state.config.loss.critic_steps
    # As if the phase had begun: which photos it has makes no difference to the time of a step.
    state.position = Position(phase=phase, phase_step=1, step=turn - 1)
    plan, _ = prepare(state, batches)
    return plan, turn


def _seconds_per_photo(
    validation: Validation, state: TrainingState, num_photos: int, device: torch.device
) -> tuple[float, float]:
    """Of the cheap metrics, and what the costly ones take on top."""
    validation(state.evaluated, None, True)
    times = [_now(device)]
    for costly in (False, True):
        validation(state.evaluated, None, costly)
        times.append(_now(device))
    cheap, both = (later - earlier for earlier, later in itertools.pairwise(times))
    return cheap / num_photos, max(both - cheap, 0.0) / num_photos


def _fid_reference(config: TrialConfig, few: "_First", device: torch.device) -> FidReference | None:
    """Of the few photos alone, and kept nowhere."""
    wanted = config.evaluation
    if not wanted.fid_images or "colorization" not in config.tasks:
        return None
    network, space = _fid_network(wanted.fid_weights, device), wanted.metric_space
    features = [network(picture(b.lightness, b.ab, b.scale, space)) for b in few.in_file_order()]
    return FidReference(network, torch.cat(features)[: wanted.fid_images], space)


@functools.cache
def _fid_network(weights: Path | None, device: torch.device) -> FidNetwork:
    return FidNetwork(load_state("inception-fid", weights)).to(device).eval()


class _First:
    """The first batches of a file, as if it had no more."""

    def __init__(self, photos: Loader) -> None:
        self._photos = photos
        self.num_samples = sum(len(batch.label) for batch in self.in_file_order())

    def num_batches(self, photos: Photos | None = None) -> int:
        return NUM_VALIDATED

    def epoch(self, number: int, start: int = 0, photos: Photos | None = None) -> Generator[Batch]:
        raise AssertionError("nothing is trained on these")

    def in_file_order(self) -> Iterator[Batch]:
        return islice(self._photos.in_file_order(), NUM_VALIDATED)


def _endless(batches: Loader) -> Generator[Batch]:
    for number in itertools.count():
        with closing(batches.epoch(number)) as photos:
            yield from photos


@contextmanager
def _loader(config: TrialConfig, device: torch.device, *, training: bool) -> Iterator[Loader]:
    beton = config.data.train if training else config.data.val
    with closing(open_loader(beton, config.data, training=training, seed=config.seed, device=device)) as loader:
        yield loader


@contextmanager
def _threads_of_a_trial(num_threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(_num_threads(num_threads))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _num_threads(wanted: int) -> int:
    return min(wanted, os.cpu_count() or 1)


def _now(device: torch.device) -> float:
    """Seconds, once the device has done what it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
