"""What the best configurations reach on photos that had no part in the search."""

from dataclasses import replace
from pathlib import Path

from analysis.certainty.doubt import doubt_of_means
from analysis.certainty.final_check import FinalCheck, final_check
from analysis.certainty.intervals import num_tested, num_validated
from analysis.certainty.leaders import better_by_one_mean, first_by
from analysis.certainty.repeats import Group, best_first, groups
from analysis.certainty.wording import label, spread_text
from analysis.display import listed, metric_label
from analysis.ranking.rank import Ranking
from analysis.report.section import Section, Subject
from models.evaluation import DIRECTIONS
from search.records import SweepRecord


def final_check_section(subject: Subject) -> Section | None:
    repeated = groups(subject.sweep, subject.ranking)
    record, ranking = subject.sweep.record, subject.ranking
    check = final_check(repeated, ranking.objectives)
    if check is None:
        return None
    measured = {name for group in check.groups for _, run in group.runs for name in run.metrics}
    names = [name for name in dict.fromkeys([*ranking.objectives, *DIRECTIONS]) if name in measured]
    content = {
        "photos": check.photos,
        "file": Path(check.photos.file).name,
        "num_elsewhere": check.num_elsewhere,
        "num_not_finite": check.num_not_finite,
        "known": {trial.number for trial in subject.sweep.trials},
        "headings": {name: f"{label(name)} (N = {num_tested(name, check.photos):,})" for name in names},
        "rows": [(group, _texts(group, names), _texts(_before(group, repeated), names)) for group in check.groups],
        "statements": list(_statements(check, repeated, ranking)),
        "other_n": _of_other_n(check, names, record),
    }
    return Section("final_check", "Final check on unseen photos", content)


def _before(group: Group, repeated: tuple[Group, ...]) -> Group:
    """The same runs on the validation photos."""
    tested = {trial.number for trial, _ in group.runs}
    whole = next(other for other in repeated if other.number == group.number)
    return replace(whole, runs=tuple((trial, run) for trial, run in whole.runs if trial.number in tested))


def _texts(group: Group, names: list[str]) -> dict[str, str]:
    spreads = {name: group.spread(name) for name in names}
    return {name: spread_text(name, spread) for name, spread in spreads.items() if spread}


def _statements(check: FinalCheck, repeated: tuple[Group, ...], ranking: Ranking) -> list[str]:
    """Who is best, by the means on validation photos and by those of the test, and whether that can be told."""
    tested = {group.number: group for group in check.groups}
    chosen = [group for group in best_first(repeated, ranking) if group.number in tested]
    said = []
    if chosen:
        first = tested[chosen[0].number]
        values = listed(f"{label(name)} {text}" for name, text in _texts(first, list(ranking.objectives)).items())
        said.append(
            f"By its means on the validation photos{first_by(ranking)} that of {first.name} is chosen; on the test "
            f"photos it has {values}. These are the values to report: nothing was chosen by them."
        )
    on_test = best_first(check.groups, ranking)
    if len(on_test) > 1:
        others = better_by_one_mean(on_test, {name: label(name) for name in ranking.objectives}, ranking)
        said.append(f"{'; '.join([f'On the test photos that of {on_test[0].name} is first by its means', *others])}.")
        said.append(doubt_of_means(on_test, ranking))
    return said


def _of_other_n(check: FinalCheck, names: list[str], record: SweepRecord) -> list[str]:
    """The metrics whose test and validation values are of different N, and depend on it."""
    depending = [name for name in names if name in ("fid", "kid")]
    return [
        metric_label(name, record)
        for name in depending
        if num_validated(name, record) != num_tested(name, check.photos)
    ]
