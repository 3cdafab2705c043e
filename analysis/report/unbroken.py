"""Numbers that stay with their units and names: `21.1 %` and `N = 64` do not part at the end of a line."""

import re

from markupsafe import Markup

_LEFT_ALONE = re.compile(r"(<pre\b.*?</pre>|<code\b.*?</code>|<[^>]*>)", re.DOTALL)
"""Markup, and what readers copy: commands and files."""
_PARTING = re.compile(r"(?<=\d) (?=(?:%|s|min|h)(?!\w))|(?<=\bN) (?== )|(?<=\bN =) (?=\d)")


def unbroken(html: str) -> Markup:
    """The same escaped text with spaces that no line ends at between numbers and their units."""
    parts = _LEFT_ALONE.split(html)
    parts[::2] = [_PARTING.sub("\N{NO-BREAK SPACE}", text) for text in parts[::2]]
    return Markup("".join(parts))  # noqa: S704, as safe as it came
