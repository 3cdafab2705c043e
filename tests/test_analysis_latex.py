"""ranking.tex through a real pdflatex."""

import shutil
import subprocess
from pathlib import Path

import pytest
from recorded_sweeps import write_sweep, write_trial

from analysis.ranking.rank import rank
from analysis.report.exports import ranking_latex
from analysis.report.exports.latex_text import latex_text
from analysis.report.section import Subject
from search.records import read_sweep

PDFLATEX = shutil.which("pdflatex")
HOSTILE = (
    "_ % & # ~ ^ \\ { } $ λ Ω ο 日 \U0001f600 “q” … ≤ µm² é Ḿ <a> |b| `c` \"d\" -- '' ?` \\input{f} \\end{table} ]["
)


def compiled(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    """A document with booktabs and graphicx alone, stopped by the first error."""
    (folder / "paper.tex").write_text(
        "\\documentclass{article}\n\\usepackage{booktabs,graphicx}\n\\begin{document}\n" + body + "\n\\end{document}\n"
    )
    command = [str(PDFLATEX), "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("50 % of a_b", r"50 \% of a\_b"),
        ("λ1 ≥ 2 µm", r"$\lambda$1 $\geq$ 2 $\mu$m"),
        ("ΑΩ ϝ", r"A$\Omega$ U+03DD"),
        ("café, Ḿ, cafe\u0301", "café, U+1E3E, café"),
        ("a -- b --- c ''", "a -{}- b -{}-{}- c '{}'"),
        ("日", "U+65E5"),
        ("a\nb\x07", "a b"),
    ],
)
def test_text_is_written_so_that_a_plain_document_takes_it(text: str, written: str):
    assert latex_text(text) == written


@pytest.mark.skipif(PDFLATEX is None, reason="no pdflatex on this machine")
def test_a_table_with_hostile_names_is_set_within_the_text(tmp_path: Path):
    folder = write_sweep(tmp_path / "s", {HOSTILE: "min", "accuracy": "max"}, name=HOSTILE)
    for number in range(3):
        params = {
            HOSTILE: f"{HOSTILE}{number}",
            "[e]": f"[{number}",
            **{f"loss.term_{n}": n + number for n in range(9)},
        }
        write_trial(folder, number, [{HOSTILE: 1.0 + number, "accuracy": number / 4}], params=params)
    found = read_sweep(folder)
    (tmp_path / "ranking.tex").write_text(ranking_latex(Subject(found, rank(found), 5)))

    run = compiled(tmp_path, r"\input{ranking.tex} See table~\ref{tab:-input-f-end-table-}.")

    assert run.returncode == 0, run.stdout[-2000:]
    assert "Overfull" not in run.stdout
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(PDFLATEX is None, reason="no pdflatex on this machine")
def test_every_letter_up_to_the_last_accented_one_is_set(tmp_path: Path):
    letters = [chr(code) for code in range(0x20, 0x400) if chr(code).isprintable()]

    run = compiled(tmp_path, "\n\n".join(f"a{latex_text(f'x{letter}y')}" for letter in letters))

    assert run.returncode == 0, run.stdout[-2000:]
