"""What difference the categorical choices made."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from analysis.display import SHARES, metric_label, metric_text, metric_title, value_text
from analysis.effects.choices import (
    FEWEST_OF_OPTION,
    MOST_TRIALS,
    NUM_RESAMPLES,
    ChoiceEffect,
    Contrast,
    Option,
    OptionAtStage,
    choice_effects,
)
from analysis.effects.sample import Sample
from analysis.report.section import Section, Subject
from analysis.report.style import COLOURS, GREY, TICKS, empty_figure

MOST_LINES = 12


@dataclass(frozen=True)
class Cell:
    """What a table says of an option's objective at one stage."""

    text: str
    note: str = ""
    clear: bool = False


@dataclass(frozen=True)
class Row:
    """An option."""

    choice: str
    option: str
    counts: tuple[int, int, int, int]
    """Tried, complete, pruned, diverged or collapsed."""
    cells: tuple[Cell, ...]


def choices_section(subject: Subject) -> Section | None:
    found = subject.samples
    record, objectives = subject.sweep.record, list(subject.ranking.objectives)
    stages = [sample for sample in found.stages if len(sample)]
    effects = choice_effects(found, stages)
    if not any(measured.differences for effect in effects for option in effect.options for measured in option.stages):
        return None
    figures = {metric_title(name, record): _figure(name, effects, stages) for name in objectives}
    content = {
        "figures": {title: figure.to_plotly_json() for title, figure in figures.items() if figure.data},
        "headings": [f"{metric_label(name, record)} {sample.when}" for name in objectives for sample in stages],
        "rows": [_row(effect, number, objectives) for effect in effects for number in range(len(effect.options))],
        "num_lines": MOST_LINES,
        "fewest": FEWEST_OF_OPTION,
        "num_resamples": NUM_RESAMPLES,
        "most_trials": MOST_TRIALS,
        "early": found.early.when if found.early else "",
    }
    return Section("choices", "Choices", content)


def _row(effect: ChoiceEffect, number: int, objectives: Sequence[str]) -> Row:
    option = effect.options[number]
    return Row(
        effect.path if number == 0 else "",
        value_text(option.value),
        (option.num_tried, option.num_complete, option.num_pruned, option.num_broken),
        tuple(
            _cell(measured, name, is_reference=number == effect.reference)
            for name in objectives
            for measured in option.stages
        ),
    )


def _cell(measured: OptionAtStage, name: str, is_reference: bool) -> Cell:
    if name not in measured.mean:
        return Cell("–")
    note = f"mean {metric_text(name, measured.mean[name])} of {measured.num_trials:,}"
    if name not in measured.differences:
        too_few = measured.num_trials < FEWEST_OF_OPTION
        return Cell("compared with" if is_reference else "too few" if too_few else "not compared", note)
    difference = measured.differences[name]
    return Cell(_difference_text(name, difference), note, difference.is_clear)


def _difference_text(name: str, difference: Contrast) -> str:
    """With a sign and its interval, to two digits of the interval's width; shares in points of a per cent."""
    factor, unit = (100, " points") if name in SHARES else (1, "")
    adjusted, low, high = (factor * value for value in (difference.adjusted, difference.low, difference.high))
    digits = max(0, 1 - math.floor(math.log10(high - low))) if high > low else 3
    return f"{adjusted:+.{digits}f}{unit} ({low:+.{digits}f} to {high:+.{digits}f})".replace("-", "−")


def _figure(name: str, effects: Sequence[ChoiceEffect], stages: Sequence[Sample]) -> go.Figure:
    """A line for each option that is compared with another, at each stage."""
    figure = empty_figure("Difference", "")
    figure.update_xaxes(tickformat=TICKS.get(name), zeroline=True, zerolinecolor=GREY, zerolinewidth=1.5)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(scattermode="group", scattergap=0.5)
    lines = list(_lines(name, effects))[:MOST_LINES]
    for number, sample in enumerate(stages):
        found = [(label, option.stages[number].differences.get(name)) for label, option in lines]
        known = [(label, difference) for label, difference in found if difference]
        if known:
            is_end = sample.epoch is None
            _add_differences(figure, known, sample.when, COLOURS[0] if is_end else COLOURS[1], hollow=not is_end)
    return figure


def _lines(name: str, effects: Sequence[ChoiceEffect]) -> Iterator[tuple[str, Option]]:
    for effect in effects:
        other = value_text(effect.options[effect.reference].value)
        for option in effect.options:
            if any(name in measured.differences for measured in option.stages):
                words = (effect.path, f"{value_text(option.value)[:24]} against {other[:24]}")
                yield "<br>".join(escape(word, quote=False) for word in words), option


def _add_differences(
    figure: go.Figure, known: Sequence[tuple[str, Contrast]], label: str, colour: str, hollow: bool
) -> None:
    figure.add_scatter(
        x=[difference.adjusted for _, difference in known],
        y=[line for line, _ in known],
        error_x={
            "array": [difference.high - difference.adjusted for _, difference in known],
            "arrayminus": [difference.adjusted - difference.low for _, difference in known],
            "color": colour,
            "thickness": 1.5,
        },
        mode="markers",
        name=label,
        orientation="h",
        offsetgroup=label,
        marker={"color": colour, "size": 9, "symbol": "circle-open" if hollow else "circle"},
        hovertemplate="%{y}: %{x:+.3g}<extra></extra>",
    )
