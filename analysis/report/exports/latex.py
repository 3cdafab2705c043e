"""ranking.tex: the best trials as a table for a paper."""

import re
from collections.abc import Iterable, Sequence

from analysis.report.exports.columns import TextColumn, one_line, top_columns
from analysis.report.exports.measured import NEW_SEEDS
from analysis.report.section import Subject

ARROWS = {"min": r" $\downarrow$", "max": r" $\uparrow$", "": ""}
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\char34{}",
    "±": r"$\pm$",
    "−": r"$-$",
    "×": r"$\times$",
    "–": r"\textendash{}",
    **{character: f"\\{character}" for character in "{}$&#_%"},
}


def ranking_latex(subject: Subject) -> str:
    r"""A `table` to \input, with booktabs; a comment alone where nothing is ranked.

    Searched values that all of these trials share are left out: a page is narrow, and ranking.csv has them.
    """
    name = _text(subject.sweep.record.name)
    head = f"% The best trials of the sweep {name}; \\usepackage{{booktabs}}, then \\input this file.\n"
    shown = subject.ranking.ranked[: subject.top]
    if not shown:
        return f"{head}% Nothing is ranked.\n"
    varied = [column for column in top_columns(subject) if column.kind != "param" or len(set(column.cells)) > 1]
    sentences = [f"The {len(shown)} best of {len(subject.ranking.ranked)} ranked trials of the sweep {name}."]
    sentences.append(_text(subject.ranking.statement))
    sentences += [_text(NEW_SEEDS)] if any(column.of_new_seeds for column in varied) else []
    return head + "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{' '.join(sentences)}}}",
            f"  \\label{{tab:{_label(subject.sweep.record.name)}}}",
            r"  \small",
            *_tabular(_short(varied)),
            r"\end{table}",
            "",
        ]
    )


def _tabular(columns: Sequence[TextColumn]) -> list[str]:
    headings = [_text(column.heading) + ARROWS[column.way] for column in columns]
    rows = zip(*(column.cells for column in columns), strict=True)
    return [
        f"  \\begin{{tabular}}{{{''.join('l' if column.kind == 'param' else 'r' for column in columns)}}}",
        r"    \toprule",
        _row(headings),
        r"    \midrule",
        *(_row(map(_text, row)) for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
    ]


def _row(cells: Iterable[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def _short(columns: Sequence[TextColumn]) -> list[TextColumn]:
    """Searched values by the last part of their path, where no two share it."""
    last = [column.heading.rpartition(".")[2] for column in columns]
    return [
        TextColumn(short, column.cells, column.kind) if column.kind == "param" and last.count(short) == 1 else column
        for column, short in zip(columns, last, strict=True)
    ]


def _text(text: str) -> str:
    """Text in which nothing is markup, in one line. Two hyphens stay two and are no dash."""
    escaped = "".join(_SPECIAL.get(character, character) for character in one_line(text))
    return re.sub(r"(?<=-)-", "{}-", escaped)


def _label(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", name)
