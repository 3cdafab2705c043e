"""What a user can ask of the networks that they cannot give."""

from data.errors import HuetuneError


class NetworkError(HuetuneError):
    """A network cannot be built as configured, or not be given these images."""
