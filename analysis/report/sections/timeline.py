"""The cluster over time: which node ran which trial, and how that ended."""

from collections import Counter
from html import escape

import plotly.graph_objects as go

from analysis.display import duration_text
from analysis.report.section import Section, Subject
from analysis.report.stretches import OUTCOMES, Outcome, Stretch, in_slots, stretches
from analysis.report.style import COLOURS, GREY, GRID, empty_figure

BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = COLOURS
LOOKS: dict[Outcome, str] = {
    "complete": GREEN,
    "pruned": SKY,
    "diverged": PURPLE,
    "failed": VERMILION,
    "node lost": ORANGE,
    "interrupted": BLUE,
    "open": GREY,
}
NAMES: dict[Outcome, str] = {
    "diverged": "diverged or collapsed",
    "node lost": "node lost or taken away",
    "interrupted": "interrupted, to go on later",
    "open": "running, or end not known",
}
MAX_DESCRIBED = 2000
"""Bars up to which each one tells its reason."""
MAX_LABELS = 30
ROOM = 120
"""Pixels above and below the bars."""
GAP = 1 / 900
"""Between two bars in a row, as a part of the whole time: about a pixel."""
UNITS = {"minutes": 60.0, "hours": 3600.0, "days": 86400.0}


def timeline_section(subject: Subject) -> Section | None:
    found = stretches(subject.sweep)
    if not found:
        return None
    rows = in_slots(found)
    counts = Counter(stretch.outcome for stretch in found)
    content = {
        "height": _height(rows),
        "figure": timeline(rows).to_plotly_json(),
        "num_attempts": len(found),
        "num_nodes": len(rows),
        "num_slots": sum(map(len, rows.values())),
        "busy": busy_share(rows),
        "counts": {NAMES.get(outcome, outcome): counts[outcome] for outcome in OUTCOMES if counts[outcome]},
    }
    return Section("timeline", "Timeline", content)


def busy_share(rows: dict[str, list[list[Stretch]]]) -> float:
    """Which part of their time slots were held, from the first beginning to the last end on their node; 0 if none."""
    held = sum(stretch.duration_s for slots in rows.values() for slot in slots for stretch in slot)
    there = sum(len(slots) * _span(slots) for slots in rows.values())
    return held / there if there else 0.0


def timeline(rows: dict[str, list[list[Stretch]]]) -> go.Figure:
    """A row for each slot of each node and a bar for each stretch; one trace, parted by gaps, for each outcome."""
    placed = [
        (y, stretch) for y, slot in enumerate(slot for slots in rows.values() for slot in slots) for stretch in slot
    ]
    whole = max(stretch.ended_s for _, stretch in placed)
    unit = next((name for name, length in UNITS.items() if whole < 72 * length), "days")
    figure = empty_figure(f"{unit.capitalize()} since the first trial began", "")
    num_rows = len({y for y, _ in placed})
    width = max(1.5, min(16.0, 0.75 * (_height(rows) - ROOM) / num_rows))
    brief = len(placed) > MAX_DESCRIBED
    for outcome in OUTCOMES:
        bars = [(y, stretch) for y, stretch in placed if stretch.outcome == outcome]
        if bars:
            _add_bars(figure, bars, outcome, whole, UNITS[unit], width, brief)
    figure.update_xaxes(range=[-0.005 * whole / UNITS[unit], 1.005 * whole / UNITS[unit]])
    _name_nodes(figure, {node: len(slots) for node, slots in rows.items()})
    return figure


def _add_bars(
    figure: go.Figure,
    bars: list[tuple[int, Stretch]],
    outcome: Outcome,
    whole: float,
    unit: float,
    width: float,
    brief: bool,
) -> None:
    """Thick lines: a browser draws ten thousand of them in one path, where so many rectangles would take it seconds."""
    x: list[float | None] = []
    y: list[int | None] = []
    hover: list[str] = []
    trials: list[int | None] = []
    for row, stretch in bars:
        end = max(stretch.ended_s - GAP * whole, stretch.began_s + 0.6 * stretch.duration_s)
        x += [round(seconds / unit, 4) for seconds in (stretch.began_s, (stretch.began_s + end) / 2, end)] + [None]
        y += [row, row, row, None]
        hover += [_hover(stretch, brief)] * 3 + [""]
        trials += [stretch.trial.number] * 3 + [None]
    figure.add_scatter(
        x=x,
        y=y,
        customdata=trials,
        hovertext=hover,
        hoverinfo="text",
        mode="lines",
        name=NAMES.get(outcome, outcome),
        line={"color": LOOKS[outcome], "width": width},
    )


def _hover(stretch: Stretch, brief: bool) -> str:
    head = f"trial {stretch.trial.number}, {NAMES.get(stretch.outcome, stretch.outcome)}"
    if brief:
        return head
    lines = [head, f"{duration_text(stretch.duration_s)} on {stretch.node or 'an unknown node'}"]
    if stretch.outcome in ("pruned", "diverged", "failed") and stretch.trial.state.reason:
        lines.append(stretch.trial.state.reason.splitlines()[0][:80])
    return "<br>".join(escape(line[:80], quote=False) for line in lines)


def _name_nodes(figure: go.Figure, num_slots: dict[str, int]) -> None:
    """Names beside the middle of each node's rows, so many as there is room for, and lines between nodes."""
    ticks, texts, lines, top = [], [], [], 0
    for node, count in num_slots.items():
        ticks.append(top + (count - 1) / 2)
        texts.append(escape(node[:30], quote=False) or "unknown")
        top += count
        lines.append({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": top - 0.5, "y1": top - 0.5})
    figure.update_layout(shapes=[line | {"line": {"color": GRID, "width": 1}} for line in lines[:-1]])
    step = -(-len(ticks) // MAX_LABELS)
    axis = {"tickvals": ticks[::step], "ticktext": texts[::step], "range": [top - 0.4, -0.6]}
    figure.update_yaxes(**axis, showgrid=False, ticks="")


def _height(rows: dict[str, list[list[Stretch]]]) -> int:
    """Pixels of the figure."""
    return ROOM + min(760, max(110, 24 * sum(map(len, rows.values()))))


def _span(slots: list[list[Stretch]]) -> float:
    return max(slot[-1].ended_s for slot in slots) - min(slot[0].began_s for slot in slots)
