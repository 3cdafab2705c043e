"""What all figures of a sweep share: colours, labels, and how trials of the front are told apart.

Backgrounds are transparent and greys in between, so that one figure serves light and dark pages. Every text that a user
wrote is escaped: Plotly reads its own small HTML in labels and hover text.
"""

from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from analysis.display import SHARES, metric_title
from analysis.ranking.rank import Ranking
from search.records import SweepRecord

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito (2008), without black and yellow, which vanish on a dark or a light page."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up")
DASHES = ("solid", "dash", "dot", "dashdot")
GREY = "#8A8F98"
FAINT = "rgba(138,143,152,0.45)"
EARLY = "rgba(138,143,152,0.75)"
TICKS = dict.fromkeys(SHARES, "~%")
GRID = "rgba(138,143,152,0.22)"


@dataclass(frozen=True)
class Style:
    """How a trial of the Pareto front looks in every figure."""

    colour: str
    symbol: str
    dash: str


def front_styles(ranking: Ranking) -> dict[int, Style]:
    """Style by trial number; when the colours are used up they come again with another symbol and dash."""
    return {
        ranked.trial.number: Style(COLOURS[i % 6], SYMBOLS[i // 6 % 4], DASHES[i // 6 % 4])
        for i, ranked in enumerate(ranking.front)
    }


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
        hoverlabel={"align": "left"},
        hovermode="closest",
    )
    return figure
