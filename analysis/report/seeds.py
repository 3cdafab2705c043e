"""Figure: the runs of each configuration that was trained with several seeds."""

from collections.abc import Sequence

import plotly.graph_objects as go

from analysis.certainty.intervals import Interval
from analysis.certainty.repeats import Group, spread_of
from analysis.certainty.wording import spread_text
from analysis.display import metric_text
from analysis.report.style import COLOURS, GREY, TICKS, axis_title, empty_figure
from search.records import SweepRecord


def runs_figure(name: str, repeated: Sequence[Group], record: SweepRecord) -> dict[str, object] | None:
    """Every run a dot, with mean and interval, and the trial that the configuration was chosen by; None: no run."""
    shown = [group for group in repeated if group.values(name)]
    if not shown:
        return None
    figure = empty_figure(axis_title(name, record), "")
    figure.update_xaxes(tickformat=TICKS.get(name), range=_range(name, shown))
    figure.update_yaxes(autorange="reversed", type="category")
    _add_means(figure, name, shown)
    dots = [(value, _row(group)) for group in shown for value in group.values(name)]
    _add(figure, name, dots, "a new seed", {"color": COLOURS[5], "size": 8, "opacity": 0.8})
    chosen = [(group.chosen.metrics[name], _row(group)) for group in shown if group.chosen]
    _add(figure, name, chosen, "the run it was chosen by", {"color": GREY, "size": 10, "symbol": "x-thin-open"})
    content: dict[str, object] = figure.to_plotly_json()
    return content


def _row(group: Group) -> str:
    return f"trial {group.number}"


def _range(name: str, shown: Sequence[Group]) -> list[float] | None:
    """Around the runs: the interval of two seeds alone can be ten times as wide."""
    values = [value for group in shown for value in group.values(name)]
    values += [group.chosen.metrics[name] for group in shown if group.chosen]
    span = max(values) - min(values)
    return [min(values) - span / 2, max(values) + span / 2] if span else None


def _add(figure: go.Figure, name: str, points: list[tuple[float, str]], title: str, marker: dict[str, object]) -> None:
    if not points:
        return
    figure.add_scatter(
        x=[value for value, _ in points],
        y=[row for _, row in points],
        mode="markers",
        name=title,
        marker=marker,
        hovertext=[f"{row}, {title}: {metric_text(name, value)}" for value, row in points],
        hoverinfo="text",
    )


def _add_means(figure: go.Figure, name: str, shown: Sequence[Group]) -> None:
    spreads = [spread_of(name, group.values(name)) for group in shown]
    reaches = [spread.interval or Interval(spread.mean, spread.mean) for spread in spreads]
    figure.add_scatter(
        x=[spread.mean for spread in spreads],
        y=[_row(group) for group in shown],
        mode="markers",
        name="mean and its 95 % interval",
        marker={"color": COLOURS[1], "size": 20, "symbol": "line-ns-open", "line": {"width": 2.5}},
        error_x={
            "type": "data",
            "array": [reach.high - spread.mean for reach, spread in zip(reaches, spreads, strict=True)],
            "arrayminus": [spread.mean - reach.low for reach, spread in zip(reaches, spreads, strict=True)],
            "color": COLOURS[1],
            "thickness": 1.5,
            "width": 5,
        },
        hovertext=[
            f"{_row(group)}: {spread_text(name, spread)} ({spread.num_runs} seeds)"
            for group, spread in zip(shown, spreads, strict=True)
        ],
        hoverinfo="text",
    )
