"""The root of every error that a user can cause and mend."""


class HuetuneError(Exception):
    """Says what is wrong, what was got and how to mend it, in one line, which the command line prints."""

    exit_status = 1


class DataError(HuetuneError):
    """A photo, a .beton file or a manifest is missing, damaged or not what was asked for."""
