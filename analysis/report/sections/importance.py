"""Which parameters matter for which objective."""

from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from analysis.display import listed, metric_label
from analysis.effects.importance import MOST_FANOVA_TRIALS, MOST_PED_TRIALS, Importances, enough, fanova, ped_anova
from analysis.effects.sample import Sample
from analysis.effects.surrogate import EXPLAINS
from analysis.report.section import Section, Subject
from analysis.report.style import COLOURS, GREY, empty_figure

MOST_PARAMETERS = 10
FANOVA_COLOURS, PED_COLOUR = (COLOURS[0], COLOURS[5]), COLOURS[1]


@dataclass(frozen=True)
class Bars:
    """A bar for each parameter."""

    title: str
    colour: str
    importances: Importances


def importance_section(subject: Subject) -> Section | None:
    found = subject.samples
    if not found.space.axes or not (len(found.end) or found.num_left_out):
        return None
    figures = {}
    missing: dict[str, list[str]] = {}
    for name, direction in subject.ranking.objectives.items():
        label = metric_label(name, subject.sweep.record)
        bars, reasons = _measured(subject, name, direction)
        for reason in reasons:
            missing.setdefault(reason, []).append(label)
        if bars:
            figures[label] = _figure(bars).to_plotly_json()
    content = {
        "figures": figures,
        "missing": [f"{listed(labels)}: {reason}" for reason, labels in missing.items()],
        "with_conditions": [axis.path for axis in found.space.axes if axis.when],
        "early": found.early.when if found.early else "",
        "most": (MOST_FANOVA_TRIALS, MOST_PED_TRIALS),
        "num_left_out": found.num_left_out,
    }
    return Section("importance", "What mattered", content)


def _measured(subject: Subject, objective: str, direction: str) -> tuple[list[Bars], list[str]]:
    """The bars of an objective, and why others are not there."""
    found = subject.samples
    bars, missing = [], []
    for sample, colour in zip(reversed(found.stages), FANOVA_COLOURS, strict=False):
        if reason := _why_not(subject, sample, objective):
            missing.append(f"no fANOVA {sample.when}, since {reason}.")
        elif shares := fanova(found.space, sample, objective):
            bars.append(Bars(f"fANOVA {sample.when}, {shares.num_trials:,} trials", colour, shares))
    if best := ped_anova(found, objective, direction):
        bars.append(Bars(f"PED-ANOVA, best {best.num_best:,} of {best.num_trials:,} trials", PED_COLOUR, best))
    else:
        missing.append("no PED-ANOVA, since too few trials have ended, too few are complete, or all are alike.")
    return bars, missing


def _why_not(subject: Subject, sample: Sample, objective: str) -> str:
    """Why a forest fitted to these trials says nothing of the parameters; empty: it does."""
    num_parameters = len(subject.samples.space.axes)
    if not enough(len(sample), num_parameters):
        plural = "s" if num_parameters != 1 else ""
        return f"{len(sample)} trials are too few for {num_parameters} parameter{plural}"
    explained = subject.surrogate(sample, objective).explained
    if explained >= EXPLAINS:
        return ""
    found_r2 = f"{explained:.2f}".replace("-", "−")
    return f"a forest explains hardly anything of trials that it was not fitted to (R² {found_r2})"


def _figure(bars: list[Bars]) -> go.Figure:
    """The parameters with the longest bars, those first."""
    paths = dict.fromkeys(path for one in bars for path in one.importances.by_path)
    longest = {path: max(_mean(one, path) for one in bars) for path in paths}
    shown = sorted(paths, key=lambda path: -longest[path])[:MOST_PARAMETERS]
    figure = empty_figure("Share", "")
    figure.update_layout(barmode="group", bargap=0.3)
    figure.update_xaxes(tickformat="~%", rangemode="tozero").update_yaxes(autorange="reversed", showgrid=False)
    for one in bars:
        _add_bars(figure, one, [path for path in shown if path in one.importances.by_path])
    return figure


def _mean(bars: Bars, path: str) -> float:
    return bars.importances.by_path[path].mean if path in bars.importances.by_path else 0.0


def _add_bars(figure: go.Figure, bars: Bars, paths: list[str]) -> None:
    found = [bars.importances.by_path[path] for path in paths]
    figure.add_bar(
        x=[one.mean for one in found],
        y=[escape(path, quote=False) for path in paths],
        orientation="h",
        name=bars.title,
        marker={"color": bars.colour},
        error_x={
            "array": [one.high - one.mean for one in found],
            "arrayminus": [one.mean - one.low for one in found],
            "color": GREY,
            "thickness": 1.5,
            "width": 2,
        },
        hovertemplate="%{y}: %{x:.0%}<extra></extra>",
    )
