"""What to try, what to stop and what to keep: sweeps over configurations of colorization and multi-task GANs."""

from search.notebook import load, resume, run

__all__ = ["load", "resume", "run"]
