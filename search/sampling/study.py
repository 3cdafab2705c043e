"""The sampler's memory: an Optuna study that follows the records, which are the truth."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import optuna
from optuna.samplers import BaseSampler
from optuna.study import StudyDirection
from optuna.trial import TrialState

from data.errors import HuetuneError
from search.records import UNFINISHED, Origin, SweepRecord, Trial, trial_folder
from search.sampling.grid import untried
from search.sampling.samplers import Draw, generation_attr, random_sampler, samplers_for
from search.sampling.store import NUMBER, StudyStore
from search.sampling.told import artifact, told_of
from search.sampling.warm_start import params_in, warm_start_trials
from search.spec.space import Assignment
from search.spec.sweep_spec import SweepSpec
from search.twins import point_key

_DIRECTIONS = {"min": StudyDirection.MINIMIZE, "max": StudyDirection.MAXIMIZE}
_SOURCE = "source"
"""Attribute of a trial of another sweep: which one it is."""


@dataclass(frozen=True)
class Source:
    """Where a trial comes from, as TrialStart has it."""

    origin: Origin = "sampled"
    note: str = ""
    order: str = ""


def study_name(record: SweepRecord) -> str:
    """Of a sweep's latest study; those of the spaces before are the same up to the number behind the #."""
    return f"{record.name}@{record.created.isoformat()}#{record.num_studies}"


