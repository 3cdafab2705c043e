"""How sure the order of the best trials is: intervals of single runs, and configurations trained with several seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.certainty.differences import Difference
from analysis.certainty.doubt import lead_of_one_run, one_run
from analysis.certainty.intervals import Interval
from analysis.certainty.repeats import FEWEST_SEEDS, Group, behind_the_best, best_first, groups, missed
from analysis.certainty.wording import amount_text, interval_text, label, reach_text, spread_text
from analysis.display import metric_label, metric_text
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.report.section import Section, Subject
from analysis.report.seeds import runs_figure
from analysis.report.style import axis_title
from search.records import SweepRecord


@dataclass(frozen=True)
class SingleRun:
    """A ranked trial by one objective, as far as its one run says."""

    value: str
    interval: str
    """Empty: one run has none."""
    from_best: str
    """Whether it can be told from the best trial by this objective, in words; empty: not known."""


@dataclass(frozen=True)
class SeveralRuns:
    """A configuration by one objective, over its seeds; what is not known is empty."""

    own: str
    """Of the trial that it was chosen by."""
    mean: str
    interval: str
    behind: str
    """The lead of the configuration that is first by its means, and the 95 % interval of that."""
    told_apart: bool
    """From that one."""


def certainty_section(subject: Subject) -> Section | None:
    record, ranking = subject.sweep.record, subject.ranking
    repeated = groups(subject.sweep, ranking)
    best = best_first(repeated, ranking)
    single = {name: runs for name in ranking.objectives if (runs := _single_runs(name, subject))}
    if not (single or repeated):
        return None
    figures = {axis_title(name, record): runs_figure(name, repeated, record) for name in ranking.objectives}
    content = {
        "labels": {name: metric_label(name, record) for name in ranking.objectives},
        "top": ranking.ranked[: subject.top],
        "single": single,
        "like_best": [said for name in single if (said := _like_best(name, record, ranking))],
        "fewest_seeds": FEWEST_SEEDS,
        "some_of_two": any(len(group.runs) == 2 for group in repeated),
        "unknown": [label(name) for name in ranking.objectives if name not in single],
        "groups": repeated,
        "known": {trial.number for trial in subject.sweep.trials},
        "missed": {group.number: missed(group, ranking) for group in repeated if group.runs},
        "several": {name: _several_runs(name, repeated, best, ranking) for name in ranking.objectives},
        "best": best[0] if len(best) > 1 else None,
        "figures": {title: figure for title, figure in figures.items() if figure},
    }
    return Section("certainty", "How sure is the order?", content)


def _single_runs(name: str, subject: Subject) -> list[SingleRun]:
    """Of the top trials; none where the run of none of them has an interval."""
    record = subject.sweep.record
    top = subject.ranking.ranked[: subject.top]
    intervals = [one_run(name, one, record) for one in top]
    if not any(intervals):
        return []
    return [
        SingleRun(
            metric_text(name, one.metrics[name]),
            interval_text(name, interval) if interval else "",
            _from_best(name, one, subject.ranking, record),
        )
        for one, interval in zip(top, intervals, strict=True)
    ]


def _from_best(name: str, one: RankedTrial, ranking: Ranking, record: SweepRecord) -> str:
    if one.positions[name] == 1:
        return "is the best"
    lead = lead_of_one_run(name, ranking.first_by(name)[0], one, record)
    if lead is None:
        return ""
    return "not told apart" if lead[1].holds(0.0) else "told apart"


def _like_best(name: str, record: SweepRecord, ranking: Ranking) -> str:
    """How many trials cannot be told from the best, in words; empty: there is no other."""
    best, *others = sorted(ranking.ranked, key=lambda one: one.positions[name])
    known = [lead for one in others if (lead := lead_of_one_run(name, best, one, record))]
    if not known:
        return ""
    num_alike = sum(reach.holds(0.0) for _, reach in known)
    with_interval = "" if len(known) == len(others) else " whose interval is known"
    return (
        f"By {label(name)} {num_alike} of the other {len(known)} ranked trials{with_interval} cannot be told from the "
        f"best one, trial {best.trial.number}."
    )


def _several_runs(
    name: str, repeated: Sequence[Group], best: tuple[Group, ...], ranking: Ranking
) -> dict[int, SeveralRuns]:
    """By the group's number."""
    numbers = [group.number for group in best[1:]]
    behind = dict(zip(numbers, behind_the_best(best, name), strict=True)) if numbers else {}
    found = {}
    for group in repeated:
        spread, difference = group.spread(name), behind.get(group.number)
        found[group.number] = SeveralRuns(
            metric_text(name, group.chosen.metrics[name]) if group.chosen else "",
            spread_text(name, spread) if spread else "",
            interval_text(name, spread.interval) if spread and spread.interval else "",
            _lead(name, difference, ranking.objectives[name]) if difference else "",
            difference is not None and difference.told_apart,
        )
    return found


def _lead(name: str, behind: Difference, way: str) -> str:
    """Of the first, from the other's values less its own."""
    turn = 1.0 if way == "min" else -1.0
    said = amount_text(name, turn * behind.estimate)
    if behind.interval is None:
        return said
    low, high = sorted(turn * end for end in (behind.interval.low, behind.interval.high))
    return f"{said} ({reach_text(name, Interval(low, high))})"
