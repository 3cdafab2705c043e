"""The objectives against each other, or the history of a single one.

Each point that stands for a trial has its number as customdata, for what the page shows beside it.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import plotly.graph_objects as go

from analysis.ranking.comparable import measured_as
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.report.hover import ranked_hover, unranked_hover
from analysis.report.section import Section, Subject
from analysis.report.style import COLOURS, EARLY, GREY, TICKS, axis_title, empty_figure, front_styles
from search.pareto import minimised, pareto_ranks
from search.records import Sweep, Trial

MAX_POINTS = 500
"""Of one kind in one figure, each with its whole configuration: more make the page heavy and no figure clearer."""
MAX_LABELS = 24
"""Trials of the front with their numbers beside them: as many as look different."""
MAX_OBJECTIVES = 3
"""Of which each pair has a figure."""
EARLY_NAME = "pruned or running, last values"
Pair = tuple[str, str]


def objectives_section(subject: Subject) -> Section | None:
    sweep, ranking = subject.sweep, subject.ranking
    history = history_figure(sweep, ranking)
    figures = [history] if history else pareto_figures(sweep, ranking)
    if not figures:
        return None
    num_outside = 0 if history else _num_outside(figures[0])
    first, *others = [figure.to_plotly_json() for figure in figures]
    title = "Objectives against each other" if len(ranking.objectives) > 1 else "Trial by trial"
    num_early, num_dominated = len(_early(sweep, ranking)), len(ranking.ranked) - len(ranking.front)
    content = {
        "overview": first,
        "others": others,
        "most": MAX_POINTS,
        "num_dominated": num_dominated,
        "num_early": num_early,
        "num_outside": num_outside,
        "num_objectives": MAX_OBJECTIVES,
    }
    return Section("objectives", title, content)


def pareto_figures(sweep: Sweep, ranking: Ranking) -> list[go.Figure]:
    """Each pair of the first objectives against each other; none if there is only one, or nothing to show."""
    pairs = combinations(list(ranking.objectives)[:MAX_OBJECTIVES], 2)
    figures = (_pareto_figure(sweep, ranking, pair) for pair in pairs)
    return [figure for figure in figures if figure.data]


def history_figure(sweep: Sweep, ranking: Ranking) -> go.Figure | None:
    """The one objective of every ranked trial in the order of their numbers, with the best so far; None if several.

    Of more than MAX_POINTS trials the best ones are shown, beside the best so far of all.
    """
    if len(ranking.objectives) != 1 or not ranking.ranked:
        return None
    (name, direction), *_ = ranking.objectives.items()
    in_order = sorted(ranking.ranked, key=lambda ranked: ranked.trial.number)
    values = [ranked.metrics[name] for ranked in in_order]
    best = (np.maximum if direction == "max" else np.minimum).accumulate(values)
    steps = sorted({0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best) - 1})
    figure = empty_figure("Trial", axis_title(name, sweep.record))
    figure.update_yaxes(tickformat=TICKS.get(name))
    figure.add_scatter(
        x=[in_order[step].trial.number for step in steps],
        y=best[steps].tolist(),
        mode="lines",
        line={"color": COLOURS[0], "width": 2, "shape": "hv"},
        name="best so far",
        hoverinfo="skip",
    )
    shown = sorted(ranking.ranked[:MAX_POINTS], key=lambda ranked: ranked.trial.number)
    figure.add_scatter(
        **_hovering([ranked.trial for ranked in shown], [ranked_hover(one, ranking, sweep.record) for one in shown]),
        x=[ranked.trial.number for ranked in shown],
        y=[ranked.metrics[name] for ranked in shown],
        mode="markers",
        marker={"color": GREY, "size": 9},
        name="trial",
    )
    return figure


def _pareto_figure(sweep: Sweep, ranking: Ranking, pair: Pair) -> go.Figure:
    figure = empty_figure(*(axis_title(name, sweep.record) for name in pair))
    figure.update_xaxes(**_axis(pair[0], ranking)).update_yaxes(**_axis(pair[1], ranking))
    _add_early(figure, pair, sweep, ranking)
    dominated = [ranked for ranked in ranking.ranked if ranked.pareto_rank > 0][:MAX_POINTS]
    style = {"mode": "markers", "name": "dominated", "marker": {"color": GREY, "size": 9}}
    _add_ranked(figure, pair, dominated, sweep, ranking, style)
    _add_staircase(figure, pair, ranking)
    _add_front(figure, pair, sweep, ranking)
    return figure


def _add_early(figure: go.Figure, pair: Pair, sweep: Sweep, ranking: Ranking) -> None:
    """The last values of trials that were not trained to the end; of many, evenly spaced ones."""
    early = [trial for trial in _early(sweep, ranking) if all(math.isfinite(_last(trial, name)) for name in pair)]
    if not early:
        return
    chosen = np.linspace(0, len(early) - 1, min(len(early), MAX_POINTS)).round().astype(int)
    shown = [early[index] for index in chosen.tolist()]
    figure.add_scatter(
        **_hovering(shown, [unranked_hover(trial, sweep.record) for trial in shown]),
        x=[_last(trial, pair[0]) for trial in shown],
        y=[_last(trial, pair[1]) for trial in shown],
        mode="markers",
        name=EARLY_NAME,
        marker={"color": EARLY, "symbol": "x-thin", "size": 8, "line": {"color": EARLY, "width": 1.5}},
    )


def _add_front(figure: go.Figure, pair: Pair, sweep: Sweep, ranking: Ranking) -> None:
    shown, styles = ranking.front[:MAX_POINTS], front_styles(ranking)
    own = [styles[ranked.trial.number] for ranked in shown]
    labels = [str(ranked.trial.number) for ranked in shown[:MAX_LABELS]]
    style = {
        "mode": "markers+text",
        "text": labels + [""] * (len(shown) - len(labels)),
        "textposition": "top center",
        "name": "on the front",
        "showlegend": False,
        "cliponaxis": False,
        "marker": {"color": [one.colour for one in own], "symbol": [one.symbol for one in own], "size": 13},
    }
    _add_ranked(figure, pair, shown, sweep, ranking, style)


def _add_ranked(
    figure: go.Figure,
    pair: Pair,
    shown: Sequence[RankedTrial],
    sweep: Sweep,
    ranking: Ranking,
    style: Mapping[str, Any],
) -> None:
    """One trace, unless there is nothing to show."""
    if shown:
        hover = [ranked_hover(ranked, ranking, sweep.record) for ranked in shown]
        x, y = ([ranked.metrics[name] for ranked in shown] for name in pair)
        figure.add_scatter(**_hovering([ranked.trial for ranked in shown], hover), x=x, y=y, **style)


def _add_staircase(figure: go.Figure, pair: Pair, ranking: Ranking) -> None:
    """The best reachable second value at each first one, among the ranked trials."""
    values = [ranked.metrics for ranked in ranking.ranked]
    points = minimised(values, {name: ranking.objectives[name] for name in pair})  # (n, 2)
    front = np.flatnonzero(pareto_ranks(points) == 0)
    corners = [values[i] for i in sorted(front, key=lambda i: points[i, 0])]
    if len(corners) < 2:
        return
    x, y = ([corner[name] for corner in corners] for name in pair)
    line = {"color": GREY, "width": 1.5, "shape": "hv", "dash": "dot"}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, name="Pareto front", hoverinfo="skip")


def _hovering(trials: Sequence[Trial], hover: Sequence[str]) -> dict[str, Any]:
    return {"customdata": [trial.number for trial in trials], "hovertext": list(hover), "hoverinfo": "text"}


def _early(sweep: Sweep, ranking: Ranking) -> list[Trial]:
    """Trials that were not trained to the end, measured like those that are ranked, with values to show."""
    early = [one.trial for one in ranking.unranked if one.trial.state.state in ("pruned", "running") if one.trial.final]
    if not early:
        return []
    usual = ranking.ranked[0].trial if ranking.ranked else early[0]
    how = measured_as(usual, sweep.record, ranking.objectives)
    return [trial for trial in early if measured_as(trial, sweep.record, ranking.objectives) == how]


def _last(trial: Trial, name: str) -> float:
    return trial.final.metrics.get(name, math.nan) if trial.final else math.nan


def _num_outside(figure: go.Figure) -> int:
    """Crosses outside of the ranges that the axes begin with."""
    crosses = next(iter(figure.select_traces({"name": EARLY_NAME})), None)
    ranges = figure.layout.xaxis.range, figure.layout.yaxis.range
    if crosses is None:
        return 0
    return sum(
        any(reach and not reach[0] <= value <= reach[1] for value, reach in zip(point, ranges, strict=True))
        for point in zip(crosses.x, crosses.y, strict=True)
    )


def _axis(name: str, ranking: Ranking) -> dict[str, Any]:
    """Show the ranked trials and a third of their span around; early losers far outside would shrink them."""
    values = [ranked.metrics[name] for ranked in ranking.ranked]
    span = max(values) - min(values) if values else 0.0
    room = {"range": [min(values) - span / 3, max(values) + span / 3]} if span else {}
    return {"tickformat": TICKS.get(name), **room}
