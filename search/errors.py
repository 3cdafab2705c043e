"""Errors of a sweep that its user can mend."""

from dataclasses import dataclass

from data.errors import HuetuneError

Place = tuple[str | int, ...]
"""Where a value stands in a file: the keys and numbers that lead to it, from the outermost on."""
_MAX_FINDING, _MAX_MESSAGE = 400, 1500
"""Characters of what is told."""


@dataclass(frozen=True)
class Finding:
    """One mistake in a file."""

    text: str
    at: Place = ()
    """Empty: nowhere in particular."""


class SpecError(HuetuneError):
    """The sweep's file asks for something that does not exist or does not fit together."""

    def __init__(self, message: str, at: Place = (), findings: tuple[Finding, ...] = ()) -> None:
        """findings: where there are several, or their places differ; else there is one, the message at `at`."""
        super().__init__(_shortened(_one_line(message), _MAX_MESSAGE))
        self.findings = findings or (Finding(str(self), at),)

    @classmethod
    def of(cls, findings: list[Finding]) -> "SpecError":
        """All findings in one message."""
        short = tuple(Finding(_shortened(_one_line(finding.text), _MAX_FINDING), finding.at) for finding in findings)
        return cls("; ".join(finding.text for finding in short), findings=short)


def _one_line(text: str) -> str:
    """Keys and values of a file can hold line breaks, and characters that a terminal obeys."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}..."


class SweepError(HuetuneError):
    """A sweep cannot be started or gone on with as things are."""


class SweepInterruptedError(SweepError):
    """A sweep was interrupted by a signal; the message says how to go on."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status
