"""What a sweep has shown, in up to three sentences."""

from collections import Counter
from collections.abc import Iterable

from analysis.certainty.doubt import doubt_of_means, doubt_of_single_runs
from analysis.certainty.leaders import leader_by_means, leaders
from analysis.certainty.repeats import best_first, groups
from analysis.ranking.rank import Ranking
from search.records import State, Sweep, Trial

STATES: tuple[State, ...] = ("complete", "pruned", "diverged", "collapsed", "failed", "running", "paused", "waiting")


def verdict(sweep: Sweep, ranking: Ranking) -> list[str]:
    """Which configuration is best, what became of all trials, and whether the first two can be told apart."""
    best = best_first(groups(sweep, ranking), ranking)
    if not ranking.ranked and len(best) < 2:
        return [f"{_why_nothing(sweep)}, so nothing is ranked.", _counts(sweep)]
    if len(best) > 1:
        return [leader_by_means(best, sweep.record, ranking), _counts(sweep), doubt_of_means(best, ranking)]
    return [leaders(sweep.record, ranking, best), _counts(sweep), doubt_of_single_runs(sweep.record, ranking, best)]


def _why_nothing(sweep: Sweep) -> str:
    complete = [trial for trial in sweep.trials if trial.state.state == "complete"]
    if any(trial.start.repeat_of is None for trial in complete):
        return "No complete trial can be ranked; its row says why"
    return "Only trials with new seeds are complete" if complete else "No trial has completed yet"


def _counts(sweep: Sweep) -> str:
    total = len(sweep.trials) + len(sweep.unreadable)
    if not total:
        return "No trial has started."
    repeats = [trial for trial in sweep.trials if trial.start.repeat_of is not None]
    counts = _by_state(trial for trial in sweep.trials if trial.start.repeat_of is None)
    counts += [f"{len(sweep.unreadable)} unreadable"] if sweep.unreadable else []
    num_trials = total - len(repeats)
    said = f"Of {num_trials} trial{'s' if num_trials != 1 else ''}: {', '.join(counts)}"
    again = f"; of {len(repeats)} with new seeds: {', '.join(_by_state(repeats))}" if repeats else ""
    return f"{said}{again}."


def _by_state(trials: Iterable[Trial]) -> list[str]:
    found = Counter(trial.state.state for trial in trials)
    return [f"{found[state]} {state}" for state in STATES if found[state]]
