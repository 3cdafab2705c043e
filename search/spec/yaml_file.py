"""YAML as people write it, with the line of every value.

A key that stands twice is an error, where YAML itself would drop the first. 1e-5 is a number, which for YAML it is not,
and a date is text. There are no tags (!!python/...).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from search.errors import Finding, Place, SpecError

_MERGE = "tag:yaml.org,2002:merge"
_FLOAT = "tag:yaml.org,2002:float"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MAX_NODES = 20_000
"""In a file with its repetitions (*name) written out: a few lines can stand for more than memory holds."""


class DuplicateKeyError(yaml.YAMLError):
    """A mapping has the same key twice."""


class _Loader(yaml.SafeLoader):
    def fetch_tag(self) -> None:
        mark = self.get_mark()
        raise yaml.MarkedYAMLError(problem="a tag; put text that begins with ! into quotes", problem_mark=mark)


# A copy, or every other reader of YAML in this process would change too.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in patterns if tag != _TIMESTAMP]
    for first, patterns in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_FLOAT, re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789"))

Origins = dict[Place, str]
"""In words, where a value comes from that is not a preset's own, such as `line 14`."""


@dataclass(frozen=True)
class YamlFile:
    """The content of a file, and the line of each of its values."""

    content: dict[str, Any]
    origins: Origins


def parse_yaml(text: str) -> Any:
    """The content of a YAML text; plain values only.

    Raises:
        yaml.YAMLError: it is not YAML, or a key stands twice.
    """
    return _read(text)[0]


def read_sections(path: Path, kind: str, examples: str) -> dict[str, Any]:
    """The content of a file: see read_file."""
    return read_file(path, kind, examples).content


def read_file(path: Path, kind: str, examples: str) -> YamlFile:
    """Read a YAML file of sections by name; kind and examples: what to call the file and what is in it.

    Raises:
        SpecError: there is none, or it is not such a file.
    """
    try:
        content, lines = _read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"no {kind} file {path}; give the path of a YAML file") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        reason = " ".join(filter(None, (error.context, error.problem)))
        raise SpecError(f"{path}{line}: cannot be read as YAML: {reason}") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SpecError(f"{path} cannot be read as YAML: {error}") from None
    if content is None:
        raise SpecError(f"{path} is empty; give the sections of a {kind} ({examples}, ...)")
    if not isinstance(content, dict):
        raise SpecError(f"{path} holds {type(content).__name__}, not the sections of a {kind} ({examples}, ...)")
    return YamlFile(content, {place: f"line {line}" for place, line in lines.items()})


def located(error: SpecError, file: Path, origins: Mapping[Place, str]) -> SpecError:
    """The same findings, each with its place in the file."""
    told = [f"{_origin(finding, origins)}{finding.text}" for finding in error.findings]
    joined = "; ".join(told)
    # `sweep.yaml, line 3: ...`, but `sweep.yaml: ...` where the first finding is nowhere in particular.
    return SpecError(f"{file}, {joined}" if _origin(error.findings[0], origins) else f"{file}: {joined}")


def _origin(finding: Finding, origins: Mapping[Place, str]) -> str:
    """Of the value itself or, if it has none, of what it stands in."""
    for length in range(len(finding.at), 0, -1):
        if (origin := origins.get(finding.at[:length])) is not None:
            return f"{origin}: "
    return ""


def _read(text: str) -> tuple[Any, dict[Place, int]]:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        lines = _lines(node)
        return loader.construct_document(node), lines
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    except (ValueError, ArithmeticError) as error:  # a number of too many digits, such as 0b_
        raise yaml.YAMLError(f"a value is none: {error}") from None
    finally:
        loader.dispose()


def _lines(root: yaml.Node) -> dict[Place, int]:
    """The line of every value by its place."""
    lines: dict[Place, int] = {}
    left: list[tuple[Place, yaml.Node, int, frozenset[int]]] = [((), root, 1, frozenset())]
    num_nodes = 0
    while left:
        place, node, line, around = left.pop()
        num_nodes += 1
        if id(node) in around:
            raise yaml.YAMLError(f"what line {line} repeats contains itself")
        if num_nodes > _MAX_NODES:
            raise yaml.YAMLError(f"it has more than {_MAX_NODES:,} values")
        lines.setdefault(place, line)
        left += [(inner, value, at, around | {id(node)}) for inner, value, at in _inside(place, node)]
    return lines


def _inside(place: Place, node: yaml.Node) -> list[tuple[Place, yaml.Node, int]]:
    """Places, values and lines of what stands in a list or a mapping; what a mapping merges (<<) first."""
    if isinstance(node, yaml.SequenceNode):
        return [((*place, number), item, item.start_mark.line + 1) for number, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return []
    _require_each_once(node)
    merges_first = sorted(node.value, key=lambda pair: pair[0].tag != _MERGE)
    return [
        (place if key.tag == _MERGE else (*place, _key(key)), value, key.start_mark.line + 1)
        for key, value in merges_first
    ]


def _key(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "?"


def _require_each_once(node: yaml.MappingNode) -> None:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        line, name = key.start_mark.line + 1, (key.tag, _key(key))
        if name in lines and isinstance(key, yaml.ScalarNode):
            raise DuplicateKeyError(f"{name[1]} stands twice, in line {lines[name]} and in line {line}")
        lines[name] = line
