"""The trials that are not compared, each with the reason."""

from analysis.report.section import Section, Subject


def unranked_section(subject: Subject) -> Section | None:
    if not subject.ranking.unranked and not subject.sweep.unreadable:
        return None
    return Section("unranked", "Not ranked", {})
