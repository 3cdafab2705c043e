"""Whether two configurations are of the same training."""

from collections.abc import Mapping
from typing import Any

MAY_DIFFER = ("data.train", "data.val", "data.unlabelled", "data.test", "data.num_workers")
"""When a training goes on elsewhere. The content of the files may not: checkpoints and records hold their hashes. The
photos of the test are not trained on."""
MAX_SHOWN = 3


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs between two dumped configurations, in words; empty if nothing does that matters."""
    then, since = dict(_plain_values(before)), dict(_plain_values(now))
    paths = [
        path for path in dict.fromkeys([*then, *since]) if path not in MAY_DIFFER and then.get(path) != since.get(path)
    ]
    shown = [f"{path} was {then.get(path)} and is {since.get(path)}" for path in paths[:MAX_SHOWN]]
    more = [f"{len(paths) - MAX_SHOWN} more"] if len(paths) > MAX_SHOWN else []
    return ", ".join(shown + more)


def _plain_values(content: Any, path: str = "") -> list[tuple[str, Any]]:
    """The values of a nested configuration by dotted path."""
    if isinstance(content, list):
        content = dict(enumerate(content))
    if not isinstance(content, Mapping):
        return [(path, content)]
    inner = (_plain_values(value, f"{path}.{key}" if path else str(key)) for key, value in content.items())
    return [pair for values in inner for pair in values]
