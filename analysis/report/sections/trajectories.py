"""How loss weights moved, and when early stopping ended a task, in the best trials."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from analysis.report.exports.columns import names_in_order
from analysis.report.section import Section, Subject
from analysis.report.style import Style, empty_figure, epoch_axis, trial_styles
from search.records import Trial, epoch_text


@dataclass(frozen=True)
class Stop:
    """A task that early stopping ended."""

    trial: int
    task: str
    epoch: str
    """Of the first evaluation that knew of it."""
    went_on: str
    """For how many epochs the rest of the trial went on."""


def trajectories_section(subject: Subject) -> Section | None:
    """None unless a weight of the best trials moved or a task stopped: the table of the ranking has fixed weights."""
    trials = [one.trial for one in subject.ranking.ranked[: subject.top]]
    styles = trial_styles(subject.ranking, subject.top)
    figures = weight_figures(trials, styles)
    stops = [stop for trial in trials for stop in early_stops(trial)]
    if not figures and not stops:
        return None
    content = {
        "figures": {name: figure.to_plotly_json() for name, figure in figures.items()},
        "stops": stops,
        "num_trials": len(trials),
    }
    return Section("trajectories", "Loss weights and early stops", content)


def weight_figures(trials: Sequence[Trial], styles: dict[int, Style]) -> dict[str, go.Figure]:
    """By loss, its weight over the epochs in each trial, of those losses whose weight moved in one of them."""
    names = names_in_order(evaluation.weights for trial in trials for evaluation in trial.evaluations)
    moving = [name for name in names if any(len(_values(trial, name)) > 1 for trial in trials)]
    return {name: _weights(name, trials, styles) for name in moving}


def early_stops(trial: Trial) -> list[Stop]:
    """The tasks of a trial that early stopping ended, in the order of their ends."""
    first: dict[str, float] = {}
    for evaluation in trial.evaluations:
        for task in evaluation.stopped:
            first.setdefault(task, evaluation.epoch)
    last = trial.final.epoch if trial.final else 0.0
    return [Stop(trial.number, task, epoch_text(at), epoch_text(last - at)) for task, at in first.items()]


def _values(trial: Trial, name: str) -> set[float]:
    """The weights that a loss had; 0 is that of a task that has stopped."""
    return {evaluation.weights[name] for evaluation in trial.evaluations if evaluation.weights.get(name)}


def _weights(name: str, trials: Sequence[Trial], styles: dict[int, Style]) -> go.Figure:
    figure = empty_figure("Epoch", "")
    figure.update_xaxes(**epoch_axis(trials))
    figure.update_yaxes(type="log", dtick=_ticks(name, trials), exponentformat="power")
    for trial in trials:
        shown = [evaluation for evaluation in trial.evaluations if name in evaluation.weights]
        if not shown:
            continue
        values = [_positive(evaluation.weights[name]) for evaluation in shown]
        style = styles[trial.number]
        figure.add_scatter(
            x=[evaluation.epoch for evaluation in shown],
            y=values,
            customdata=[trial.number] * len(shown),
            mode="lines+markers",
            name=f"trial {trial.number}",
            hovertemplate=f"trial {trial.number}, epoch %{{x}}: %{{y:.3g}}<extra></extra>",
            line={"color": style.colour, "dash": style.dash, "width": 2.5},
            marker={
                "color": style.colour,
                "symbol": _symbols(values, style),
                "size": _sizes(values),
                "line": {"width": 0},
            },
        )
    return figure


def _ticks(name: str, trials: Sequence[Trial]) -> int | str:
    """At each power of ten; where the weights span fewer than two of them, at twice and five times each too."""
    logs = [math.log10(value) for trial in trials for value in _values(trial, name) if _positive(value)]
    return 1 if logs and math.floor(max(logs)) > math.ceil(min(logs)) else "D2"


def _positive(weight: float) -> float | None:
    return weight if weight > 0 and math.isfinite(weight) else None


def _symbols(values: Sequence[float | None], style: Style) -> list[str]:
    """A cross where the weight falls to 0: its task has stopped."""
    return ["x" if last else style.symbol for last in _lasts(values)]


def _sizes(values: Sequence[float | None]) -> list[int]:
    return [12 if last else 6 for last in _lasts(values)]


def _lasts(values: Sequence[float | None]) -> list[bool]:
    after = [*values[1:], values[-1]]
    return [value is not None and later is None for value, later in zip(values, after, strict=True)]
