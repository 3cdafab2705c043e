"""Two groups against each other: the values of a searched choice, and the sweeps that the report is to compare with."""

from dataclasses import dataclass

from analysis.certainty.between import Side, sweeps_compared
from analysis.certainty.comparison import Comparison, Result, corrected
from analysis.certainty.within import choices_compared
from analysis.certainty.wording import amount_text, gain, gain_text, label, p_text, reach_text
from analysis.display import metric_text
from analysis.report.section import Section, Subject


@dataclass(frozen=True)
class Row:
    """A result in words."""

    label: str
    count: str
    first: str
    second: str
    difference: str
    interval: str
    dominance: str
    p: str
    corrected: str


def comparison_section(subject: Subject) -> Section | None:
    one = Side(subject.sweep, subject.ranking)
    found = choices_compared(subject.sweep, subject.ranking)
    for other in subject.others:
        found += sweeps_compared(one, Side(other.sweep, other.ranking))
    if not found:
        return None
    comparisons = corrected(found)
    content = {
        "comparisons": [(one, said(one), [_row(result) for result in one.results]) for one in comparisons],
        "num_tests": sum(result.corrected is not None for one in comparisons for result in one.results),
        "between_sweeps": bool(subject.others),
    }
    return Section("comparison", "Compared", content)


def said(comparison: Comparison) -> list[str]:
    """What came of a comparison, a sentence for each metric."""
    return [_sentence(comparison, result) for result in comparison.results]


def _sentence(comparison: Comparison, result: Result) -> str:
    name, of = label(result.name), f" ({result.of})" if result.of else ""
    if result.difference.interval is None and result.corrected is None:
        first, second = (metric_text(result.name, value) for value in result.centres)
        return f"In {name} {first} stands against {second}{of}; how much of that is chance is not known."
    if not result.told_apart:
        return f"In {name} no difference is found{of or _corrected(result)}."
    better = comparison.first if gain(result.difference, result.way) > 0 else comparison.second
    return f"In {name} {better} is better by {gain_text(result.name, result.difference, result.way)}{of}."


def _corrected(result: Result) -> str:
    return f" (corrected p {p_text(result.corrected)})" if result.corrected is not None else ""


def _row(result: Result) -> Row:
    difference, name = result.difference, result.name
    num_first, num_second = result.counts
    return Row(
        label(name),
        f"{num_first}" if num_first == num_second else f"{num_first} and {num_second}",
        metric_text(name, result.centres[0]),
        metric_text(name, result.centres[1]),
        amount_text(name, difference.estimate),
        reach_text(name, difference.interval) if difference.interval else "–",
        "–" if result.dominance is None else f"{result.dominance:+.2f}".replace("-", "−"),
        "–" if difference.p is None else p_text(difference.p),
        "–" if result.corrected is None else p_text(result.corrected),
    )
