"""The trials that are not compared, each with the reason."""

from analysis.report.section import Section, Subject

MAX_ROWS = 500
"""Of trials that were not trained to the end, of which a pruned sweep has thousands; ranking.csv has them all."""


def unranked_section(subject: Subject) -> Section | None:
    """Complete trials first, all of them: these are missed in the ranking."""
    unranked = subject.ranking.unranked
    if not unranked and not subject.sweep.unreadable:
        return None
    complete = [one for one in unranked if one.trial.state.state == "complete"]
    others = [one for one in unranked if one.trial.state.state != "complete"]
    content = {
        "rows": [*complete, *others[:MAX_ROWS]],
        "num_otherwise": sum(one.measured_otherwise for one in unranked),
    }
    return Section("unranked", "Not ranked", content)
