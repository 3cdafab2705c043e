"""Whether the first and the second can be told apart, in a sentence."""

from collections.abc import Iterable, Mapping

from analysis.certainty.differences import Difference
from analysis.certainty.intervals import Interval, num_validated, of_difference, of_one_run
from analysis.certainty.repeats import FEWEST_SEEDS, Group, behind_the_best
from analysis.certainty.wording import amount_text, gain, gain_text, interval_text, label, reach_text
from analysis.display import SHARES, better, listed, metric_text
from analysis.ranking.rank import RankedTrial, Ranking
from search.records import SweepRecord

ONE_RUN_EACH = "Each configuration ran with one seed"
ONE_GROUP = "Only one configuration was trained with several seeds"
TOO_FEW_RUNS = "No configuration has two new seeds that count"


def doubt_of_means(best: tuple[Group, ...], ranking: Ranking) -> str:
    """Of the first two groups, by each objective (Games and Howell's test, which for two groups is Welch's)."""
    first, second = best[:2]
    differences = {name: behind_the_best(best, name)[0] for name in ranking.objectives}
    told = {name: found for name, found in differences.items() if found.told_apart}
    untold = listed([label(name) for name in differences if name not in told])
    pair = f"the first two by their means, trials {first.number} and {second.number},"
    few = _few_seeds(best[:2])
    if not told:
        return f"In {untold}, {pair} cannot be told apart{few}."
    said = listed(_told(name, found, (first, second), ranking.objectives) for name, found in told.items())
    rest = f"; in {untold} they cannot be told apart" if untold else ""
    return f"Of {pair} {said}{rest}{few}."


def _few_seeds(groups: Iterable[Group]) -> str:
    if min((len(group.runs) for group in groups), default=FEWEST_SEEDS) >= FEWEST_SEEDS:
        return ""
    return f"; two seeds say next to nothing about the spread, {FEWEST_SEEDS} or more would"


def _told(name: str, found: Difference, pair: tuple[Group, Group], objectives: Mapping[str, str]) -> str:
    """`found` is of the second to the first."""
    way = objectives[name]
    better = pair[1] if gain(found, way) > 0 else pair[0]
    return f"trial {better.number} is better in {label(name)} by {gain_text(name, found, way)}"


def doubt_of_single_runs(record: SweepRecord, ranking: Ranking, repeated: tuple[Group, ...] = ()) -> str:
    """What can be said when not two configurations have several runs: how far other photos could move shares and KID.

    The outcomes on single photos are not recorded, so the two are compared as if on different photos. Networks tend to
    fail on the same ones: with them, a difference could show sooner.
    """
    how_many = ONE_GROUP if repeated else TOO_FEW_RUNS if ranking.repeats else ONE_RUN_EACH
    unknown = f"{how_many}, so how much of the differences is chance is not known"
    known = [said for name in ranking.objectives if (said := _about(name, record, ranking))]
    return f"{'; '.join([unknown, *known])}{_few_seeds(repeated)}."


def _about(name: str, record: SweepRecord, ranking: Ranking) -> str:
    """What is known by one objective; empty: nothing."""
    num_photos = num_validated(name, record)
    if num_photos is None:
        return f"the number of photos behind {label(name)} is not recorded either" if name in SHARES else ""
    first, *others = sorted(ranking.ranked, key=lambda one: one.positions[name])
    if others:
        return _pair(name, first, others[0], record)
    interval = one_run(name, first, record)
    said = f"on {num_photos:,} photos, {label(name)} {metric_text(name, first.metrics[name])} has the 95 % interval"
    return f"{said} {interval_text(name, interval)}" if interval else ""


def _pair(name: str, first: RankedTrial, second: RankedTrial, record: SweepRecord) -> str:
    lead = lead_of_one_run(name, first, second, record)
    if lead is None:
        return ""
    amount, reach = lead
    interval = f"{amount_text(name, amount)} apart (95 % interval {reach_text(name, reach)})"
    photos = f"the choice of the {num_validated(name, record):,} photos"
    pair = f"the first two by {label(name)}, trials {first.trial.number} and {second.trial.number},"
    if reach.holds(0.0):
        return f"{pair} cannot be told apart: they are {interval}, which {photos} alone can explain"
    return f"{pair} are {interval}, more than {photos} alone explains"


def lead_of_one_run(
    name: str, first: RankedTrial, second: RankedTrial, record: SweepRecord
) -> tuple[float, Interval] | None:
    """By how much the first is better by a metric, and the 95 % interval of that; None: not known from one run each."""
    of_first, of_second = (one_run(name, one, record) for one in (first, second))
    if of_first is None or of_second is None:
        return None
    high, low = (first, of_first), (second, of_second)
    if better(name, record.objectives) == "min":
        high, low = low, high
    reach = of_difference(high[0].metrics[name], high[1], low[0].metrics[name], low[1])
    return high[0].metrics[name] - low[0].metrics[name], reach


def one_run(name: str, one: RankedTrial, record: SweepRecord) -> Interval | None:
    """The interval of a ranked trial's value, as far as its one run has one."""
    return of_one_run(name, one.metrics, one.evaluation.details, num_validated(name, record))
