"""Parallel coordinates: every ranked trial as one line across the searched parameters and the objectives."""

import math
from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Any

import plotly.graph_objects as go

from analysis.display import better, metric_label, metric_text, value_text
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.report.axes import UNSEARCHED, Axis, number_axis, word_axis
from analysis.report.exports.columns import names_in_order
from analysis.report.section import Section, Subject
from analysis.report.style import GREY, Style, empty_figure, front_styles
from search.records import SweepRecord

MAX_LINES = 150
MAX_AXES = 16
ROOM_REM = 6.5
"""Width of an axis."""


def parallel_section(subject: Subject) -> Section | None:
    """None unless there are several trials, with values that differ in two parameters at least."""
    ranking = subject.ranking
    if len(ranking.ranked) < 3:
        return None
    shown = _spread(ranking)
    params = varied_params(shown)
    if len(params) < 2:
        return None
    kept = params[: MAX_AXES - len(ranking.objectives)]
    axes = [_param_axis(name, shown) for name in kept]
    axes += [_metric_axis(name, shown, subject.sweep.record) for name in ranking.objectives]
    content = {
        "figure": parallel_figure(axes, shown, front_styles(ranking)).to_plotly_json(),
        "num_shown": len(shown),
        "left_out": params[len(kept) :],
        "some_unsearched": any(height < 0 for axis in axes for height in axis.heights),
        "width_rem": round(ROOM_REM * len(axes), 1),
    }
    return Section("parallel", "Parameters in parallel", content)


def varied_params(shown: Sequence[RankedTrial]) -> list[str]:
    """The searched parameters that do not have one value in all trials."""
    names = names_in_order(one.trial.params for one in shown)
    return [name for name in names if len({value_text(one.trial.params.get(name)) for one in shown}) > 1]


def parallel_figure(axes: Sequence[Axis], shown: Sequence[RankedTrial], styles: dict[int, Style]) -> go.Figure:
    """Lines of the front in their colours, over the better and the worse half of the rest."""
    figure = empty_figure("", "")
    figure.update_layout(margin={"l": 20, "r": 20, "t": 70, "b": 10})
    bottom = UNSEARCHED - 0.06 if any(height < 0 for axis in axes for height in axis.heights) else -0.06
    figure.update_xaxes(visible=False, range=[-0.9, len(axes) - 0.6], fixedrange=True)
    figure.update_yaxes(visible=False, range=[bottom, 1.04], fixedrange=True)
    rest = [index for index, one in enumerate(shown) if one.trial.number not in styles]
    middle = (len(rest) + 1) // 2
    for name, indices, colour in (
        ("worse half of the rest", rest[middle:], "rgba(138,143,152,0.25)"),
        ("better half of the rest", rest[:middle], "rgba(138,143,152,0.65)"),
    ):
        _add_lines(figure, axes, shown, indices, name, Style(colour, "circle", "solid"), 1.0)
    for index, one in enumerate(shown):
        if style := styles.get(one.trial.number):
            _add_lines(figure, axes, shown, [index], f"trial {one.trial.number}", style, 3.0)
    for place, axis in enumerate(axes):
        _draw_axis(figure, place, axis)
    return figure


def _spread(ranking: Ranking) -> list[RankedTrial]:
    """The front and, where there are too many trials, some of the rest at even distances by their places."""
    front, rest = ranking.front[:MAX_LINES], [one for one in ranking.ranked if one.pareto_rank]
    room = MAX_LINES - len(front)
    chosen = rest if len(rest) <= room else [rest[index * len(rest) // room] for index in range(room)]
    return [*front, *chosen]


def _add_lines(
    figure: go.Figure,
    axes: Sequence[Axis],
    shown: Sequence[RankedTrial],
    indices: Sequence[int],
    name: str,
    style: Style,
    width: float,
) -> None:
    """One trace of some trials, parted by gaps, unless there is none."""
    if not indices:
        return
    figure.add_scatter(
        x=[*range(len(axes)), None] * len(indices),
        y=[height for index in indices for height in (*(round(axis.heights[index], 4) for axis in axes), None)],
        customdata=[number for index in indices for number in [shown[index].trial.number] * (len(axes) + 1)],
        hovertext=[text for index in indices for text in (*_hover(axes, shown[index], index), "")],
        hoverinfo="text",
        mode="lines+markers" if len(indices) == 1 else "lines",
        name=name,
        line={"color": style.colour, "dash": style.dash, "width": width},
        marker={"color": style.colour, "symbol": style.symbol, "size": 2.5 * width},
    )


def _hover(axes: Sequence[Axis], one: RankedTrial, index: int) -> list[str]:
    return [f"trial {one.trial.number}, place {one.place}<br>{axis.title}: {axis.texts[index]}" for axis in axes]


def _draw_axis(figure: go.Figure, place: int, axis: Axis) -> None:
    figure.add_shape(type="line", x0=place, x1=place, y0=0, y1=1, line={"color": GREY, "width": 1}, layer="below")
    text = {"showarrow": False, "x": place, "font": {"size": 11}}
    figure.add_annotation(**text, y=1, yanchor="bottom", yshift=12, text=f"<b>{axis.title}</b>")
    for height, label in axis.ticks:
        figure.add_annotation(**text, y=height, xanchor="right", xshift=-4, text=label)


def _param_axis(name: str, shown: Sequence[RankedTrial]) -> Axis:
    title = escape(name, quote=False).replace(".", ".<br>")
    values = [one.trial.params.get(name) for one in shown]
    if all(_is_number(one.trial.params[name]) for one in shown if name in one.trial.params):
        return number_axis(title, [None if value is None else float(value) for value in values], value_text)
    return word_axis(
        title,
        [value_text(value) if name in one.trial.params else None for one, value in zip(shown, values, strict=True)],
    )


def _metric_axis(name: str, shown: Sequence[RankedTrial], record: SweepRecord) -> Axis:
    """Better values are at the top, whichever they are."""
    title = escape(metric_label(name, record), quote=False).replace(" (", "<br>(")
    axis = number_axis(title, [one.metrics[name] for one in shown], partial(metric_text, name))
    return axis.turned() if better(name, record.objectives) == "min" else axis


def _is_number(value: Any) -> bool:
    """Whether a value has a place on an axis; whole numbers beyond all floats have none."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False
