"""What all figures of a sweep share: colours, labels, and how trials of the front are told apart.

Backgrounds are transparent and greys in between, so that one figure serves light and dark pages. Every text that a user
wrote is escaped: Plotly reads its own small HTML in labels and hover text.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from analysis.display import SHARES, metric_title
from analysis.ranking.rank import Ranking
from search.records import SweepRecord, Trial

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito (2008), without black and yellow, which vanish on a dark or a light page."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up")
DASHES = ("solid", "dash", "dot", "dashdot")
GREY = "#8A8F98"
FAINT = "rgba(138,143,152,0.45)"
EARLY = "rgba(138,143,152,0.75)"
TICKS = dict.fromkeys(SHARES, "~%")
GRID = "rgba(138,143,152,0.22)"
MAX_TICKS = 10


@dataclass(frozen=True)
class Style:
    """How a trial of the Pareto front looks in every figure."""

    colour: str
    symbol: str
    dash: str


def front_styles(ranking: Ranking) -> dict[int, Style]:
    """Style by trial number; when the colours are used up they come again with another symbol and dash."""
    return {ranked.trial.number: _style(index) for index, ranked in enumerate(ranking.front)}


def trial_styles(ranking: Ranking, top: int) -> dict[int, Style]:
    """Style by trial number of the front, and of the rest of the first `top`, which take the next ones."""
    numbers = [ranked.trial.number for ranked in (*ranking.front, *ranking.ranked[:top])]
    return {number: _style(index) for index, number in enumerate(dict.fromkeys(numbers))}


def _style(index: int) -> Style:
    return Style(COLOURS[index % 6], SYMBOLS[index // 6 % 4], DASHES[index // 6 % 4])


def epoch_axis(trials: Iterable[Trial]) -> dict[str, Any]:
    """An axis with MAX_TICKS at most, at whole epochs."""
    longest = max((trial.final.epoch for trial in trials if trial.final), default=1)
    return {"dtick": math.ceil(longest / MAX_TICKS)}


def axis_title(name: str, record: SweepRecord) -> str:
    """A metric's label and which way is better, escaped."""
    return escape(metric_title(name, record), quote=False)


def empty_figure(x_title: str, y_title: str) -> go.Figure:
    """Axes without any trace; titles come escaped."""
    axis = {"gridcolor": GRID, "zeroline": False, "linecolor": GREY, "ticks": "outside", "tickcolor": GRID}
    figure = go.Figure()
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13, "color": GREY},
        margin={"l": 10, "r": 20, "t": 30, "b": 10},
        xaxis={**axis, "title": {"text": x_title, "standoff": 12}, "automargin": True},
        yaxis={**axis, "title": {"text": y_title, "standoff": 12}, "automargin": True},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
        },
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": GREY, "activecolor": COLOURS[0]},
        hoverlabel={"align": "left", "font": {"family": "system-ui, sans-serif", "size": 12}},
        hovermode="closest",
    )
    return figure
