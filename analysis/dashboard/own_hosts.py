"""A web application that answers only whoever asks for it by one of its own names.

A page from elsewhere can let its own name stand for 127.0.0.1 (DNS rebinding), and a browser then lets it read what is
served here as if it were its own. The Host header tells: it still has that name.
"""

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_HERE = ("localhost", "127.0.0.1", "::1")
_REFUSED = b"this dashboard answers to localhost, and to the name or address that it is served on by --host\n"


def for_own_hosts(app: WSGIApplication, served: str) -> WSGIApplication:
    """The application without the requests for other hosts than the one that it is `served` on."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if is_own(environ.get("HTTP_HOST", ""), served):
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [_REFUSED]

    return answer


def is_own(asked: str, served: str) -> bool:
    """Whether a Host header names this machine, on any port: `ssh -L` may begin at another one.

    What is served to others is also asked for by this machine's name, or by an address, which nobody can rebind.
    """
    try:
        name = urlsplit(f"//{asked}").hostname or ""
    except ValueError:
        return False
    if name in (*_HERE, served.lower()):
        return True
    return not is_loopback(served) and (name == socket.gethostname().lower() or _is_address(name))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
