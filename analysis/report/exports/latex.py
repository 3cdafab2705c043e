"""ranking.tex: the best trials as a table for a paper."""

import re
from collections.abc import Iterable, Sequence

from analysis.report.exports.columns import TextColumn, top_columns
from analysis.report.exports.latex_text import latex_text
from analysis.report.exports.measured import NEW_SEEDS
from analysis.report.section import Subject

ARROWS = {"min": r" $\downarrow$", "max": r" $\uparrow$", "": ""}


def ranking_latex(subject: Subject) -> str:
    r"""A `table` to \input, with booktabs and graphicx; a comment alone where nothing is ranked.

    Searched values that all of these trials share are left out: a page is narrow, and ranking.csv has them. A table
    that is still wider than the text is shrunk to its width.
    """
    name = latex_text(subject.sweep.record.name)
    head = f"% The best trials of the sweep {name}; \\usepackage{{booktabs,graphicx}}, then \\input this file.\n"
    shown = subject.ranking.ranked[: subject.top]
    if not shown:
        return f"{head}% Nothing is ranked.\n"
    varied = [column for column in top_columns(subject) if column.kind != "param" or len(set(column.cells)) > 1]
    sentences = [f"The {len(shown)} best of {len(subject.ranking.ranked)} ranked trials of the sweep {name}."]
    sentences.append(latex_text(subject.ranking.statement))
    sentences += [latex_text(NEW_SEEDS)] if any(column.of_new_seeds for column in varied) else []
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
    headings = [latex_text(column.heading) + ARROWS[column.way] for column in columns]
    rows = zip(*(column.cells for column in columns), strict=True)
    return [
        r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        f"  \\begin{{tabular}}{{{''.join('l' if column.kind == 'param' else 'r' for column in columns)}}}",
        r"    \toprule",
        _row(headings),
        r"    \midrule",
        *(_row(map(latex_text, row)) for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}}",
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


def _label(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", name)
