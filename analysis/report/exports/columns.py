"""Ranked trials as a plain table, for formats that people read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.certainty.final_check import final_check
from analysis.certainty.repeats import Group, groups, spread_of
from analysis.certainty.wording import label, spread_text
from analysis.display import better, duration_text, metric_label, metric_text, value_text
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.report.section import Subject
from search.records import Sweep, epoch_text


@dataclass(frozen=True)
class TextColumn:
    """A heading over one cell for each trial; nothing in it is escaped."""

    heading: str
    cells: tuple[str, ...]
    kind: Literal["number", "param"] = "number"
    way: str = ""
    """Which way is better: `min`, `max`, or empty."""
    of_new_seeds: bool = False


def names_in_order(names: Iterable[Iterable[str]]) -> list[str]:
    """Every name of all groups once, in the order of its first appearance."""
    return list(dict.fromkeys(name for group in names for name in group))


def one_line(text: str) -> str:
    """Text without line breaks and control characters, which would end a row or a comment."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def top_columns(subject: Subject) -> list[TextColumn]:
    """The best trials: standing, objectives with their repeats, searched values, cost."""
    shown = subject.ranking.ranked[: subject.top]
    params = names_in_order(one.trial.params for one in shown)
    return [
        *standing(shown, subject.ranking),
        *objectives(shown, subject.sweep, subject.ranking),
        *(TextColumn(name, tuple(_param(one, name) for one in shown), "param") for name in params),
        *cost(shown, subject.ranking),
    ]


def standing(shown: Sequence[RankedTrial], ranking: Ranking) -> list[TextColumn]:
    """Place and number of each trial; with several objectives its front too."""
    fronts = TextColumn("Front", tuple(str(one.pareto_rank + 1) for one in shown))
    return [
        TextColumn("#", tuple(str(one.place) for one in shown)),
        TextColumn("Trial", tuple(str(one.trial.number) for one in shown)),
        *([fronts] if len(ranking.objectives) > 1 else []),
    ]


def objectives(shown: Sequence[RankedTrial], sweep: Sweep, ranking: Ranking) -> list[TextColumn]:
    """The value of each objective that counts; beside it, where there are any, what other seeds reached."""
    found = groups(sweep, ranking)
    check = final_check(found, ranking.objectives)
    repeated = {group.number: group for group in found if group.chosen}
    on_test = {group.number: group for group in check.groups if group.chosen} if check else {}
    columns = []
    for name in ranking.objectives:
        way = better(name, ranking.objectives)
        values = tuple(metric_text(name, one.metrics[name]) for one in shown)
        again = tuple(_again(name, one, repeated) for one in shown)
        tested = tuple(_again(name, one, on_test) for one in shown)
        columns += [
            TextColumn(metric_label(name, sweep.record), values, way=way),
            *([TextColumn(f"{label(name)}, new seeds", again, way=way, of_new_seeds=True)] if any(again) else []),
            *([TextColumn(f"{label(name)}, test photos", tested, way=way, of_new_seeds=True)] if any(tested) else []),
        ]
    return columns


def cost(shown: Sequence[RankedTrial], ranking: Ranking) -> list[TextColumn]:
    """What the whole training took; where another evaluation than the last counts, after how many epochs it was."""
    finals = [one.trial.final or one.evaluation for one in shown]
    counted = TextColumn("Counted at epoch", tuple(epoch_text(one.evaluation.epoch) for one in shown))
    return [
        *([counted] if ranking.rule.counts == "best-joint" else []),
        TextColumn("Epochs", tuple(epoch_text(final.epoch) for final in finals)),
        TextColumn("Time", tuple(duration_text(final.seconds) for final in finals)),
    ]


def _again(name: str, one: RankedTrial, repeated: Mapping[int, Group]) -> str:
    group = repeated.get(one.trial.number)
    return _mean(name, group.values(name)) if group else ""


def _mean(name: str, values: list[float]) -> str:
    return f"{spread_text(name, spread_of(name, values))} ({len(values)})" if values else ""


def _param(one: RankedTrial, name: str) -> str:
    """Empty where the space did not ask for it, because of a condition."""
    return value_text(one.trial.params[name]) if name in one.trial.params else ""
