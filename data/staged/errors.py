"""What can go wrong when files are brought to a node."""

from data.errors import DataError


class StagingError(DataError):
    """A file cannot be brought to a node's own disk."""


class NoRoomError(StagingError):
    """That disk has no room for it."""


class AlteredError(StagingError):
    """What arrived is not what was asked for: the place that it came from is damaged."""
