"""Text of users as LaTeX that every engine takes, pdflatex without any package too."""

import re
import unicodedata

from analysis.report.exports.columns import one_line

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
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "…": r"\dots{}",
    "µ": r"$\mu$",  # the micro sign
    "ς": r"$\varsigma$",
    "²": "$^2$",
    "³": "$^3$",
    "°": r"$^\circ$",
    **{character: f"\\{character}" for character in "{}$&#_%"},
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", r"\char34{}"),
}
_AS_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True))
"""Greek letters that LaTeX has no command for, since they look like Latin ones."""
_LETTERS = frozenset("ßæøœåłÆØŒÅŁ")
"""Of OT1, the encoding of a document that names none, besides ASCII and ACCENTS over it."""
_ACCENTS = frozenset("\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c")
FIRST_UNKNOWN = "\u0180"
"""Beyond Latin Extended-A, LaTeX knows few accented letters."""
_LIGATURE = re.compile(r"([-',])(?=\1)")


def latex_text(text: str) -> str:
    """Text in which nothing is markup, in one line; what a plain document has no letter for as `U+65E5`.

    Two hyphens stay two and are no dash.
    """
    characters = unicodedata.normalize("NFC", one_line(text))
    return "".join(map(_written, _LIGATURE.sub("\\1\0", characters))).replace("\0", "{}")


def _written(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isascii() or character in _LETTERS or _is_accented(character):
        return character
    if greek := _greek(character):
        return greek
    return f"U+{ord(character):04X}"


def _is_accented(character: str) -> bool:
    """Whether it is an ASCII letter with an accent that LaTeX knows over it, such as é."""
    parts = unicodedata.normalize("NFD", character)
    return character < FIRST_UNKNOWN and len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS


def _greek(character: str) -> str:
    """λ as a formula; empty for what is no plain Greek letter."""
    if character in _AS_LATIN:
        return _AS_LATIN[character]
    words = unicodedata.name(character, "").split()
    if not "Α" <= character <= "ω" or len(words) != 4:  # of four words: GREEK SMALL LETTER LAMDA
        return ""
    name = words[3].lower().replace("lamda", "lambda")
    return f"$\\{name.capitalize() if words[1] == 'CAPITAL' else name}$"
