"""The templates of what is started elsewhere. A name that is not given is an error, and `| shell` makes one word."""

import shlex
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def rendered(template: str, **values: Any) -> str:
    """The text of a file in templates/ with these values."""
    environment = Environment(  # noqa: S701 - no HTML
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shell"] = lambda value: shlex.quote(str(value))
    return environment.get_template(template).render(values)
