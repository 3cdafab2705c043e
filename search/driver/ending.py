"""What a sweep says when it ends, and whether that is an error."""

from typing import Any

from rich.console import Console

from search.driver.conductor import Conductor
from search.errors import SweepError, SweepInterruptedError
from search.records import Sweep
from search.storage import resume_command


def tell_end(conductor: Conductor, sweep: Sweep, interrupted: int, console: Console) -> None:
    """Say what is left to do and why; interrupted: the exit status if a signal ended the sweep, else 0.

    Raises:
        SweepError: it ended by failures, or by a signal.
    """
    left, to_test = conductor.queue.num_left, conductor.checks.num_left
    go_on = f"go on with `{resume_command(sweep.folder)}`"
    rest = f"{left} trials left" + (f" and {to_test} to test" if to_test else "")
    if interrupted:
        raise SweepInterruptedError(f"interrupted with {rest}; {go_on}", interrupted)
    if conductor.fault:
        raise SweepError(f"stopped with {rest}, since {conductor.fault}; mend that and {go_on}")
    failed = [trial for trial in sweep.trials if trial.state.state == "failed"]
    if failed and len(failed) == len(sweep.trials):
        raise SweepError(
            f"all {len(failed)} trials failed, the first because of {failed[0].state.reason}; mend that and {go_on}"
        )
    plain: dict[str, Any] = {"soft_wrap": True, "highlight": False}
    paused = [str(trial.number) for trial in sweep.trials if trial.state.state == "paused"]
    if paused:
        console.print(f"paused: trial {', '.join(paused)}; `huetune sweep unpause` lets them go on", soft_wrap=True)
    if conductor.by_budget and (left or to_test):
        more = f"huetune sweep budget {sweep.folder.name}"
        console.print(f"{conductor.ending}, with {rest}: raise it with `{more} ...` and {go_on}", **plain)
    elif conductor.ending:
        console.print(f"{conductor.ending}, with {rest}; {go_on}" if left or to_test else conductor.ending, **plain)
    elif conductor.parked:
        console.print(f"{len(conductor.parked)} trials wait for others of their population; {go_on}", **plain)
    elif not (conductor.num_settled or conductor.checks.num_over):
        console.print(f"sweep {sweep.record.name} is finished: nothing is left to do", highlight=False)
