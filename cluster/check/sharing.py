"""Whether all nodes see one storage: each writes a file of its own, and then all read all of them."""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from search.preflight.finding import Finding
from search.preflight.nodes import NoAnswer, Node, ask

TIMEOUT_S = 60.0
_SHOWN = 3


def sharing_findings(storage: Path, nodes: Iterable[Node]) -> dict[Node, Finding]:
    """A finding for each node. Nothing stays in the storage.

    Raises:
        OSError: this process cannot write there itself.
    """
    nodes = list(nodes)
    with tempfile.TemporaryDirectory(dir=storage, prefix=".check-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(storage.stat().st_mode & 0o777)  # the nodes may run as somebody else
        contents = {node.id: f"written by {node.name}" for node in nodes}
        written = dict(ask({node: (folder, node.id, contents[node.id]) for node in nodes}, _write, TIMEOUT_S))
        there = {node.id: contents[node.id] for node in nodes if written[node] == ""}
        read = dict(ask(dict.fromkeys(nodes, (folder, there)), _unread, TIMEOUT_S))
    names = {node.id: node.name for node in nodes}
    return {node: _finding(written[node], read[node], names) for node in nodes}


def _write(folder: Path, name: str, content: str) -> str:
    """On a node: why it could not, or nothing."""
    try:
        (folder / name).write_text(content)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _unread(folder: Path, contents: Mapping[str, str]) -> list[str]:
    """On a node: whose files it cannot read, or reads otherwise than they were written."""
    return [name for name, content in contents.items() if _read(folder / name) != content]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""


def _finding(written: str | NoAnswer, unread: list[str] | NoAnswer, names: Mapping[str, str]) -> Finding:
    for answer in (written, unread):
        if isinstance(answer, NoAnswer):
            return answer.finding
    if written:
        return Finding("shared files", f"cannot be written here ({written})", "give this node the right to write there")
    if unread:
        assert not isinstance(unread, NoAnswer)
        more = f" and {len(unread) - _SHOWN} more" if len(unread) > _SHOWN else ""
        seen = f"those of {', '.join(names[name] for name in unread[:_SHOWN])}{more} are not seen here"
        return Finding("shared files", seen, "mount the same storage on all nodes")
    return Finding("shared files", f"those of all {len(names)} nodes are read here")
