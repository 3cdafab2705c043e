"""What is wrong with the records of a sweep's trials, in few lines however many they are."""

from collections.abc import Iterator, Mapping

MAX_NAMES = 5


def by_reason(reasons: Mapping[str, str]) -> Iterator[str]:
    """`0003, 0004: reason` for each reason, from the reasons by name; of many names the first ones and their number."""
    groups: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        groups.setdefault(reason, []).append(name)
    for reason, names in groups.items():
        more = f" and {len(names) - MAX_NAMES:,} more" if len(names) > MAX_NAMES else ""
        yield f"{', '.join(names[:MAX_NAMES])}{more}: {reason}"
