"""What a model card says of the same configuration trained with other seeds."""

from collections.abc import Iterable
from pathlib import PurePath

from analysis.certainty.final_check import final_check
from analysis.certainty.repeats import Group, groups
from analysis.certainty.wording import label, spread_text
from analysis.ranking.rank import rank
from analysis.trained.markdown import code, table
from models.evaluation import DIRECTIONS
from search.records import Sweep, Tested, Trial


def new_seeds(sweep: Sweep, trial: Trial) -> str:
    """Means over the runs with other seeds, on validation and on test photos; empty: there are no such runs."""
    ranking = rank(sweep)
    known = groups(sweep, ranking)
    group = _group_of(trial, known)
    if group is None:
        return ""
    check = final_check(known, ranking.objectives)
    tested = next((one for one in check.groups if one.number == group.number), None) if check else None
    columns = {"validation": group} | ({"test": tested} if tested else {})
    found = {name for one in columns.values() for _, run in one.runs for name in run.metrics}
    names = [name for name in dict.fromkeys([*ranking.objectives, *DIRECTIONS]) if name in found]
    rows = [(label(name), *(_mean(one, name) for one in columns.values())) for name in names]
    sentences = [_runs(group, trial), *([_photos(check.photos)] if check and tested else [])]
    return f"{' '.join(sentences)}\n\n{table(('metric', *columns), rows)}"


def _group_of(trial: Trial, known: Iterable[Group]) -> Group | None:
    for group in known:
        if group.runs and trial.number in (group.number, *(run.number for run, _ in group.runs)):
            return group
    return None


def _runs(group: Group, trial: Trial) -> str:
    num_runs, among = len(group.runs), any(run.number == trial.number for run, _ in group.runs)
    runs = f"{num_runs} run{'s' * (num_runs > 1)}"
    return (
        f"The same configuration with {'several' if among else 'other'} seeds, mean ± standard deviation of {runs}, "
        f"{'this model among them' if among else 'without this model, whose values chose it'}."
    )


def _photos(tested: Tested) -> str:
    return (
        f"The test photos, {code(PurePath(tested.file).name)}, had no part in the search: {tested.num_photos:,}, "
        f"N of FID and KID {tested.num_costly:,}, SHA-256 {code(tested.sha256)}."
    )


def _mean(group: Group, name: str) -> str:
    spread = group.spread(name)
    return spread_text(name, spread) if spread else ""
