"""YAML as people write it: a key that stands twice is an error, where YAML itself would drop the first."""

from pathlib import Path
from typing import Any

import yaml

from search.errors import SpecError


class DuplicateKeyError(yaml.YAMLError):
    """A mapping has the same key twice."""


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise DuplicateKeyError(f"{key} stands twice in the mapping at line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> Any:
    """The content of a YAML text; plain values only.

    Raises:
        yaml.YAMLError: it is not YAML, or a key stands twice.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader


def read_sections(path: Path, kind: str, examples: str) -> dict[str, Any]:
    """The content of a YAML file of sections by name; kind and examples: what to call the file and what is in it.

    Raises:
        SpecError: there is none, or it is not such a file.
    """
    try:
        content = parse_yaml(path.read_text())
    except FileNotFoundError:
        raise SpecError(f"no {kind} file {path}; give the path of a YAML file") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from None
    if content is None:
        raise SpecError(f"{path} is empty; give the sections of a {kind} ({examples}, ...)")
    if not isinstance(content, dict):
        raise SpecError(f"{path} holds {type(content).__name__}, not the sections of a {kind} ({examples}, ...)")
    return content
