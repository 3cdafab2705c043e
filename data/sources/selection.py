"""Which classes of a source a user wants."""

import difflib
from collections.abc import Iterable, Sequence

from data.errors import DataError

_MAX_LISTED = 10


def chosen(source: str, classes: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """The wanted classes in the order of `classes`, each once; all of them where none is named.

    Raises:
        DataError: the source has no class of such a name.
    """
    for name in wanted:
        if name not in classes:
            raise unknown_class(source, name, classes)
    return tuple(name for name in classes if not wanted or name in wanted)


def unknown_class(source: str, name: str, classes: Iterable[str]) -> DataError:
    """Names the class that was probably meant, or some of those that there are."""
    by_lower = {known.lower(): known for known in classes}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    if near:
        return DataError(f"{source} has no class {name!r}; did you mean {by_lower[near[0]]!r}?")
    listed = ", ".join(list(by_lower.values())[:_MAX_LISTED])
    more = ", ..." if len(by_lower) > _MAX_LISTED else ""
    return DataError(f"{source} has no class {name!r}; choose among its {len(by_lower):,}: {listed}{more}")


def refuse_classes(source: str, wanted: Sequence[str]) -> None:
    """Raises DataError where classes are wanted of photos without labels."""
    if wanted:
        raise DataError(f"{source} has no classes, its photos are unlabelled, got {', '.join(wanted)}; leave them out")
