"""A sweep's Optuna study, twice: in memory, where samplers work, and stored, for a resume and for optuna-dashboard.

A trial is stored in one step when it has been drawn, however many values it has, and the sampler reads nothing from a
disk or over a network. If the storage fails on the way, the study goes on in memory alone: the records have it all.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.sampling.storages import FILES, TIMEOUT_S, location, open_storage, reason, within
from search.sampling.told import Told

NUMBER = "number"
"""Attribute of the trials that are the sweep's own: the number that the sweep gives them, which is not Optuna's."""
_NOTED = "noted"
"""Attribute of a trial: what the sampler noted of the study while it drew that trial, such as the parents to be."""
_FILLED = "filled"


class StudyStore:
    """Trials are named by the sweep's numbers. Those of other sweeps have none."""

    def __init__(self, storage: str, folder: Path, name: str, directions: Sequence[StudyDirection]) -> None:
        """Open the study of this name, or make it.

        Raises:
            SweepError: the storage cannot be reached, or used.
        """
        self._memory = InMemoryStorage()
        self.study = optuna.create_study(storage=self._memory, directions=directions)
        self.filled: bool
        """All has been added that the study begins with."""
        self.trouble = ""
        """Why nothing is stored any more; empty while all is well."""
        self._where, self._local = location(storage), storage in FILES
        self._ids: dict[int, int] = {}  # in memory, by number
        self._stored_ids: dict[int, int] = {}  # by those in memory
        opened, (self._study_id, self.filled, trials) = open_storage(
            storage, folder, lambda opened: _read(opened, name, directions)
        )
        self._stored, self._together = opened.optuna, opened.together
        for trial in trials:
            self._stored_ids[self._remember(trial)] = trial._trial_id
        self._noted = dict(self._memory.get_study_system_attrs(self.study._study_id))

    @property
    def numbers(self) -> set[int]:
        return set(self._ids)

    def trial(self, number: int) -> FrozenTrial:
        return self._memory.get_trial(self._ids[number])

    def trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)

    def set_filled(self) -> None:
        self.filled = True
        self._store(lambda: self._stored.set_study_user_attr(self._study_id, _FILLED, True))

    def draw(self, fixed: Mapping[str, Any], attrs: Mapping[str, Any], sampler: BaseSampler) -> optuna.Trial:
        """A new trial, its number among `attrs`, to draw values for; `keep` stores it when that is done."""
        self.study.sampler = sampler
        self.study.enqueue_trial(dict(fixed), user_attrs=dict(attrs))
        trial = self.study.ask()
        self._ids[attrs[NUMBER]] = trial._trial_id
        return trial

    def give_up(self, number: int) -> None:
        """What was drawn is to be drawn again: to samplers it is a trial that failed, which they learn nothing from.

        It is stored all the same: samplers note others by their place in the study, which must stay when it is read.
        """
        drawn_id = self._ids.pop(number)
        self._memory.set_trial_state_values(drawn_id, TrialState.FAIL)
        given_up = copy(self._memory.get_trial(drawn_id))
        given_up.user_attrs = {key: value for key, value in given_up.user_attrs.items() if key != NUMBER}

        def create() -> None:
            self._stored.create_new_trial(self._study_id, template_trial=given_up)

        self._store(create)

    def keep(self, number: int) -> None:
        """Store a trial that has been drawn."""
        drawn_id, known = self._ids[number], self._noted
        self._noted = dict(self._memory.get_study_system_attrs(self.study._study_id))
        if noted := {key: value for key, value in self._noted.items() if key not in known}:
            self._memory.set_trial_system_attr(drawn_id, _NOTED, noted)
        drawn = self.trial(number)

        def create() -> None:
            self._stored_ids[drawn_id] = self._stored.create_new_trial(self._study_id, template_trial=drawn)

        self._store(create)

    def add(self, trial: FrozenTrial) -> None:
        """Add a trial as a whole; one of the same number is no more known by it."""
        added_id = self._remember(trial)

        def create() -> None:
            self._stored_ids[added_id] = self._stored.create_new_trial(self._study_id, template_trial=trial)

        self._store(create)

    def finish(self, number: int, told: Told) -> None:
        """Say how a trial has ended."""
        trial_id = self._ids[number]
        _finish(self._memory, trial_id, told)
        if trial_id in self._stored_ids:

            def finish() -> None:
                with self._together():
                    _finish(self._stored, self._stored_ids[trial_id], told)

            self._store(finish)

    def _remember(self, trial: FrozenTrial) -> int:
        added_id = self._memory.create_new_trial(self.study._study_id, template_trial=trial)
        if NUMBER in trial.user_attrs:
            self._ids[trial.user_attrs[NUMBER]] = added_id
        for key, value in trial.system_attrs.get(_NOTED, {}).items():
            self._memory.set_study_system_attr(self.study._study_id, key, value)
        return added_id

    def _store(self, write: Callable[[], None]) -> None:
        if self.trouble:
            return
        try:
            write() if self._local else within(TIMEOUT_S, write)
        except Exception as error:
            self.trouble = f"the study is no longer stored in {self._where}: {reason(error)}; a resume catches up on it"


def _read(storage: BaseStorage, name: str, directions: Sequence[StudyDirection]) -> tuple[int, bool, list[FrozenTrial]]:
    """The study of this name, made if there is none: its id, whether it has been filled, its trials."""
    try:
        study_id = storage.get_study_id_from_name(name)
    except KeyError:
        study_id = storage.create_new_study(directions, study_name=name)
    filled = _FILLED in storage.get_study_user_attrs(study_id)
    return study_id, filled, storage.get_all_trials(study_id, deepcopy=False)


def _finish(storage: BaseStorage, trial_id: int, told: Told) -> None:
    for key, value in told.user_attrs.items():
        storage.set_trial_user_attr(trial_id, key, value)
    for key, value in told.system_attrs.items():
        storage.set_trial_system_attr(trial_id, key, value)
    for step, intermediate in told.intermediate_values.items():
        storage.set_trial_intermediate_value(trial_id, step, intermediate)
    # Last: what is finished takes no more, and what is not is told once more after a break.
    storage.set_trial_state_values(trial_id, told.state, told.values)
