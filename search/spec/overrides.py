"""Single values of a configuration by their dotted path, such as `loss.l1` or `phases.0.epochs`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from search.spec.explain import nearest, section_of


def dotted_paths(model: type[BaseModel], config: Mapping[str, Any]) -> list[str]:
    """The paths of all plain values of a configuration, and of those in the lists that `config` has."""
    paths = []
    for name, field in model.model_fields.items():
        kind, value = field.annotation, config.get(name)
        section = section_of(kind)
        if section is None:
            # A mapping can be set as a whole, or value by value.
            keys = get_args(get_args(kind)[0]) if get_origin(kind) is dict else ()
            paths += [name, *(f"{name}.{key}" for key in keys)]
        elif get_origin(kind) is tuple:
            items = value if isinstance(value, list | tuple) else ()
            inner = [f"{index}.{path}" for index, item in enumerate(items) for path in _paths_in(section, item)]
            paths += [name, *(f"{name}.{path}" for path in inner)]
        else:
            paths += [f"{name}.{path}" for path in _paths_in(section, value)]
    return paths


def _paths_in(section: type[BaseModel], value: Any) -> list[str]:
    return dotted_paths(section, value if isinstance(value, Mapping) else {})


def unknown_path(path: str, known: Sequence[str], config: Mapping[str, Any]) -> str:
    """A hint for a path that is not in `known`."""
    found = re.match(r"(\w+)\.(\d+)(\.|$)", path)
    if found and found[1] in known and not any(name.startswith(f"{found[1]}.{found[2]}.") for name in known):
        items = config.get(found[1])
        length = len(items) if isinstance(items, list | tuple) else 0
        return f"there are {length} {found[1]}, counted from 0" if length else f"there are no {found[1]}"
    return nearest(path, list(known))


def set_value(config: Any, path: str, value: Any) -> Any:
    """A copy of `config`, mappings and lists, with `value` at `path`; mappings on the way are made where missing."""
    key, _, rest = path.partition(".")
    if isinstance(config, list | tuple) and key.isdecimal() and int(key) < len(config):
        changed = list(config)
        changed[int(key)] = set_value(changed[int(key)], rest, value) if rest else value
        return changed
    inner = config.get(key) if isinstance(config, Mapping) else None
    around = config if isinstance(config, Mapping) else {}
    return {**around, key: set_value(inner, rest, value) if rest else value}


def merged(base: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `update`, section by section; lists are replaced as a whole."""
    both = dict(base)
    for key, value in update.items():
        inner = both.get(key)
        both[key] = merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return both
