"""Which trial of a sweep is meant, where a user names one and where not."""

from dataclasses import dataclass

from analysis.certainty.repeats import Group, best_first, groups
from analysis.ranking.rank import RankingError, rank
from search.records import Sweep, Trial


@dataclass(frozen=True)
class Choice:
    trial: Trial
    words: str
    """Which trial it is and why, in one line; empty where there was no choice."""


def chosen_trial(sweep: Sweep, number: str) -> Choice:
    """The trial of this number; for an empty one the one that the report's verdict puts first.

    That is the first by its means over new seeds, if two configurations or more have been trained with some: the first
    of the ranking is also the luckiest. If not, it is the first of the ranking.

    Raises:
        RankingError: there is no such trial, or none is complete.
    """
    if number:
        return Choice(_numbered(sweep, number), "")
    ranking, name = rank(sweep), sweep.record.name
    repeated = best_first(groups(sweep, ranking), ranking)
    if not ranking.ranked and len(repeated) < 2:
        raise RankingError(
            f"sweep {name!r} has no trial that can be ranked among its {len(sweep.trials)}, so none is best; "
            f"wait for one to complete, or name a trial: {name}:TRIAL"
        )
    if len(repeated) < 2:
        first = ranking.ranked[0].trial
        why = f"{name}: trial {first.number}, the first of {len(ranking.ranked)} ranked"
        return Choice(first, why if len(sweep.trials) > 1 else "")
    trial = _of(repeated[0])
    why = f"the first of {len(repeated)} configurations by its means over new seeds"
    others = [one.trial.number for one in ranking.ranked[:1] if one.trial is not trial]
    other = f"; {name}:{others[0]} is the first of the ranking" if others else ""
    return Choice(trial, f"{name}: trial {trial.number}, {why}{other}")


def _numbered(sweep: Sweep, number: str) -> Trial:
    for trial in sweep.trials:
        if str(trial.number) == number:
            return trial
    known = f"0 to {len(sweep.trials) - 1}" if sweep.trials else "none yet"
    raise RankingError(f"sweep {sweep.record.name} has no trial {number!r}; it has {known}")


def _of(group: Group) -> Trial:
    """The trial that a configuration comes from; the first run of it, where that one cannot be ranked any more."""
    return group.chosen.trial if group.chosen else group.runs[0][0]
