"""A web application that can be looked at, and not be written to."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_REFUSED = b'{"reason": "this dashboard only shows a sweep; huetune sweep prune, enqueue and the like change it"}'


def read_only(app: WSGIApplication) -> WSGIApplication:
    """The application without the requests that would change something: a study belongs to the process of its sweep."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "application/json")])
        return [_REFUSED]

    return answer
