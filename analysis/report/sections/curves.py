"""Learning curves: a metric over the epochs, of every trial that measured it."""

import math
from collections.abc import Iterable, Iterator

import plotly.graph_objects as go

from analysis.display import metric_text, metric_title
from analysis.ranking.rank import Ranking
from analysis.report.section import Section, Subject
from analysis.report.style import FAINT, TICKS, Style, empty_figure, front_styles
from search.records import Sweep, Trial, epoch_text

MAX_IN_LEGEND = 8
MAX_TICKS = 10
CurvePoint = tuple[float | None, float | None, str]
"""Epoch, value, hover text; no value: a gap in the line."""


def curves_section(subject: Subject) -> Section | None:
    figures = learning_curves(subject.sweep, subject.ranking)
    if not figures:
        return None
    titled = {metric_title(name, subject.sweep.record): figure.to_plotly_json() for name, figure in figures.items()}
    return Section("curves", "Learning curves", {"curves": titled})


def learning_curves(sweep: Sweep, ranking: Ranking) -> dict[str, go.Figure]:
    """One figure per objective, of those that any trial has measured: the front coloured, the rest faint."""
    figures = {name: _curves(name, sweep, ranking) for name in ranking.objectives}
    return {name: figure for name, figure in figures.items() if figure.data}


def _curves(name: str, sweep: Sweep, ranking: Ranking) -> go.Figure:
    styles = front_styles(ranking)
    figure = empty_figure("Epoch", "")
    figure.update_yaxes(tickformat=TICKS.get(name))
    longest = max((trial.final.epoch for trial in sweep.trials if trial.final), default=1)
    figure.update_xaxes(dtick=math.ceil(longest / MAX_TICKS))  # whole epochs
    rest = [trial for trial in sweep.trials if trial.number not in styles]
    # One trace for all the faint lines, parted by gaps: a thousand traces would take a browser seconds.
    _add_line(figure, _with_gaps(name, rest), "other trials", Style(FAINT, "circle", "solid"), width=1)
    for index, ranked in enumerate(ranking.front):
        number = ranked.trial.number
        _add_line(figure, list(_curve(name, ranked.trial)), f"trial {number}", styles[number], width=2.5)
        figure.data[-1].showlegend = index < MAX_IN_LEGEND
    return figure


def _with_gaps(name: str, trials: Iterable[Trial]) -> list[CurvePoint]:
    return [point for trial in trials for point in (*_curve(name, trial), (None, None, ""))]


def _curve(name: str, trial: Trial) -> Iterator[CurvePoint]:
    for evaluation in trial.evaluations:
        if name not in evaluation.metrics:
            continue  # too costly to measure every time: the line goes on to the next value
        value = evaluation.metrics[name]
        hover = f"trial {trial.number}, epoch {epoch_text(evaluation.epoch)}: {metric_text(name, value)}"
        yield evaluation.epoch, value if math.isfinite(value) else None, hover


def _add_line(figure: go.Figure, points: list[CurvePoint], name: str, style: Style, width: float) -> None:
    """Add one trace, unless there is nothing to see in it."""
    if all(value is None for _, value, _ in points):
        return
    epochs, values, hover = zip(*points, strict=True)
    figure.add_scatter(
        x=list(epochs),
        y=list(values),
        hovertext=list(hover),
        hoverinfo="text",
        mode="lines+markers",
        name=name,
        line={"color": style.colour, "dash": style.dash, "width": width},
        marker={"color": style.colour, "symbol": style.symbol, "size": 2.5 * width},
    )
