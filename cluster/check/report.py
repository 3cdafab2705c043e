"""The findings on all nodes, for people and for scripts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from search.preflight.finding import Finding, Verdict

_COLOURS: dict[Verdict, str] = {"well": "green", "note": "yellow", "fault": "red"}
_SHOWN = 4
"""Nodes that are named; the rest are counted."""


@dataclass(frozen=True)
class Report:
    """Findings by the node's name, and by the driver's."""

    findings: Mapping[str, Sequence[Finding]]

    @property
    def well(self) -> bool:
        return not self.faulty

    @property
    def faulty(self) -> list[str]:
        """The names of nodes with faults."""
        return [name for name, found in self.findings.items() if any(finding.fault for finding in found)]


def as_json(report: Report) -> str:
    """What scripts read: `well`, and by node the findings with `subject`, `verdict`, `seen` and `mend`."""
    nodes = {
        name: [{"subject": one.subject, "verdict": one.verdict, "seen": one.seen, "mend": one.mend} for one in findings]
        for name, findings in report.findings.items()
    }
    return json.dumps({"well": report.well, "nodes": nodes}, indent=1)


def show(report: Report, console: Console) -> None:
    """A table for each group of nodes with equal verdicts, those with faults last."""
    groups: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
    for name, findings in report.findings.items():
        groups.setdefault(tuple((one.subject, one.verdict, one.mend) for one in findings), []).append(name)
    for names in sorted(groups.values(), key=lambda names: names[0] in report.faulty):
        console.print(_table({name: report.findings[name] for name in names}))
    if report.faulty:
        console.print(f"[red]faults[/red] on {escape(_named(report.faulty))}", soft_wrap=True)


def _table(findings: Mapping[str, Sequence[Finding]]) -> Table:
    """One for all of these nodes, whose verdicts are equal."""
    first = next(iter(findings.values()))
    titles = ("", "", "found", "to mend") if any(finding.mend for finding in first) else ("", "", "found")
    fold = [Column(name, overflow="fold") for name in titles]  # what is to be copied is never cut
    table = Table(*fold, title=escape(_named([*findings])), title_justify="left")
    for place, finding in enumerate(first):
        verdict = f"[{_COLOURS[finding.verdict]}]{finding.verdict}[/]"
        seen = _seen({name: of_node[place] for name, of_node in findings.items()})
        table.add_row(escape(finding.subject), verdict, escape(seen), *[escape(finding.mend)][: len(titles) - 3])
    return table


def _seen(findings: Mapping[str, Finding]) -> str:
    """What was found on all, or on some of them by name; where all is well one stands for all."""
    texts = {name: finding.seen for name, finding in findings.items()}
    first = next(iter(findings.values()))
    if len(set(texts.values())) == 1:
        return first.seen
    if not first.mend:
        return f"{first.seen} (on the first)"
    more = [f"and on {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return "\n".join([*(f"{name}: {text}" for name, text in [*texts.items()][:_SHOWN]), *more])


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} node{'s' if len(names) > 1 else ''}: {', '.join(names[:_SHOWN])}{more}"
