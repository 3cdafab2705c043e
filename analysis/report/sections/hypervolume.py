"""How much of the objectives' space the sweep had conquered after so much GPU time, beside other sweeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from analysis.display import duration_text, metric_label, metric_text
from analysis.ranking.comparable import why_not_comparable
from analysis.ranking.hypervolume import MAX_OBJECTIVES, Course, common_box, course, uses_gpus
from analysis.report.section import Compared, Section, Subject
from analysis.report.style import COLOURS, DASHES, empty_figure
from search.pareto import MARGIN, Points

UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0}
"""Of the axis, by their seconds."""
MOST_ON_AXIS = 120
"""Of a unit; beyond, the next one is used."""
NEARLY = 0.95
"""Of its last share: when a sweep had that, it had done most of its work."""


@dataclass(frozen=True)
class Line:
    """A sweep in the figure and in the table below it."""

    name: str
    num_ranked: int
    course: Course

    @property
    def share(self) -> float:
        """Of the box, in the end."""
        return self.course.steps[-1].share

    @property
    def spent(self) -> str:
        return duration_text(3600 * self.course.hours)

    @property
    def spent_until_nearly(self) -> str:
        steps = self.course.steps
        return duration_text(3600 * next((one.hours for one in steps if one.share >= NEARLY * self.share), 0.0))


def hypervolume_section(subject: Subject) -> Section | None:
    """With one objective only beside other sweeps: alone, the trials one by one say the same."""
    names = list(subject.ranking.objectives)
    reasons = [(other, _why_left_out(subject, other)) for other in subject.others]
    shown = [Compared(subject.sweep, subject.ranking), *(other for other, reason in reasons if not reason)]
    if not subject.ranking.ranked or len(names) > MAX_OBJECTIVES or (len(names) == 1 and len(shown) == 1):
        return None
    box = common_box([one.ranking for one in shown])
    in_gpu_hours = all(uses_gpus(one.sweep) for one in shown)
    lines = [
        Line(
            one.sweep.record.name,
            len(one.ranking.ranked),
            course(one.sweep, one.ranking, box, in_gpu_hours=in_gpu_hours),
        )
        for one in shown
    ]
    what = "GPU time" if in_gpu_hours else "training time"
    content = {
        "figure": hypervolume_figure(lines, what).to_plotly_json(),
        "lines": lines,
        "what": what,
        "heading": _heading(what),
        "labels": [metric_label(name, subject.sweep.record) for name in names],
        "reference": _texts(subject, box.reference),
        "ideal": _texts(subject, box.ideal),
        "margin": MARGIN,
        "nearly": NEARLY,
        "left_out": [(other.sweep.record.name, reason) for other, reason in reasons if reason],
    }
    return Section("hypervolume", f"Hypervolume over {what}", content)


def hypervolume_figure(lines: Sequence[Line], what: str) -> go.Figure:
    """A staircase for each sweep, the report's own first; `what` is spent along the axis."""
    unit = _unit(3600 * max(line.course.hours for line in lines))
    each = UNITS[unit] / 3600  # hours
    figure = empty_figure(f"{_heading(what)} by then, {unit}", "Share of the box")
    figure.update_yaxes(tickformat="~%", rangemode="tozero").update_xaxes(rangemode="tozero")
    for number, line in enumerate(lines):
        steps = line.course.steps
        name = escape(line.name, quote=False)
        told = [_told(f"{name}, trial {step.number}", step.hours, what, step.share) for step in steps]
        figure.add_scatter(
            x=[0.0, *(step.hours / each for step in steps), line.course.hours / each],
            y=[0.0, *(step.share for step in steps), line.share],
            hovertext=["", *told, _told(f"{name}, in the end", line.course.hours, what, line.share)],
            hoverinfo="text",
            mode="lines+markers",
            marker={"size": 5},
            line={"color": COLOURS[number % 6], "dash": DASHES[number // 6 % 4], "width": 2, "shape": "hv"},
            name=name,
            showlegend=len(lines) > 1,
        )
    return figure


def _heading(what: str) -> str:
    return what[0].upper() + what[1:]


def _unit(seconds: float) -> str:
    return next((unit for unit, length in UNITS.items() if seconds < MOST_ON_AXIS * length), "hours")


def _told(head: str, hours: float, what: str, share: float) -> str:
    return f"{head}<br>{duration_text(3600 * hours)} of {what}: {100 * share:.1f} %"


def _why_left_out(subject: Subject, other: Compared) -> str:
    """Why another sweep has no line, in words; empty if it has."""
    objectives, theirs = subject.ranking.objectives, other.ranking.objectives
    if objectives != theirs:
        return f"its objectives are {', '.join(f'{name}: {way}' for name, way in theirs.items())}"
    if not other.ranking.ranked or not subject.ranking.ranked:
        return "none of its trials is ranked"
    one, than = other.ranking.ranked[0].trial, subject.ranking.ranked[0].trial
    return why_not_comparable(one, other.sweep.record, than, subject.sweep.record, objectives)


def _texts(subject: Subject, point: Points) -> list[str]:
    """The values of a point of the minimised objectives, as people know them."""
    return [
        metric_text(name, float(-value if way == "max" else value))
        for (name, way), value in zip(subject.ranking.objectives.items(), point, strict=True)
    ]
