"""Errors of a sweep that its user can mend."""

from data.errors import HuetuneError


class SpecError(HuetuneError):
    """The sweep's file asks for something that does not exist or does not fit together."""


class SweepError(HuetuneError):
    """A sweep cannot be started or gone on with as things are."""
