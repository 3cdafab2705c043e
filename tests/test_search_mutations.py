"""Whatever becomes of a sweep file: it is read, or refused in one line."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from data.errors import HuetuneError
from search.spec.sweep_spec import load_spec

SWEEPS = sorted((Path(__file__).parents[1] / "search" / "sweeps").glob("*.yaml"))
NUM_MUTATIONS = 200
ODD: list[Any] = [
    None, True, 0, -1, 1, 0.5, 1e308, -1e-308, 10**30, float("nan"), float("inf"), "", " ", "x", "../x", "~nobody/x",
    "a\nb", "\x1b[31m", "ü" * 300, "\U0001f3a8", "\ud800", "zero\0byte", "1e-5", ".inf", "0b_", "2026-99-99", "postgresql://a:b@c",
    [], {}, [[]], [None], [1, 2], [3, 1], ["a", "a"], {"": {}}, {"log": [1, 2]}, {"when": {}}, {"choice": {}}, {1: 2},
    {"uniform": [0, 1], "step": 1e-9}, {"int": [0, 10**15]}, {"fixed": {"fixed": []}}, {"base": "cgan-unet"}, [{}] * 3,
    {"when": {"loss.l1": [[1]]}, "int-log": [1, 2]}, "cgan-unet", "accuracy >= 1", "x" * 5000, list(range(3000)),
]  # fmt: skip
"""Values that somebody might put, or that a program might."""
LINES = [
    "<<: *nobody", "name: &a [*a]", "? [x]\n: y", "- item", "\tname: tab", "name: !!python/object:os.system x",
    "%YAML 3.0", "---\nname: two", "key: 'unclosed", "[" * 400, "{a: " * 200, "a: &x [1]\nb: [*x, *x]", "@: 1",
    "\ufeff", "name: \x07", "search: {<<: [{trials: 3}, {seed: 4}]}", "0x_: 1", "null: null", "1.5: 2", "{a: b}: c",
    "x: 0b_", "y: 1:2:3:4.5",
]  # fmt: skip


def places(content: Any, around: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of all values of a nested content."""
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        yield (*around, key)
        yield from places(value, (*around, key))


def change_value(content: Any, draw: random.Random) -> None:
    *around, key = draw.choice(list(places(content)))
    for step in around:
        content = content[step]
    old = content[key]
    nested = draw.random() < 0.2
    content[key] = {"log": old} if nested and draw.random() < 0.5 else [old, old] if nested else draw.choice(ODD)


def change_key(content: Any, draw: random.Random) -> None:
    *around, key = draw.choice([place for place in places(content) if isinstance(place[-1], str)])
    for step in around:
        content = content[step]
    value = content.pop(key)
    if draw.random() < 0.7:
        other = draw.choice(
            [key[:-1], key + "x", key.upper(), "when", "x" * 999, 7, None, "loss.l1", "a\nb", "\u202e", ""]
        )
        content[other] = value


def mutated(text: str, draw: random.Random) -> str:
    kinds: list[Callable[[], str]] = [
        lambda: text[: draw.randrange(len(text))],
        lambda: at_random_line(text, draw, draw.choice(LINES)),
        lambda: at_random_line(text, draw, draw.choice(text.splitlines())),
        lambda: re.sub(r"\[(\S+), (\S+)\]", r"[\2, \1]", text, count=draw.randint(1, 5)),
        lambda: "".join(draw.choice("\t\0:{}[]&*!%\u00a0é") if draw.random() < 0.003 else letter for letter in text),
        lambda: text.replace(draw.choice("{[,:'#\n "), draw.choice(["", "\t", "{", "\U0001f600"]), draw.randint(1, 9)),
    ]
    if draw.random() < 0.4:
        return draw.choice(kinds)()
    content = yaml.safe_load(text)
    for _ in range(draw.randint(1, 3)):
        draw.choice([change_value, change_value, change_key])(content, draw)
    return yaml.safe_dump(content, allow_unicode=draw.random() < 0.5)


def at_random_line(text: str, draw: random.Random, line: str) -> str:
    lines = text.splitlines()
    lines.insert(draw.randrange(len(lines)), line)
    return "\n".join(lines)


@pytest.mark.parametrize("part", range(10))
def test_mutated_sweep_is_read_or_refused_in_one_line(part: int, tmp_path: Path):
    for number in range(part, NUM_MUTATIONS, 10):
        draw = random.Random(number)  # noqa: S311
        source = SWEEPS[number % len(SWEEPS)]
        path = tmp_path / "sweep.yaml"
        path.write_bytes(mutated(source.read_text(), draw).encode("utf-8", "surrogatepass"))
        try:
            load_spec(path)
        except HuetuneError as error:
            message = str(error)
            assert message.isprintable(), (number, message)
            assert 20 < len(message) < 2000, (number, message)
            assert "Error(" not in message, (number, message)
    assert [item.name for item in tmp_path.iterdir()] == ["sweep.yaml"]  # nothing half-made


@pytest.mark.parametrize("name", ["../x", "/srv/x", "a/b", "..", ".x", "", "x" * 101, "a b", "a\n"])
def test_sweep_name_that_is_no_plain_name_is_refused(name: str, tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(SWEEPS[0].read_text()) | {"name": name}))
    with pytest.raises(HuetuneError, match=r"name: .* cannot be a sweep's name"):
        load_spec(path)
