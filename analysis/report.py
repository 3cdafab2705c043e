"""The report of a sweep: one HTML page that opens from disk without a network, and the ranking as CSV and JSON."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from analysis.curves import learning_curves
from analysis.display import duration_text, listed, metric_label, metric_text, metric_title, val_count, value_text
from analysis.exports import ranking_csv, ranking_json
from analysis.figures import history_figure, pareto_figure
from analysis.gallery import gallery
from analysis.ranking import Ranking, rank
from analysis.style import front_styles
from analysis.table import ranked_table
from analysis.verdict import verdict
from data.errors import HuetuneError
from data.files import write_atomically
from search.records import Sweep, epoch_text, read_sweep

TEMPLATES = Path(__file__).parent / "templates"


class ReportError(HuetuneError):
    """A report cannot be written where it was asked for."""


def write_report(sweep_folder: Path, out: Path, top: int = 5) -> Path:
    """Write report.html, ranking.csv and ranking.json into `out` and return the path of report.html.

    Each file is replaced in one step. The sweep may be finished, running or broken off. `top` is the number of trials
    in the gallery.

    Raises:
        RecordsError: there is no sweep in `sweep_folder`.
        ReportError: `out` cannot be written to.
    """
    sweep = read_sweep(sweep_folder)
    ranking = rank(sweep)
    page = out / "report.html"
    try:
        write_atomically(out / "ranking.csv", ranking_csv(ranking))
        write_atomically(out / "ranking.json", ranking_json(sweep, ranking))
        write_atomically(page, render(sweep, ranking, top))
    except OSError as error:
        raise ReportError(
            f"cannot write the report to {out} ({error.strerror}); name another folder by --out"
        ) from error
    return page


def render(sweep: Sweep, ranking: Ranking, top: int) -> str:
    """The HTML page; the same records give the same page, byte for byte."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "yaml": _yaml,
        "value": value_text,
        "duration": duration_text,
        "epochs": epoch_text,
        "listed": listed,
        "breakable": _breakable,
    }
    overview = pareto_figure(sweep, ranking) or history_figure(sweep, ranking)
    curves = learning_curves(sweep, ranking)
    return environment.get_template("report.html.j2").render(
        sweep=sweep,
        record=sweep.record,
        ranking=ranking,
        labels=[metric_label(name, sweep.record) for name in ranking.objectives],
        verdict=verdict(sweep, ranking),
        table=ranked_table(sweep, ranking),
        styles=front_styles(ranking),
        overview=overview.to_plotly_json() if overview else None,
        curves={metric_title(name, sweep.record): figure.to_plotly_json() for name, figure in curves.items()},
        gallery=gallery([one.trial for one in ranking.ranked[:top]]),
        num_fid_images=val_count(sweep.record, "fid_images"),
        gpu_seconds=sum(trial.state.gpu_seconds for trial in sweep.trials),
        last_news=_last_news(sweep),
        seeds=dict(_seeds(sweep.record.spec)),
        metric_text=metric_text,
        plotly_js=get_plotlyjs() if overview or curves else "",
    )


def _last_news(sweep: Sweep) -> datetime:
    """When the records say that something happened last; the report itself carries no date of its own."""
    times = [time for trial in sweep.trials for time in (trial.start.created, trial.state.started, trial.state.ended)]
    return max([sweep.record.created, *(time for time in times if time)], key=datetime.timestamp)


def _seeds(spec: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every seed in a sweep's specification by dotted path."""
    for key, value in spec.items():
        if isinstance(value, dict):
            yield from _seeds(value, f"{path}{key}.")
        elif key == "seed":
            yield path + key, value


def _breakable(path: str) -> Markup:
    """A dotted path, escaped, that may go on in a new line after each dot and underscore."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])", path))


def _yaml(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
