"""What single sections of the page say, and how numbers in it are written."""

import math
import re
from html import unescape

import pytest
from trials_in_memory import sweep_of, trial_of

import analysis.report.page as page
from analysis.display import duration_text, value_text
from analysis.ranking.rank import rank
from analysis.report.section import MakeSection, Subject
from analysis.report.sections.configurations import configurations_section
from analysis.report.sections.curves import MAX_FRONT, curves_section, learning_curves
from analysis.report.sections.hypervolume import hypervolume_section
from analysis.report.sections.objectives import objectives_section
from analysis.report.sections.trajectories import weight_figures
from analysis.report.sections.unranked import unranked_section
from analysis.report.style import Style
from analysis.report.unbroken import unbroken
from models.evaluation import Evaluation
from search.records import Sweep, Trial


def text(make: MakeSection, sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a reader sees of one section, in one line with plain spaces."""
    monkeypatch.setattr(page, "SECTIONS", (make,))
    html = page.render(Subject(sweep, rank(sweep), 5))
    body = html[html.index("<main>") : html.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<p>21.1 % of 3 s, 5 min and 2 h</p>", "<p>21.1_% of 3_s, 5_min and 2_h</p>"),
        ("FID (N = 57) of 4 seeds, 12 hours", "FID (N_=_57) of 4 seeds, 12 hours"),
        ('<b title="5 %">5 %</b>', '<b title="5 %">5_%</b>'),
        ("<pre>a: 5 %\n</pre>5 %<code>N = 5</code>", "<pre>a: 5 %\n</pre>5_%<code>N = 5</code>"),
    ],
)
def test_numbers_stay_with_their_units_but_in_what_is_copied(html: str, kept: str):
    assert unbroken(html) == kept.replace("_", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (0.37, "0.37 s"), (7.94, "7.9 s"), (86, "86 s"), (120, "2 min"), (4.3e6, "1,194.4 h")],
)
def test_durations_have_a_unit_of_their_size(seconds: float, said: str):
    assert duration_text(seconds) == said


def test_searched_values_are_written_as_they_are_searched():
    assert [value_text(value) for value in (1e-4, 3, True, None, "bce", [1, "ä"])] == [
        "0.0001",
        "3",
        "true",
        "null",
        "bce",
        '[1, "ä"]',
    ]


def test_without_a_gpu_a_configuration_tells_of_training(monkeypatch: pytest.MonkeyPatch):
    on_cpu = trial_of(0, {"fid": 1.0, "accuracy": 0.5}, {"fid": 1.0, "accuracy": 0.5}, attempts=1)
    on_gpu = trial_of(1, {"fid": 2.0, "accuracy": 0.4}, attempts=2, gpu_seconds=30.0)

    assert "1 attempt, 2 min of training." in text(configurations_section, sweep_of([on_cpu]), monkeypatch)
    assert "2 attempts, 30 s of GPU." in text(configurations_section, sweep_of([on_gpu]), monkeypatch)


def test_metrics_of_trials_that_are_not_ranked_have_their_names(monkeypatch: pytest.MonkeyPatch):
    sweep = sweep_of([trial_of(0, {"fid": 12.5, "colourfulness_distance": 3.0}, state="pruned")])

    assert "FID 12.50 colourfulness distance 3.000" in text(unranked_section, sweep, monkeypatch)


def front_of(size: int) -> Sweep:
    """A sweep of a front alone."""
    return sweep_of(trial_of(n, {"fid": 1.0 + n, "accuracy": 0.1 + n / 1000}, config={"n": n}) for n in range(size))


def test_all_of_a_large_front_is_drawn_and_told_apart_in_words(monkeypatch: pytest.MonkeyPatch):
    sweep = front_of(MAX_FRONT + 6)

    figure = learning_curves(sweep, rank(sweep))["fid"]
    faint = next(trace for trace in figure.data if trace.name == "other trials")

    assert len(figure.data) == MAX_FRONT + 1
    assert sorted(value for value in faint.y if value is not None) == [25.0, 26.0, 27.0, 28.0, 29.0, 30.0]
    said = text(curves_section, sweep, monkeypatch)
    assert "The first 24 of the 30 trials on the front are coloured." in said
    assert "The front is coloured." in text(curves_section, sweep_of([*front_of(3).trials, worse()]), monkeypatch)


def worse() -> Trial:
    return trial_of(3, {"fid": 99.0, "accuracy": 0.05}, config={"n": 3})


def test_crosses_beyond_the_figure_are_counted(monkeypatch: pytest.MonkeyPatch):
    """Of ranked values 10 to 40 and .5 to .8 a third of the span around is shown: 0 to 50, and .4 to .9."""
    ranked = [(10.0, 0.5), (40.0, 0.8)]
    pruned = [(49.0, 0.45), (51.0, 0.5), (20.0, 0.39), (math.nan, 0.1)]
    trials = [trial_of(n, {"fid": fid, "accuracy": share}, config={"n": n}) for n, (fid, share) in enumerate(ranked)]
    trials += [
        trial_of(n, {"fid": fid, "accuracy": share}, state="pruned", config={"n": n})
        for n, (fid, share) in enumerate(pruned, start=2)
    ]

    section = objectives_section(Subject(sweep_of(trials), rank(sweep_of(trials)), 5))

    assert section is not None
    assert section.content["num_outside"] == 2
    said = text(objectives_section, sweep_of(trials), monkeypatch)
    assert "2 of them lie outside of the figure until a double click shows them." in said


@pytest.mark.parametrize(
    ("gpu_seconds", "axis", "said"),
    [
        (30.0, "GPU time by then, seconds", "60 s"),
        (600.0, "GPU time by then, minutes", "20 min"),
        (36_000.0, "GPU time by then, hours", "20.0 h"),
    ],
)
def test_hypervolume_has_a_unit_of_its_size(gpu_seconds: float, axis: str, said: str, monkeypatch: pytest.MonkeyPatch):
    values = [{"fid": 20.0, "accuracy": 0.4}, {"fid": 10.0, "accuracy": 0.6}]
    sweep = sweep_of(
        trial_of(n, metrics, ended_h=n, gpu_seconds=gpu_seconds, config={"n": n}) for n, metrics in enumerate(values)
    )

    section = hypervolume_section(Subject(sweep, rank(sweep), 5))

    assert section is not None
    figure = section.content["figure"]
    assert figure["layout"]["xaxis"]["title"]["text"] == axis
    assert figure["data"][0]["x"][-1] == float(said.split()[0])
    assert f"memory 2 {said} 100.0 % {said}" in text(hypervolume_section, sweep, monkeypatch)


@pytest.mark.parametrize(("weights", "step"), [((0.5, 70.0), 1), ((2.0, 8.0), "D2"), ((0.2, 8.0), "D2")])
def test_weights_within_a_decade_have_ticks_too(weights: tuple[float, float], step: int | str):
    evaluations = [
        Evaluation(epoch=n, step=n, seconds=n, metrics={"fid": 1.0}, weights={"l1": weight})
        for n, weight in enumerate(weights, start=1)
    ]
    trial = trial_of(0, {"fid": 1.0})
    moved = Trial(trial.folder, trial.start, trial.state, tuple(evaluations))

    (figure,) = weight_figures([moved], {0: Style("#000000", "circle", "solid")}).values()

    assert figure.layout.yaxis.dtick == step
