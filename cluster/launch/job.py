"""What every launcher runs: one sweep, begun or gone on with."""

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class SweepJob:
    """A sweep as the cluster's own machines see it."""

    spec_file: PurePosixPath
    name: str
    storage: PurePosixPath
    """A folder that all nodes share."""
    settings: tuple[str, ...] = ()
    """`KEY=VALUE` each, as --set."""

    def command(self, address: str = "auto") -> list[str]:
        """The words of the command line that runs it; again after any end, it goes on.

        address: of the Ray head as seen from there; `auto`: the cluster that the process is started in.
        """
        settings = [word for setting in self.settings for word in ("--set", setting)]
        given = ["--name", self.name, "--storage", str(self.storage), "--address", address]
        return ["huetune", "sweep", "run", str(self.spec_file), "--or-resume", *given, *settings]
