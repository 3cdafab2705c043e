"""What a trial takes over from another when it goes on."""

from models.config.trial import TrialConfig
from models.training.adopt import adopt
from models.training.checkpoint import LAST, checkpoint_path, load_checkpoint, save_checkpoint
from search.pruning.exploit import DONOR
from search.records import Trial


def adopt_donor(trial: Trial, config: TrialConfig) -> None:
    """Make the checkpoint that was laid beside the trial's own its last one, as `config` goes on with it.

    The checkpoint goes last: whoever is killed in between adopts the same again.

    Raises:
        CheckpointError: it is damaged, or of another training.
    """
    checkpoints = trial.folder / "checkpoints"
    donor = checkpoint_path(checkpoints, DONOR)
    if not donor.exists():
        return
    recorded = trial.exploits and trial.final and trial.exploits[-1].epoch == trial.final.epoch
    if recorded:
        save_checkpoint(checkpoint_path(checkpoints, LAST), adopt(load_checkpoint(donor), config, trial.evaluations))
    donor.unlink()
