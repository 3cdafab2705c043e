"""A sweep's study as optuna-dashboard is to see it: with each trial's photos, and without a way to change it."""

from collections.abc import Container, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.records import SweepRecord, trial_folder
from search.sampling.storages import FILES
from search.sampling.store import NUMBER
from search.sampling.study import study_name
from search.sampling.told import artifact

if TYPE_CHECKING:
    from optuna.study._frozen import FrozenStudy

SAMPLES = "samples.png"
_NAMES_OF_VALUES = "study:metric_names"
"""The attribute by which Optuna knows what a study's values are called."""


class ReadOnlyError(RuntimeError):
    """Somebody tries to change what is only shown."""


class ShownStudy(BaseStorage):
    """The studies of one sweep, of all that a storage may have, whose trials have their samples as artifacts.

    Also those that still run, whose photos the stored study hears of when they end.
    """

    def __init__(self, stored: BaseStorage, folder: Path, record: SweepRecord) -> None:
        """folder: of the sweep."""
        self._stored, self._folder, self._record = stored, folder, record
        self._with_samples: set[int] = set()

    @property
    def latest(self) -> int | None:
        """The id of the study that the sampler uses now; None: there is none yet."""
        ids = {study.study_name: study._study_id for study in self.get_all_studies()}
        return ids.get(self._title(study_name(self._record)), max(ids.values(), default=None))

    def get_all_studies(self) -> "list[FrozenStudy]":
        # A server has those of other sweeps, whose trials of the same number have other photos.
        names = study_name(self._record).rpartition("#")[0] + "#"
        in_own_file = self._record.spec["search"].get("storage", "journal") in FILES
        studies = self._stored.get_all_studies()
        return [self._with_names(study) for study in studies if in_own_file or study.study_name.startswith(names)]

    def get_study_id_from_name(self, study_name: str) -> int:
        return {study.study_name: study._study_id for study in self.get_all_studies()}[study_name]

    def get_study_name_from_id(self, study_id: int) -> str:
        return self._title(self._stored.get_study_name_from_id(study_id))

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return self._stored.get_study_directions(study_id)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return self._stored.get_study_user_attrs(study_id)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._stored.get_study_system_attrs(study_id) | self._names

    def get_trial(self, trial_id: int) -> FrozenTrial:
        return self._with_photos(self._stored.get_trial(trial_id))

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        return [self._with_photos(trial) for trial in self._stored.get_all_trials(study_id, deepcopy, states)]

    @property
    def _names(self) -> dict[str, Any]:
        return {_NAMES_OF_VALUES: list(self._record.objectives)}

    def _with_names(self, study: "FrozenStudy") -> "FrozenStudy":
        shown = copy(study)
        shown.study_name = self._title(study.study_name)
        shown.system_attrs = study.system_attrs | self._names
        return shown

    def _title(self, name: str) -> str:
        """What a study is called in the browser: as its sweep, and the spaces after the first one by their number."""
        number = name.rpartition("#")[2]
        return self._record.name if number == "1" else f"{self._record.name}, space {number}"

    def _with_photos(self, trial: FrozenTrial) -> FrozenTrial:
        number = trial.user_attrs.get(NUMBER)
        if number is None or not self._has_samples(number):  # a trial of another sweep that this one learnt from
            return trial
        shown = copy(trial)
        shown.system_attrs = trial.system_attrs | artifact(trial_folder(self._folder, number).name, SAMPLES)
        return shown

    def _has_samples(self, number: int) -> bool:
        if number not in self._with_samples and (trial_folder(self._folder, number) / SAMPLES).exists():
            self._with_samples.add(number)
        return number in self._with_samples

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> NoReturn:
        raise ReadOnlyError

    def delete_study(self, study_id: int) -> NoReturn:
        raise ReadOnlyError

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> NoReturn:
        raise ReadOnlyError

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> NoReturn:
        raise ReadOnlyError

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> NoReturn:
        raise ReadOnlyError

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: Any
    ) -> NoReturn:
        raise ReadOnlyError

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> NoReturn:
        raise ReadOnlyError

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> NoReturn:
        raise ReadOnlyError

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> NoReturn:
        raise ReadOnlyError

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> NoReturn:
        raise ReadOnlyError


class Samples:
    """The photos of a sweep's trials, as an artifact store of Optuna's whose ids are the names of their folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open_reader(self, artifact_id: str) -> BinaryIO:
        if not artifact_id.isdecimal():
            raise ArtifactNotFound(artifact_id)
        try:
            return (trial_folder(self._folder, int(artifact_id)) / SAMPLES).open("rb")
        except OSError:
            raise ArtifactNotFound(artifact_id) from None

    def write(self, artifact_id: str, content_body: BinaryIO) -> NoReturn:
        raise ReadOnlyError

    def remove(self, artifact_id: str) -> NoReturn:
        raise ReadOnlyError
