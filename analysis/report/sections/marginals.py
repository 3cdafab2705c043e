"""How an objective changes along the parameters that move it most, and over two loss weights at once."""

import itertools
from collections.abc import Callable
from html import escape

import numpy as np
import plotly.graph_objects as go

from analysis.display import metric_label, metric_text, value_text
from analysis.effects.resampling import thinned
from analysis.effects.sample import Sample
from analysis.effects.scaled_space import Array, Axis, ScaledSpace
from analysis.effects.surrogate import (
    EXPLAINS,
    MOST_TRIALS,
    NUM_RESAMPLES,
    Marginal,
    Pair,
    Surrogate,
    marginal,
    pair,
)
from analysis.report.section import Section, Subject
from analysis.report.style import COLOURS, EARLY, GREY, TICKS, axis_title, empty_figure
from search.records import SweepRecord

FEWEST_TRIALS = 20
MOST_MARGINALS, MOST_OBJECTIVES = 3, 3
MOST_POINTS = 200
SHOWN = (0.02, 0.98)
"""Quantiles of the trials that set the vertical axis: one disaster would flatten everything else."""


def marginals_section(subject: Subject) -> Section | None:
    found = subject.samples
    sample, space, record = found.widest, found.space, subject.sweep.record
    if not space.axes or len(sample) < FEWEST_TRIALS:
        return None
    figures, explained = {}, {}
    for name, direction in list(subject.ranking.objectives.items())[:MOST_OBJECTIVES]:
        surrogate = subject.surrogate(sample, name)
        if surrogate.explained < EXPLAINS:
            continue
        label = metric_label(name, record)
        explained[label] = f"{surrogate.explained:.2f}"
        found_along = {column: marginal(surrogate, column) for column in range(len(space.axes))}
        # A parameter under a rare condition may exist at none of the points averaged over.
        along = {column: one for column, one in found_along.items() if np.isfinite(one.mean).all()}
        by_span = sorted(along, key=lambda column: -along[column].span)
        for column in by_span[:MOST_MARGINALS]:
            figure = _curve(name, sample, column, space.axes[column], along[column], record)
            figures[f"{label} along {space.axes[column].path}"] = figure.to_plotly_json()
        if weights := _strongest_weights(surrogate, by_span):
            first, second, over = weights
            title = f"{label} over {space.axes[first].path} and {space.axes[second].path}"
            shared = f"{title} (interaction: {100 * over.interaction:.0f} %)"
            figures[shared] = _contour(name, direction, sample, (first, second), space, over, record).to_plotly_json()
    content = {
        "figures": figures,
        "explained": explained,
        "when": sample.when,
        "num_trials": len(sample),
        "most_trials": MOST_TRIALS,
        "most_points": MOST_POINTS,
        "num_resamples": NUM_RESAMPLES,
    }
    return Section("marginals", "Along the parameters", content) if figures else None


def _curve(name: str, sample: Sample, column: int, axis: Axis, along: Marginal, record: SweepRecord) -> go.Figure:
    figure = empty_figure(escape(axis.path, quote=False), axis_title(name, record))
    shown = np.concatenate([np.quantile(sample.values[name], SHOWN), along.low, along.high])
    room = float(np.ptp(shown)) / 20
    figure.update_yaxes(tickformat=TICKS.get(name), range=[float(shown.min()) - room, float(shown.max()) + room])
    figure.update_layout(showlegend=False)
    _add_trials(figure, name, sample, column, axis)
    colour = COLOURS[0]
    if axis.options:
        error = {"array": along.high - along.mean, "arrayminus": along.mean - along.low, "color": colour}
        figure.update_xaxes(type="category")
        figure.add_scatter(
            x=_values(axis, along.positions),
            y=along.mean.tolist(),
            error_y={key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in error.items()},
            mode="markers",
            marker={"color": colour, "size": 11},
            hoverinfo="skip",
        )
        return figure
    _set_scale(figure.update_xaxes, axis)
    x = _values(axis, along.positions)
    band = {"mode": "lines", "line": {"width": 0, "color": colour}, "hoverinfo": "skip"}
    figure.add_scatter(x=x, y=along.low.tolist(), **band)
    figure.add_scatter(x=x, y=along.high.tolist(), fill="tonexty", fillcolor="rgba(0,114,178,0.2)", **band)
    figure.add_scatter(x=x, y=along.mean.tolist(), mode="lines", line={"color": colour, "width": 2.5}, hoverinfo="skip")
    return figure


def _add_trials(figure: go.Figure, name: str, sample: Sample, column: int, axis: Axis) -> None:
    """The trials that have the parameter, or some of very many."""
    (having,) = np.nonzero(~np.isnan(sample.points[:, column]))
    kept = having[thinned(len(having), MOST_POINTS)].tolist()
    figure.add_scatter(
        x=_values(axis, sample.points[kept, column]),
        y=sample.values[name][kept].tolist(),
        mode="markers",
        marker={"color": EARLY, "size": 5},
        hovertext=[_hover(sample, index, name) for index in kept],
        hoverinfo="text",
    )


def _hover(sample: Sample, index: int, name: str) -> str:
    return f"trial {sample.trials[index].number}: {metric_text(name, float(sample.values[name][index]))}"


def _strongest_weights(surrogate: Surrogate, by_span: list[int]) -> tuple[int, int, Pair] | None:
    """The first two loss weights by their effect that exist together, and the objective over both."""
    axes = surrogate.space.axes
    weights = [column for column in by_span if axes[column].path.startswith("loss.") and not axes[column].options]
    for first, second in itertools.combinations(weights, 2):
        over = pair(surrogate, first, second)
        if np.isfinite(over.mean).all():
            return first, second, over
    return None


def _contour(
    name: str,
    direction: str,
    sample: Sample,
    columns: tuple[int, int],
    space: ScaledSpace,
    over: Pair,
    record: SweepRecord,
) -> go.Figure:
    first, second = (space.axes[column] for column in columns)
    figure = empty_figure(escape(first.path, quote=False), escape(second.path, quote=False))
    figure.update_layout(showlegend=False)
    _set_scale(figure.update_xaxes, first)
    _set_scale(figure.update_yaxes, second)
    figure.add_contour(
        x=_values(first, over.first),
        y=_values(second, over.second),
        z=over.mean.tolist(),
        colorscale="Cividis",
        reversescale=direction == "min",
        line={"width": 0},
        ncontours=16,
        colorbar={"title": {"text": escape(metric_label(name, record), quote=False)}, "tickformat": TICKS.get(name)},
        hoverinfo="skip",
    )
    (having,) = np.nonzero(~np.isnan(sample.points[:, list(columns)]).any(axis=1))
    kept = having[thinned(len(having), MOST_POINTS)].tolist()
    figure.add_scatter(
        x=_values(first, sample.points[kept, columns[0]]),
        y=_values(second, sample.points[kept, columns[1]]),
        mode="markers",
        marker={"color": "rgba(255,255,255,0.75)", "size": 5, "line": {"color": GREY, "width": 1}},
        hovertext=[_hover(sample, index, name) for index in kept],
        hoverinfo="text",
    )
    return figure


def _set_scale(update: Callable[..., object], axis: Axis) -> None:
    update(type="log" if getattr(axis.range, "log", False) else "linear", exponentformat="power")


def _values(axis: Axis, positions: Array) -> list[object]:
    values = [axis.value(position) for position in positions.tolist()]
    return [escape(value_text(value)[:40], quote=False) for value in values] if axis.options else values