class SweepStudy:
    """Asks for points of the space and tells what became of them."""

    def __init__(self, spec: SweepSpec, folder: Path, record: SweepRecord, trials: Sequence[Trial]) -> None:
        """Open the study of the sweep in `folder`, or make it; trials: all that are recorded.

        Raises:
            SweepError: the storage cannot be reached, or used.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._spec, self._folder = spec, folder
        self._sampler_trouble = ""
        directions = [_DIRECTIONS[direction] for direction in spec.objectives.values()]
        self._store = StudyStore(spec.search.storage, folder, study_name(record), directions)
        self._no_warm_start = "" if self._store.filled else self._fill()
        for trial in trials:
            if trial.number not in self._store.numbers and trial.start.origin != "repeat":
                self._add(trial, params_in(spec, trial), {NUMBER: trial.number})
        self._num_asked = 1 + max(self._store.numbers | self._recorded(), default=-1)
        self._size = spec.parsed_space.size()
        self._numbers_at: dict[str, list[int]] = {}  # of the trials at each point, lowest first
        for number in sorted(self._store.numbers):
            self._note_point(number)

    @property
    def num_asked(self) -> int:
        """How many numbers have been given out; the next trial's number."""
        return self._num_asked

    @property
    def num_of_others(self) -> int:
        """Trials of other sweeps that the sampler learns from."""
        return sum(_SOURCE in trial.user_attrs for trial in self._store.trials())

    @property
    def trouble(self) -> str:
        """What the user should hear of, in one line; empty: nothing."""
        return self._store.trouble or self._sampler_trouble or self._no_warm_start

    @property
    def exhausted(self) -> bool:
        """Whether the sampler has nothing left to propose: every point of a space with finitely many has been tried.

        A grid leaves out those that were tried in the sweeps that it learns from, too.
        """
        if self._spec.search.sampler == "grid":
            return next(untried(self._spec.parsed_space, self._store.study), None) is None
        return self._size is not None and len(self._numbers_at) >= self._size

    def ask_once(self, fixed: Mapping[str, Any], source: Source) -> tuple[int, Assignment | None]:
        """As ask; but if it comes to the values of a trial that is complete, or may yet be, there is no new trial: the
        number of that one, and None."""
        number, assignment = self._ask(fixed, source)
        twin = next(filter(self._may_complete, self.twins(number)), None)
        if twin is None:
            return self._kept(number), assignment
        self._store.give_up(number)
        self._num_asked -= 1
        return twin, None

    def ask(self, fixed: Mapping[str, Any] | None = None, source: Source = Source()) -> tuple[int, Assignment]:
        """The number of a new trial and its point: the values of `fixed`, by path, and the others from the sampler.

        A point that an earlier trial has is drawn again, if `fixed` leaves anything open, until there is a new one; it
        stays if none is found.

        fixed: as search.spec.points makes it; source: kept with the trial, for whoever records it after a break.
        """
        number, assignment = self._ask(fixed or {}, source)
        return self._kept(number), assignment

    def _ask(self, fixed: Mapping[str, Any], source: Source) -> tuple[int, Assignment]:
        number = self.reserve()
        attrs = {NUMBER: number} | {name: value for name, value in vars(source).items() if value}
        samplers = samplers_for(self._spec, number)
        assignment = self._drawn(fixed, attrs, next(samplers))
        for sampler in samplers:
            params = self.params(number)
            if point_key(params) not in self._numbers_at or params.keys() <= fixed.keys():
                break
            self._store.give_up(number)
            assignment = self._drawn(fixed, attrs, sampler)
        return number, assignment

    def _kept(self, number: int) -> int:
        self._store.keep(number)
        self._note_point(number)
        return number

    def _drawn(self, fixed: Mapping[str, Any], attrs: Mapping[str, Any], sampler: BaseSampler) -> Assignment:
        suggest, number = self._spec.parsed_space.suggest, attrs[NUMBER]
        try:
            return suggest(self._store.draw(fixed, attrs, sampler))
        except Exception as error:  # of a sampler, for whatever it makes of the trials so far; the sweep goes on
            name = self._spec.search.sampler
            self._sampler_trouble = (
                f"sampler {name}: {type(error).__name__} at trial {number}, which is drawn at random"
            )
            return suggest(self._store.draw(fixed, attrs, random_sampler(self._spec, Draw(number))))

    def _note_point(self, number: int) -> None:
        self._numbers_at.setdefault(point_key(self.params(number)), []).append(number)

    def source(self, number: int) -> Source:
        """Where a trial comes from that has no record."""
        attrs = self._store.trial(number).user_attrs
        return Source(**{field.name: attrs[field.name] for field in fields(Source) if field.name in attrs})

    def twins(self, number: int) -> list[int]:
        """The earlier trials at the same point of the space, lowest first."""
        same = self._numbers_at.get(point_key(self.params(number)), [])
        return [other for other in same if other < number]

    def params(self, number: int) -> Assignment:
        """The searched values of a trial."""
        return self._store.trial(number).params

    def _may_complete(self, number: int) -> bool:
        return self._store.trial(number).state in (TrialState.COMPLETE, TrialState.RUNNING)

    def ask_again(self, number: int) -> Assignment:
        """The point of a trial whose record was never written: the same as the first time."""
        drawn = optuna.trial.FixedTrial(self._store.trial(number).params)
        return self._spec.parsed_space.suggest(cast("optuna.Trial", drawn))

    def reserve(self) -> int:
        """The number of a new trial that the sampler knows nothing of."""
        self._num_asked += 1
        return self._num_asked - 1

    def tell(self, trial: Trial) -> None:
        """Pass on a settled trial, unless the study knows already."""
        if trial.start.origin == "repeat" or trial.number not in self._store.numbers:
            return
        known = self._store.trial(trial.number)
        if known.state is TrialState.COMPLETE:
            return
        told = told_of(trial, self._spec)
        told = replace(told, system_attrs=told.system_attrs | self._shown_samples(trial.number))
        if not known.state.is_finished():
            self._store.finish(trial.number, told)
        elif told.state is TrialState.COMPLETE or (known.state is TrialState.FAIL and told.state is TrialState.PRUNED):
            # It failed, and a resume has gone on with it; what is finished cannot be changed, so it comes once more.
            told = replace(told, system_attrs=known.system_attrs | told.system_attrs)
            self._store.add(told.as_trial(known.params, known.distributions, {NUMBER: trial.number}))

    def settle(self, trials: Iterable[Trial]) -> list[int]:
        """Bring the study up to the records after a break; the numbers that it knows and that have no record."""
        for trial in trials:
            if trial.state.state not in UNFINISHED:
                self.tell(trial)
        return sorted(self._store.numbers - self._recorded())

    def _fill(self) -> str:
        """Add the trials of other sweeps; in words, why not if that cannot be done any more."""
        known = {trial.user_attrs.get(_SOURCE) for trial in self._store.trials()}
        try:
            for source, trial, params in warm_start_trials(self._spec, self._folder):
                if source not in known:
                    self._add(trial, params, {_SOURCE: source})
        except HuetuneError as error:
            return f"search.warm_start: {error}; the sampler does without"
        self._store.set_filled()
        return ""

    def _add(self, trial: Trial, params: Assignment | None, attrs: Mapping[str, Any]) -> None:
        """Add a recorded trial with its values in this space; None: it is no trial of this space."""
        if params is None:
            return
        num_complete = sum(known.state is TrialState.COMPLETE for known in self._store.trials())
        told = told_of(trial, self._spec)
        told = replace(told, system_attrs=told.system_attrs | generation_attr(self._spec, num_complete))
        self._store.add(told.as_trial(params, self._spec.parsed_space.distributions(params), attrs))

    def _recorded(self) -> set[int]:
        names = (path.parent.name for path in (self._folder / "trials").glob("*/trial.json"))
        return {int(name) for name in names if name.isdecimal()}

    def _shown_samples(self, number: int) -> dict[str, str]:
        """What makes optuna-dashboard show a trial's samples.png, if it has one and the file system has links.

        It reads `artifacts/` as Optuna's FileSystemArtifactStore, and takes hexadecimal names only.
        """
        samples = trial_folder(self._folder, number) / "samples.png"
        link = self._folder / "artifacts" / samples.parent.name
        if not samples.exists():
            return {}
        try:
            link.parent.mkdir(exist_ok=True)
            with suppress(FileExistsError):
                link.symlink_to(Path("..", "trials", samples.parent.name, samples.name))
        except OSError:
            return {}
        return artifact(link.name, samples.name)
