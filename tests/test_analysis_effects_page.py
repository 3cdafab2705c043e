from collections.abc import Iterator
from html import unescape
from typing import Any

import numpy as np
import pytest
from made_trials import made_sweep, made_trial

from analysis.ranking.rank import rank
from analysis.report import page
from analysis.report.section import Subject
from analysis.report.sections.choices import choices_section
from analysis.report.sections.importance import importance_section
from analysis.report.sections.marginals import marginals_section
from analysis.report.sections.pruning import pruning_section
from analysis.report.sections.stopping import stopping_section

HOSTILE = "<img src=x onerror=alert(1)>\"'&"
SECTIONS = (importance_section, marginals_section, choices_section, stopping_section, pruning_section)


def subject() -> Subject:
    """A sweep that has something to say in every section, with names that are markup."""
    space = {f"loss.{HOSTILE}": {"uniform": [0, 1]}, "loss.l1": {"uniform": [0, 1]}, HOSTILE: [HOSTILE, "plain"]}
    draw = np.random.default_rng(0)
    trials = []
    for number in range(40):
        x, y, option = float(draw.random()), float(draw.random()), int(draw.integers(2))
        stopped = number % 4 == 0
        trials.append(
            made_trial(
                number,
                [{HOSTILE: x + y + option + 1, "accuracy": x}, {HOSTILE: x + y + option, "accuracy": x}][
                    : number % 3 + 1
                ],
                {f"loss.{HOSTILE}": x, "loss.l1": y, HOSTILE: [HOSTILE, "plain"][option]},
                "complete" if number % 3 else "pruned",
                stopped=[("classification",) if stopped else ()] * 2,
                epochs=2,
                loss={"classification": 1.0},
                early_stopping={"classification": {"patience": 1}},
            )
        )
    sweep = made_sweep(trials, space, {HOSTILE: "min", "accuracy": "max"})
    return Subject(sweep, rank(sweep), 5)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for inner in value.values() for text in texts(inner))
    elif isinstance(value, list | tuple):
        yield from (text for inner in value for text in texts(inner))


@pytest.mark.parametrize("make", SECTIONS)
def test_text_of_users_never_becomes_markup_in_a_figure(make: Any):
    section = make(subject())
    assert section
    figures = [section.content.get("figure"), *section.content.get("figures", {}).values()]
    assert any(figures)
    assert not [text for figure in figures for text in texts(figure) if "<img" in text]


def test_the_sections_make_a_page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "SECTIONS", SECTIONS)

    html = page.render(subject())

    assert [f'id="{name}"' in html for name in ("importance", "marginals", "choices", "stopping", "pruning")] == [
        True
    ] * 5
    assert "<img src=x" not in html
    assert HOSTILE in unescape(html)


def test_the_same_records_give_the_same_sections():
    first, second = ([repr(make(subject())) for make in SECTIONS[2:]] for _ in range(2))
    assert first == second
