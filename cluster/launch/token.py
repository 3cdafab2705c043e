"""The secret that all processes of a Ray cluster share: in a file that nobody but its owner reads."""

import os
import secrets
import stat
from pathlib import Path

from data.errors import HuetuneError

_NUM_BYTES = 32


class TokenError(HuetuneError):
    """There is no token, or it is no secret."""


def make_token(file: Path) -> str:
    """A new token, written to `file`, in mode 600.

    Raises:
        TokenError: there is such a file already, or it cannot be written.
    """
    token = secrets.token_hex(_NUM_BYTES)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(token)
    except OSError as error:
        raise TokenError(f"no token can be written to {file} ({error.strerror}); give another folder") from None
    return token


def read_token(file: Path) -> str:
    """The token in `file`, which has to be its owner's alone.

    Raises:
        TokenError: there is no such file, others may read or write it, or it is empty.
    """
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TokenError(f"the token file {file} cannot be read ({reason}); name the cluster's own") from None
    if mode & 0o077:
        raise TokenError(f"the token file {file} has mode {mode:o}, which others can use: chmod 600 {file}")
    if not token:
        raise TokenError(f"the token file {file} is empty; write the cluster's token to it")
    return token


def token_environment(file: Path) -> dict[str, str]:
    """What a process needs to be let into the cluster whose token is in `file`."""
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(file)}
