"""The trials that are not compared, each with the reason."""

from analysis.report.section import Section, Subject
from search.damage import by_reason

MAX_ROWS = 500
"""Of trials that were not trained to the end, of which a pruned sweep has thousands; ranking.csv has them all. Of
damaged ones as many; ranking.json has them all."""


def unranked_section(subject: Subject) -> Section | None:
    """Complete trials first, all of them: these are missed in the ranking."""
    unranked, sweep = subject.ranking.unranked, subject.sweep
    if not (unranked or sweep.unreadable or sweep.notices):
        return None
    complete = [one for one in unranked if one.trial.state.state == "complete"]
    others = [one for one in unranked if one.trial.state.state != "complete"]
    content = {
        "rows": [*complete, *others[:MAX_ROWS]],
        "num_otherwise": sum(one.measured_otherwise for one in unranked),
        "unreadable": list(sweep.unreadable.items())[:MAX_ROWS],
        "notices": list(by_reason(sweep.notices))[:MAX_ROWS],
    }
    return Section("unranked", "Not ranked", content)
