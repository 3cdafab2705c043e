"""The sampler's memory: an Optuna study beside the records. The records are the truth; the study follows them."""

from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import TrialState as OptunaState
from pydantic import ValidationError

from search.records import TRIED_AGAIN, UNFINISHED, State, Trial, read_trial, trial_folder
from search.sampling.samplers import sampler_for
from search.spec.space import Assignment
from search.spec.sweep_spec import SweepSpec

_TOLD_AS: dict[State, OptunaState] = {
    "complete": OptunaState.COMPLETE,
    # The sampler learns to avoid what the configuration caused; told FAIL it would propose the same region again.
    "pruned": OptunaState.PRUNED,
    "diverged": OptunaState.PRUNED,
    "failed": OptunaState.FAIL,
}

_DIRECTIONS = {"min": StudyDirection.MINIMIZE, "max": StudyDirection.MAXIMIZE}


class SweepStudy:
    """Asks for points of the space and tells what became of them."""

    def __init__(self, spec: SweepSpec, folder: Path) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = JournalStorage(JournalFileBackend(str(folder / "study.journal")))
        directions = [_DIRECTIONS[direction] for direction in spec.objectives.values()]
        self._spec = spec
        self._study = optuna.create_study(
            study_name=spec.name, storage=storage, directions=directions, load_if_exists=True
        )

    @property
    def num_asked(self) -> int:
        return len(self._study.get_trials(deepcopy=False))

    def ask(self) -> tuple[int, Assignment]:
        """The number of a new trial and its point of the space."""
        number = self.num_asked
        self._study.sampler = sampler_for(self._spec.search.sampler, self._spec.search.seed, number)
        trial = self._study.ask()
        return number, self._spec.parsed_space.suggest(trial)

    def ask_again(self, number: int) -> Assignment:
        """The point of a trial whose record was never written: the same as the first time."""
        self._study.sampler = sampler_for(self._spec.search.sampler, self._spec.search.seed, number)
        frozen = self._study.get_trials(deepcopy=False)[number]
        return self._spec.parsed_space.suggest(optuna.Trial(self._study, frozen._trial_id))

    def tell(self, trial: Trial) -> None:
        """Pass on a settled trial, unless the study knows already."""
        if self._study.get_trials(deepcopy=False)[trial.number].state.is_finished():
            return
        state = _TOLD_AS[trial.state.state]
        metrics = trial.final.metrics if trial.final else {}
        values = [metrics[name] for name in self._spec.objectives if name in metrics]
        if state is not OptunaState.COMPLETE:
            self._study.tell(trial.number, state=state)
        elif len(values) == len(self._spec.objectives):
            self._study.tell(trial.number, values)
        else:  # none of the first photos has the label that classifier_top1 needs
            self._study.tell(trial.number, state=OptunaState.FAIL)

    def settle(self, folder: Path) -> tuple[list[int], list[int]]:
        """Bring the study up to the records after a break.

        Returns the numbers of the trials to go on with, and of those to ask for again because the break came between
        the study's note of them and their record.
        """
        go_on, again = [], []
        for number in range(self.num_asked):
            if not (trial_folder(folder, number) / "trial.json").exists():
                again.append(number)
                continue
            try:
                trial = read_trial(trial_folder(folder, number))
            except (OSError, ValidationError):
                continue  # listed as unreadable by whatever reads the sweep
            if trial.state.state not in UNFINISHED:
                self.tell(trial)
            if trial.state.state in TRIED_AGAIN:
                go_on.append(number)
        return go_on, again
