"""The whole configuration of every trial."""

from analysis.report.section import Section, Subject


def configurations_section(subject: Subject) -> Section | None:
    return Section("configurations", "Configurations", {}) if subject.sweep.trials else None
