"""Both servers, in one process, for as long as somebody looks."""

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import WSGIApplication

import optuna
from optuna_dashboard import wsgi
from tensorboard.program import TensorBoard, TensorBoardServerException, WerkzeugServer

from analysis.dashboard.own_hosts import for_own_hosts, is_loopback
from analysis.dashboard.read_only import read_only
from analysis.dashboard.shown_study import Samples, ShownStudy
from data.errors import HuetuneError
from search.errors import SweepError
from search.interruption import Interrupted, interruptible
from search.records import SweepRecord, read_sweep_record
from search.sampling.storages import open_to_read
from search.single.kind import is_single_training


class DashboardError(HuetuneError):
    """A dashboard cannot be served."""


@dataclass(frozen=True)
class Dashboards:
    """Where they are."""

    study: str
    """Address of the study in optuna-dashboard; empty: there is none to show."""
    why_no_study: str
    tensorboard: str


def serve(folder: Path, host: str, port: int | None, tell: Callable[[str], None]) -> None:
    """Serve the study and the TensorBoard of the sweep in `folder` until a signal ends it.

    port: of the study, and the next one of TensorBoard; None: any that are free. tell: hears in lines where they are.

    Raises:
        HuetuneError: there is no such sweep, or a port is taken.
    """
    warnings.filterwarnings("ignore", module="optuna")  # of figures of few trials: they are to be seen in the browser
    try:
        with interruptible(), dashboards(folder, host, port) as found:
            tell(f"study        {found.study}" if found.study else f"no study: {found.why_no_study}")
            tell(f"TensorBoard  {found.tensorboard}")
            if not is_loopback(host):
                tell(f"anybody who reaches {host} can look at them: there is no password")
            tell("Ctrl-C ends this")
            threading.Event().wait()
    except Interrupted:
        return


@contextmanager
def dashboards(folder: Path, host: str, port: int | None) -> Iterator[Dashboards]:
    """Serve them inside the block; see `serve`."""
    record = read_sweep_record(folder)
    shown, why_not = _shown_study(folder, record)
    with _tensorboard(folder / "trials", host, 0 if port is None else port + 1) as tensorboard:
        if shown is None:
            yield Dashboards("", why_not, tensorboard)
            return
        app = for_own_hosts(read_only(wsgi(shown, artifact_store=Samples(folder))), host)
        with _serving(app, host, port or 0) as address:
            page = "" if shown.latest is None else f"/studies/{shown.latest}"
            yield Dashboards(f"{address}/dashboard{page}", "", tensorboard)


def _shown_study(folder: Path, record: SweepRecord) -> tuple[ShownStudy | None, str]:
    """The study; or why there is none to show."""
    if is_single_training(record):
        return None, f"{record.name} is a single training, which searches nothing"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        stored = open_to_read(record.spec["search"].get("storage", "journal"), folder)
    except SweepError as error:
        return None, str(error)
    return ShownStudy(stored, folder, record), ""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """A line for each request would bury the addresses."""


@contextmanager
def _serving(app: WSGIApplication, host: str, port: int) -> Iterator[str]:
    """Serve inside the block; the address."""
    try:
        server = make_server(host, port, app, server_class=_Server, handler_class=_Quiet)
    except (OSError, OverflowError) as error:
        raise DashboardError(
            f"cannot serve on port {port} of {host} ({error}); give another --host or --port"
        ) from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _tensorboard(logdir: Path, host: str, port: int) -> Iterator[str]:
    """Serve TensorBoard inside the block; the address. What reads its files is a process that ends with this one."""
    servers: list[WerkzeugServer] = []

    def server(app: WSGIApplication, flags: object) -> WerkzeugServer:
        servers.append(WerkzeugServer(for_own_hosts(app, host), flags))  # it has no such check of its own
        return servers[-1]

    program = TensorBoard(server_class=server)
    program.configure(logdir=str(logdir), host=host, port=port)
    try:
        with redirect_stderr(io.StringIO()):  # how it reads its files is no news
            address: str = program.launch()
    except TensorBoardServerException as error:
        raise DashboardError(f"{error.msg}; give another --host or --port") from None
    try:
        yield address
    finally:
        servers[0].shutdown()
        servers[0].server_close()
