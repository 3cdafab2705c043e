"""Plotly figures of the ranked trials: the Pareto plot, or with one objective its history."""

import math
from collections.abc import Iterable
from html import escape

import numpy as np
import plotly.graph_objects as go

from analysis.display import metric_label, metric_text, value_text
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.report.section import Section, Subject
from analysis.report.style import COLOURS, EARLY, GREY, TICKS, Style, axis_title, empty_figure, front_styles
from search.pareto import minimised, pareto_ranks
from search.records import Sweep, SweepRecord, Trial, epoch_text


def objectives_section(subject: Subject) -> Section | None:
    sweep, ranking = subject.sweep, subject.ranking
    overview = pareto_figure(sweep, ranking) or history_figure(sweep, ranking)
    if overview is None:
        return None
    title = "Objectives against each other" if len(ranking.objectives) > 1 else "Trial by trial"
    return Section("objectives", title, {"overview": overview.to_plotly_json()})


def pareto_figure(sweep: Sweep, ranking: Ranking) -> go.Figure | None:
    """The first two objectives against each other; None if there is only one, or nothing to show."""
    if len(ranking.objectives) < 2:
        return None
    names = list(ranking.objectives)[:2]
    figure = empty_figure(*(axis_title(name, sweep.record) for name in names))
    figure.update_xaxes(**_axis(names[0], ranking)).update_yaxes(**_axis(names[1], ranking))
    early = [one.trial for one in ranking.unranked if one.trial.state.state in ("pruned", "running")]
    dominated = [ranked for ranked in ranking.ranked if ranked.pareto_rank > 0]
    crosses = {"color": EARLY, "symbol": "x-thin", "size": 8, "line": {"color": EARLY, "width": 1.5}}
    _add_points(figure, names, early, sweep.record, "pruned or running, last values", crosses)
    _add_points(figure, names, [one.trial for one in dominated], sweep.record, "dominated", {"color": GREY, "size": 9})
    _add_staircase(figure, names, ranking)
    styles = front_styles(ranking)
    for ranked in ranking.front:
        _add_front_point(figure, names, ranked, sweep.record, styles[ranked.trial.number])
    return figure if figure.data else None


def history_figure(sweep: Sweep, ranking: Ranking) -> go.Figure | None:
    """The one objective of every ranked trial in the order of their numbers, with the best so far; None if several."""
    if len(ranking.objectives) != 1 or not ranking.ranked:
        return None
    (name, direction), *_ = ranking.objectives.items()
    in_order = sorted(ranking.ranked, key=lambda ranked: ranked.trial.number)
    numbers = [ranked.trial.number for ranked in in_order]
    values = [ranked.metrics[name] for ranked in in_order]
    best = (np.maximum if direction == "max" else np.minimum).accumulate(values).tolist()
    figure = empty_figure("Trial", axis_title(name, sweep.record))
    figure.update_yaxes(tickformat=TICKS.get(name))
    line = {"color": COLOURS[0], "width": 2, "shape": "hv"}
    figure.add_scatter(x=numbers, y=best, mode="lines", line=line, name="best so far", hoverinfo="skip")
    hover = [_hover(ranked.trial, sweep.record) for ranked in in_order]
    marker = {"color": GREY, "size": 9}
    figure.add_scatter(
        x=numbers, y=values, mode="markers", marker=marker, name="trial", hovertext=hover, hoverinfo="text"
    )
    return figure


def _add_points(
    figure: go.Figure, names: list[str], trials: list[Trial], record: SweepRecord, label: str, marker: dict[str, object]
) -> None:
    """One trace of the trials whose last values are finite, unless there is none."""
    shown = [trial for trial in trials if trial.final and all(_finite(trial, name) for name in names)]
    if not shown:
        return
    x, y = ([trial.final.metrics[name] for trial in shown if trial.final] for name in names)
    figure.add_scatter(
        x=x,
        y=y,
        hovertext=[_hover(trial, record) for trial in shown],
        hoverinfo="text",
        mode="markers",
        name=label,
        marker=marker,
    )


def _add_staircase(figure: go.Figure, names: list[str], ranking: Ranking) -> None:
    """The best reachable second objective at each value of the first one, among the ranked trials."""
    values = [ranked.metrics for ranked in ranking.ranked]
    points = minimised(values, {name: ranking.objectives[name] for name in names})  # (n, 2)
    front = np.flatnonzero(pareto_ranks(points) == 0)
    corners = [values[i] for i in sorted(front, key=lambda i: points[i, 0])]
    if len(corners) < 2:
        return
    x, y = ([corner[name] for corner in corners] for name in names)
    line = {"color": GREY, "width": 1.5, "shape": "hv", "dash": "dot"}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, name="Pareto front", hoverinfo="skip")


def _add_front_point(
    figure: go.Figure, names: list[str], ranked: RankedTrial, record: SweepRecord, style: Style
) -> None:
    figure.add_scatter(
        x=[ranked.metrics[names[0]]],
        y=[ranked.metrics[names[1]]],
        mode="markers+text",
        text=[str(ranked.trial.number)],
        textposition="top center",
        hovertext=[_hover(ranked.trial, record)],
        hoverinfo="text",
        name=f"trial {ranked.trial.number}",
        showlegend=False,
        cliponaxis=False,
        marker={"color": style.colour, "symbol": style.symbol, "size": 13},
    )


def _finite(trial: Trial, name: str) -> bool:
    return trial.final is not None and math.isfinite(trial.final.metrics.get(name, math.nan))


def _hover(trial: Trial, record: SweepRecord) -> str:
    return "<br>".join(escape(line[:80], quote=False) for line in _description(trial, record))


def _description(trial: Trial, record: SweepRecord) -> Iterable[str]:
    yield f"trial {trial.number}, {trial.state.state}"
    if trial.final:
        yield f"after epoch {epoch_text(trial.final.epoch)}"
        for name, value in trial.final.metrics.items():
            yield f"{metric_label(name, record)}: {metric_text(name, value)}"
    for name, value in trial.start.params.items():
        yield f"{name}: {value_text(value)}"


def _axis(name: str, ranking: Ranking) -> dict[str, object]:
    """Show the ranked trials and a third of their span around; early losers far outside would shrink them."""
    values = [ranked.metrics[name] for ranked in ranking.ranked]
    span = max(values) - min(values) if values else 0.0
    room = {"range": [min(values) - span / 3, max(values) + span / 3]} if span else {}
    return {"tickformat": TICKS.get(name), **room}
