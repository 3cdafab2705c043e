"""Learning curves: a metric over the epochs, of the trials that measured it."""

import math
from collections.abc import Iterable, Iterator, Sequence

import plotly.graph_objects as go

from analysis.display import metric_text, metric_title
from analysis.ranking.rank import Ranking
from analysis.report.section import Section, Subject
from analysis.report.style import FAINT, TICKS, Style, empty_figure, epoch_axis, front_styles
from search.records import Sweep, Trial, epoch_text

MAX_IN_LEGEND = 8
MAX_FRONT = 24
"""Of the front in its colours; the rest of it is faint like all others."""
MAX_OTHERS = 200
MAX_MARKERS = 2000
"""Faint points up to which each one is marked: every mark is an element of the page."""
CurvePoint = tuple[float | None, float | None, str]
"""Epoch, value, hover text; no value: a gap in the line."""


def curves_section(subject: Subject) -> Section | None:
    figures = learning_curves(subject.sweep, subject.ranking)
    if not figures:
        return None
    coloured = min(len(subject.ranking.front), MAX_FRONT)
    others = len(subject.sweep.trials) - coloured
    content = {
        "curves": {metric_title(name, subject.sweep.record): fig.to_plotly_json() for name, fig in figures.items()},
        "num_drawn": min(others, MAX_OTHERS) + coloured,
        "num_coloured": coloured,
        "has_others": others > 0,
    }
    return Section("curves", "Learning curves", content)


def learning_curves(sweep: Sweep, ranking: Ranking) -> dict[str, go.Figure]:
    """One figure per objective, of those that any trial has measured: the first of the front coloured, others faint."""
    figures = {name: _curves(name, sweep, ranking) for name in ranking.objectives}
    return {name: figure for name, figure in figures.items() if figure.data}


def _curves(name: str, sweep: Sweep, ranking: Ranking) -> go.Figure:
    styles = front_styles(ranking)
    figure = empty_figure("Epoch", "")
    figure.update_yaxes(tickformat=TICKS.get(name))
    figure.update_xaxes(**epoch_axis(sweep.trials))
    coloured = [ranked.trial for ranked in ranking.front[:MAX_FRONT]]
    numbers = {trial.number for trial in coloured}
    rest = _evenly([trial for trial in sweep.trials if trial.number not in numbers])
    # One trace for all the faint lines, parted by gaps: a thousand traces would take a browser seconds.
    _add_line(figure, _with_gaps(name, rest), None, "other trials", Style(FAINT, "circle", "solid"), width=1)
    for index, trial in enumerate(coloured):
        label = f"trial {trial.number}"
        _add_line(figure, list(_curve(name, trial)), trial.number, label, styles[trial.number], width=2.5)
        figure.data[-1].showlegend = index < MAX_IN_LEGEND
    return figure


def _evenly(trials: Sequence[Trial]) -> list[Trial]:
    """MAX_OTHERS of the trials at most, at even distances."""
    if len(trials) <= MAX_OTHERS:
        return list(trials)
    return [trials[index * len(trials) // MAX_OTHERS] for index in range(MAX_OTHERS)]


def _with_gaps(name: str, trials: Iterable[Trial]) -> list[CurvePoint]:
    return [point for trial in trials for point in (*_curve(name, trial), (None, None, ""))]


def _curve(name: str, trial: Trial) -> Iterator[CurvePoint]:
    for evaluation in trial.evaluations:
        if name not in evaluation.metrics:
            continue  # too costly to measure every time: the line goes on to the next value
        value = evaluation.metrics[name]
        hover = f"trial {trial.number}, epoch {epoch_text(evaluation.epoch)}: {metric_text(name, value)}"
        yield evaluation.epoch, value if math.isfinite(value) else None, hover


def _add_line(
    figure: go.Figure, points: list[CurvePoint], trial: int | None, name: str, style: Style, width: float
) -> None:
    """Add one trace, of a trial or of several ones, unless there is nothing to see in it."""
    if all(value is None for _, value, _ in points):
        return
    epochs, values, hover = zip(*points, strict=True)
    figure.add_scatter(
        x=list(epochs),
        y=list(values),
        customdata=None if trial is None else [trial] * len(points),
        hovertext=list(hover),
        hoverinfo="text",
        mode="lines+markers" if len(points) <= MAX_MARKERS else "lines",
        name=name,
        line={"color": style.colour, "dash": style.dash, "width": width},
        marker={"color": style.colour, "symbol": style.symbol, "size": 2.5 * width},
    )
