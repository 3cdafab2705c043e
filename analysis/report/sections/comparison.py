"""Two groups against each other: the values of a searched choice, and the sweeps that the report is to compare with."""

from dataclasses import dataclass

from analysis.certainty.between import Side, sweeps_compared
from analysis.certainty.comparison import Comparison, Result, corrected
from analysis.certainty.within import choices_compared
from analysis.certainty.wording import amount_text, gain, gain_text, label, p_text, reach_text
from analysis.display import listed, metric_text
from analysis.report.section import Compared, Section, Subject
from analysis.report.unlike import unlike


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
    comparisons = _compared(subject)
    if not comparisons:
        return None
    own = Compared(subject.sweep, subject.ranking)
    content = {
        "comparisons": [(one, said(one), [_row(result) for result in one.results]) for one in comparisons],
        "num_tests": sum(result.corrected is not None for one in comparisons for result in one.results),
        "others": [(other.sweep.record.name, unlike(own, other)) for other in subject.others],
    }
    return Section("comparison", "Compared", content)


def beside_others(subject: Subject) -> list[str]:
    """What came of the comparison with each other sweep, in a sentence for each."""
    own = Compared(subject.sweep, subject.ranking)
    best = {one.second: one for one in _compared(subject) if one.how == "best"}
    sentences = []
    for other in subject.others:
        name = other.sweep.record.name
        told = [*said(best[name]), *best[name].notes] if name in best else ["they have no metric in common"]
        words = [_within(sentence) for sentence in told]
        words += [f"they differ in {listed(differing)} as well"] if (differing := unlike(own, other)) else []
        sentences.append(f"{subject.sweep.record.name} against {name}, the best of each: {'; '.join(words)}.")
    return sentences


def _compared(subject: Subject) -> tuple[Comparison, ...]:
    """Every p corrected for all comparisons of the report."""
    one = Side(subject.sweep, subject.ranking)
    found = choices_compared(subject.sweep, subject.ranking)
    for other in subject.others:
        found += sweeps_compared(one, Side(other.sweep, other.ranking))
    return corrected(found)


def _within(sentence: str) -> str:
    """As a part of a longer one."""
    return sentence[0].lower() + sentence[1:].removesuffix(".")


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
