"""The 1,000 classes of ImageNet's ILSVRC 2012: WordNet ids and synonyms."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from data.errors import DataError
from data.sources.selection import unknown_class


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """Synonyms of each class by its WordNet id, in the order of ImageNet's labels, which is that of the ids."""
    lines = Path(__file__).with_name("imagenet_classes.txt").read_text("utf-8").splitlines()
    pairs = (line.split(" ", 1) for line in lines)
    return {wnid: tuple(words.split(", ")) for wnid, words in pairs}


def class_name(wnid: str) -> str:
    """Its first synonym; where another class has that one too, followed by the id: "crane (n02012849)"."""
    first = synonyms()[wnid][0]
    return first if len(_ids_by_name()[_plain(first)]) == 1 else f"{first} ({wnid})"


def described(wnid: str) -> str:
    """The id and all synonyms."""
    return f"{wnid} ({', '.join(synonyms()[wnid])})"


def wanted_ids(source: str, wanted: Sequence[str]) -> frozenset[str]:
    """The ids of the classes with these ids, names or synonyms.

    Upper and lower case are the same, and so are blanks and underscores.

    Raises:
        DataError: there is no such class, or the name is of two.
    """
    return frozenset(_only_id(source, name) for name in wanted)


def _only_id(source: str, name: str) -> str:
    ids = _ids_by_name().get(_plain(name), ())
    if not ids:
        raise unknown_class(source, name, _ids_by_name())
    if len(ids) > 1:
        meanings = ", ".join(described(wnid) for wnid in ids)
        raise DataError(f"{source} has {len(ids)} classes {name!r}; give the id of one: {meanings}")
    return ids[0]


@cache
def _ids_by_name() -> dict[str, tuple[str, ...]]:
    """By all that a user may type for a class."""
    ids: dict[str, tuple[str, ...]] = {}
    for wnid, words in synonyms().items():
        for name in dict.fromkeys(_plain(word) for word in (*words, wnid, f"{words[0]} ({wnid})")):
            ids[name] = (*ids.get(name, ()), wnid)
    return ids


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").lower().split())
