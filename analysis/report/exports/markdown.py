"""ranking.md, for a pull request, a wiki or a notebook."""

import re
from collections.abc import Iterable, Sequence

from analysis.certainty.verdict import verdict
from analysis.report.exports.columns import TextColumn, objectives, one_line, standing, top_columns
from analysis.report.exports.measured import how_measured
from analysis.report.section import Subject
from search.damage import by_reason

MAX_FRONT = 50
MAX_DAMAGE = 50
"""Lines, one for each reason; ranking.json has them all."""
ARROWS = {"min": " ↓", "max": " ↑", "": ""}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$])")


def ranking_markdown(subject: Subject) -> str:
    """The verdict, the best trials, the Pareto front, how it was measured; GitHub-flavoured."""
    sweep, ranking = subject.sweep, subject.ranking
    parts = [f"# {_text(sweep.record.name)}", _text(" ".join(verdict(sweep, ranking)))]
    if ranking.ranked:
        parts += ["## Ranking", _table(top_columns(subject))]
    if len(ranking.objectives) > 1 and ranking.front:
        front = ranking.front[:MAX_FRONT]
        more = len(ranking.front) - len(front)
        parts += ["## Pareto front", _table([*standing(front, ranking), *objectives(front, sweep, ranking)])]
        parts += [f"And {more} more."] if more else []
    if damage := [*by_reason(sweep.unreadable), *by_reason(sweep.notices)]:
        parts += ["## Trials whose records are damaged or missing", _list(damage[:MAX_DAMAGE])]
        parts += [f"And {len(damage) - MAX_DAMAGE} more."] if len(damage) > MAX_DAMAGE else []
    parts += ["## How it was measured", _list(how_measured(subject))]
    parts += ["## To reproduce", _code(sweep.record.command)]
    return "\n\n".join(parts) + "\n"


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_text(sentence)}" for sentence in sentences)


def _table(columns: Sequence[TextColumn]) -> str:
    rows = [
        [_text(column.heading + ARROWS[column.way]) for column in columns],
        ["---" if column.kind == "param" else "--:" for column in columns],
        *([_text(cell) for cell in row] for row in zip(*(column.cells for column in columns), strict=True)),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _text(text: str) -> str:
    """Text in which nothing is markup, in one line."""
    return _SPECIAL.sub(r"\\\1", one_line(text))


def _code(text: str) -> str:
    """A block that no run of backticks in the text can end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
