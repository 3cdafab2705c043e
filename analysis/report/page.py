"""The report as one HTML page that opens from disk without a network."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs
from plotly.utils import PlotlyJSONEncoder

from analysis.certainty.verdict import verdict
from analysis.certainty.wording import label
from analysis.display import duration_text, listed, metric_text, value_text
from analysis.report.contents import SECTIONS
from analysis.report.samples import SAMPLES, strips
from analysis.report.section import Section, Subject
from analysis.report.sections.cost import gpu_seconds, num_gpus
from analysis.report.stretches import last_sign
from analysis.report.style import front_styles
from analysis.report.unbroken import unbroken
from search.records import Sweep, epoch_text

TEMPLATES = Path(__file__).parent / "templates"
_DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
"""PyYAML's own takes five times as long, and there are hundreds of configurations."""
MAX_STRIPS = 24
"""The first trials, those of the front before others, whose first photo is shown beside their points."""


def render(subject: Subject) -> str:
    """The HTML page; the same records give the same page, byte for byte."""
    environment = _environment()
    sections = [section for make in SECTIONS if (section := make(subject)) is not None]
    bodies = {section.name: _body(section, subject, environment) for section in sections}
    sweep, has_figures = subject.sweep, any("data-figure" in body for body in bodies.values())
    return environment.get_template("report.html.j2").render(
        record=sweep.record,
        sections=sections,
        bodies=bodies,
        verdict=unbroken(escape(" ".join(verdict(sweep, subject.ranking)))),
        num_trials=len(sweep.trials),
        gpu_seconds=gpu_seconds(sweep.trials, num_gpus(sweep)),
        last_news=_last_news(sweep),
        plotly_js=get_plotlyjs() if has_figures else "",
        samples=strips(one.trial for one in subject.ranking.ranked[:MAX_STRIPS]) if has_figures else {},
    )


def samples_shown(subject: Subject) -> list[Path]:
    """The photos that the page shows, if they are there: of trials looked at closely, and beside points of figures."""
    return [one.trial.folder / SAMPLES for one in subject.ranking.ranked[: max(subject.top, MAX_STRIPS)]]


def _body(section: Section, subject: Subject, environment: Environment) -> Markup:
    template = environment.get_template(f"sections/{section.name}.html.j2")
    styles = front_styles(subject.ranking)
    return unbroken(template.render(subject=subject, ranking=subject.ranking, styles=styles, **section.content))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Plotly's own, since JSON has no nan, and one would keep a figure from being drawn.
    environment.policies["json.dumps_kwargs"] = {"cls": PlotlyJSONEncoder}
    environment.filters |= {
        "yaml": _yaml,
        "value": value_text,
        "duration": duration_text,
        "epochs": epoch_text,
        "listed": listed,
        "breakable": _breakable,
        "label": label,
    }
    environment.globals["metric_text"] = metric_text
    return environment


def _last_news(sweep: Sweep) -> datetime:
    """When the records say that something happened last; the report itself carries no date of its own."""
    return max([sweep.record.created, *map(last_sign, sweep.trials)], key=datetime.timestamp)


def _breakable(path: str) -> Markup:
    """A dotted path, escaped, that may go on in a new line after each dot and underscore."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])", path))


def _yaml(content: Any) -> str:
    return str(yaml.dump(content, Dumper=_DUMPER, sort_keys=False, allow_unicode=True))
