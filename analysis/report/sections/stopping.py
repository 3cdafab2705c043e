"""What early stopping of single tasks did."""

from collections import Counter

import plotly.graph_objects as go

from analysis.effects.stopping import Stopping, stopping
from analysis.ranking.hypervolume import uses_gpus
from analysis.report.section import Section, Subject
from analysis.report.style import COLOURS, empty_figure

FEWEST_STOPS = 10
TASK_COLOURS = {"colorization": COLOURS[1], "classification": COLOURS[0]}


def stopping_section(subject: Subject) -> Section | None:
    found = stopping(subject.sweep)
    if found is None:
        return None
    num_stops = sum(len(task.epochs) for task in found.tasks)
    content = {
        "tasks": found.tasks,
        "saved": found.saved,
        "time": "GPU time" if uses_gpus(subject.sweep) else "training",
        "figure": _figure(found).to_plotly_json() if num_stops >= FEWEST_STOPS else None,
    }
    return Section("stopping", "Early stopping", content)


def _figure(found: Stopping) -> go.Figure:
    """How many trials stopped each task at which epoch."""
    figure = empty_figure("Epoch", "trials that stopped it")
    figure.update_layout(barmode="stack")
    for task in found.tasks:
        counts = Counter(task.epochs)
        figure.add_bar(
            x=list(counts),
            y=list(counts.values()),
            name=task.task,
            marker={"color": TASK_COLOURS[task.task]},
            hovertemplate="epoch %{x}: %{y}<extra></extra>",
        )
    return figure
