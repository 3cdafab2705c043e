"""The photos of a trial from where this node reads them best: a copy on its own disk, or the file itself."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from data.errors import DataError
from data.files import sha256
from data.manifest import check_quick
from data.staged.place import own_stage
from data.staged.stage import Stage
from models.config.trial import TrialConfig
from search.records import SweepRecord


@contextmanager
def local_photos(files: Mapping[str, Path], record: SweepRecord, *, whole: bool = False) -> Iterator[dict[str, Path]]:
    """Where to read the files of a trial, by their field of `data`; copies stay as long as the block runs.

    whole: every byte of a copy is compared, not stretches alone. A copy that is damaged is deleted, and not used.
    """
    stage = own_stage()
    if stage is None:
        yield dict(files)
        return
    with ExitStack() as held:
        copies = {split: held.enter_context(stage.borrowed(record.data[split]["sha256"])) for split in files}
        yield {
            split: copy if copy is not None and _is_whole(copy, stage, whole) else files[split]
            for split, copy in copies.items()
        }


def reading(config: TrialConfig, files: Mapping[str, Path]) -> TrialConfig:
    """The configuration of a trial that reads its photos from these files."""
    return config.model_copy(update={"data": config.data.model_copy(update=dict(files))})


def keeping_features(config: TrialConfig, local: TrialConfig) -> TrialConfig:
    """Whose `data.val` has the real photos' features beside it: the file itself where it is seen, since all nodes
    share those."""
    return config if config.data.val.is_file() else local


def _is_whole(copy: Path, stage: Stage, whole: bool) -> bool:
    try:
        manifest = check_quick(copy)
        damaged = whole and sha256(copy) != manifest.sha256
    except (DataError, OSError):
        damaged = True
    if damaged:
        stage.discard(copy.parent.name)
    return not damaged
