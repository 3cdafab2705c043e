"""Whole configurations, of the trials that a reader may want to open."""

from analysis.report.section import Section, Subject
from search.records import Trial

MAX_WHOLE = 300
"""Trials that are shown with all their values; of ten thousand they would make a page of 30 MB."""


def configurations_section(subject: Subject) -> Section | None:
    trials = chosen_trials(subject)
    return Section("configurations", "Configurations", {"trials": trials}) if trials else None


def chosen_trials(subject: Subject) -> list[Trial]:
    """All trials by number or, where they are too many, the first of the ranking and then of the rest."""
    ranking = subject.ranking
    in_order = [
        *(one.trial for one in ranking.ranked),
        *(trial for trials in ranking.repeats.values() for trial in trials),
        *(one.trial for one in ranking.unranked),
    ]
    chosen = {trial.number for trial in in_order[:MAX_WHOLE]}
    return [trial for trial in subject.sweep.trials if trial.number in chosen]
