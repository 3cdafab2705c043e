"""What pruning saved, and what can be said against it."""

from html import escape
from itertools import pairwise

import plotly.graph_objects as go

from analysis.display import SHARES, metric_label
from analysis.effects.foresight import Foresight
from analysis.effects.pruning import Pruning, pruning
from analysis.ranking.hypervolume import uses_gpus
from analysis.report.section import Section, Subject
from analysis.report.style import COLOURS, FAINT, GREY, GRID, empty_figure
from search.records import SweepRecord, epoch_text

MOST_DOUBTS = 12


def pruning_section(subject: Subject) -> Section | None:
    record, objectives = subject.sweep.record, subject.ranking.objectives
    found = pruning(subject.sweep, subject.samples, objectives, subject.ranking.constraints)
    if found is None:
        return None
    content = {
        "found": found,
        "time": "GPU time" if uses_gpus(subject.sweep) else "training",
        "labels": {name: metric_label(name, record) for name in objectives},
        "where": _where(found),
        "foresight": [_foresight_text(metric_label(name, record), stage) for name, stage in _busiest(found).items()],
        "figure": _figure(found, record).to_plotly_json() if any(found.foresight.values()) else None,
        "most": MOST_DOUBTS,
        "errors": [
            f"{_error_text(name, error)} in {metric_label(name, record)}"
            for name, error in (found.doubts.errors.items() if found.doubts else ())
        ],
    }
    return Section("pruning", "Pruning", content)


def _where(found: Pruning) -> str:
    """The epochs that most were pruned after."""
    busiest = sorted(found.pruned_at.items(), key=lambda item: (-item[1], item[0]))[:3]
    return ", ".join(f"{count:,} after epoch {epoch_text(epoch)}" for epoch, count in busiest)


def _busiest(found: Pruning) -> dict[str, Foresight]:
    """By objective, what is known of the epoch that pruned most of all those of which anything is known."""
    chosen = {}
    for name, stages in found.foresight.items():
        at = [stage for stage in stages if found.pruned_at.get(stage.epoch)]
        if at:
            chosen[name] = max(at, key=lambda stage: found.pruned_at[stage.epoch])
    return chosen


def _foresight_text(label: str, stage: Foresight) -> str:
    values = f"{stage.correlation:.2f} ({stage.low:.2f} to {stage.high:.2f})".replace("-", "−")
    return f"{label} after epoch {epoch_text(stage.epoch)}: {values}"


def _error_text(name: str, error: float) -> str:
    return f"{100 * error:.1f} points" if name in SHARES else f"{error:.2g}"


def _figure(found: Pruning, record: SweepRecord) -> go.Figure:
    """Rank correlation with the end over the epochs, before how many trials were pruned."""
    figure = empty_figure("Epoch", "trials pruned")
    figure.update_yaxes(side="right", showgrid=False, rangemode="tozero")
    # The second axis is drawn above the first: the lines before the bars.
    correlation = {"overlaying": "y", "side": "left", "range": [-1, 1], "dtick": 0.5, "automargin": True}
    lines = {"gridcolor": GRID, "zerolinecolor": GREY, "title": {"text": "rank correlation with the end"}}
    figure.update_layout(yaxis2=correlation | lines)
    figure.add_bar(
        x=list(found.pruned_at),
        y=list(found.pruned_at.values()),
        width=_bar_width(found),
        name="pruned",
        marker={"color": FAINT},
        hovertemplate="epoch %{x}: %{y} pruned<extra></extra>",
    )
    for number, (name, stages) in enumerate(found.foresight.items()):
        if stages:
            _add_foresight(figure, stages, metric_label(name, record), COLOURS[number % len(COLOURS)])
    return figure


def _add_foresight(figure: go.Figure, stages: tuple[Foresight, ...], label: str, colour: str) -> None:
    figure.add_scatter(
        x=[stage.epoch for stage in stages],
        y=[stage.correlation for stage in stages],
        error_y={
            "array": [stage.high - stage.correlation for stage in stages],
            "arrayminus": [stage.correlation - stage.low for stage in stages],
            "thickness": 1,
            "width": 0,
        },
        mode="lines+markers",
        yaxis="y2",
        name=escape(label, quote=False),
        line={"color": colour, "width": 2},
        hovertemplate="epoch %{x}: %{y:.2f}<extra></extra>",
    )


def _bar_width(found: Pruning) -> float:
    """In epochs: as wide as the steps between evaluations leave room for, whatever the steps between rungs."""
    epochs = sorted({stage.epoch for stages in found.foresight.values() for stage in stages})
    return 0.8 * min((later - earlier for earlier, later in pairwise(epochs)), default=1.0)
