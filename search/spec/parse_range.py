"""From an entry of a sweep file's `space` to a range."""

import math
from collections.abc import Callable
from typing import Any

from search.errors import SpecError
from search.spec.explain import nearest, shown
from search.spec.ranges import Choice, Fixed, FloatRange, IntRange, Range, exactly, next_step, plain

_LARGEST = 2**53
"""Floats tell whole numbers apart up to here."""
_MOST_STEPS = 10**9


def parse_range(path: str, entry: Any) -> Range:
    """Read what the space says of the dimension `path`, conditions aside.

    Raises:
        SpecError: it is no range, or an impossible one.
    """
    try:
        if isinstance(entry, list):
            return _choice(entry)
        if not isinstance(entry, dict):
            return Fixed(entry)
        return _with_keys(entry)
    except _Fault as fault:
        raise SpecError(f"space.{path}: {fault}", at=("space", path)) from None


class _Fault(Exception):  # noqa: N818
    """What is wrong with a range."""


def _with_keys(entry: dict[str, Any]) -> Range:
    kinds = [key for key in entry if key not in ("when", "step")]
    if len(kinds) != 1:
        raise _Fault(f"is {shown(entry)}; give one of {', '.join(KINDS)}, and `when` if it depends on another")
    if kinds[0] not in KINDS:
        raise _Fault(f"has no range of the kind {shown(kinds[0])}; {nearest(str(kinds[0]), list(KINDS))}")
    if "step" in entry and kinds[0] not in ("uniform", "int"):
        raise _Fault(f"a range of the kind {kinds[0]} has no step; remove it, or take uniform or int")
    return KINDS[kinds[0]](entry[kinds[0]], entry.get("step"))


def _uniform(ends: Any, step: Any) -> FloatRange:
    low, high = _ends(ends)
    if step is None:
        return FloatRange(low, high)
    return FloatRange(low, high, step=_step(low, high, step))


def _log(ends: Any, step: None) -> FloatRange:
    low, high = _ends(ends)
    if low <= 0:
        raise _Fault(f"has the log range {shown(ends)}; its lowest value must be above 0")
    return FloatRange(low, high, log=True)


def _int(ends: Any, step: Any) -> IntRange:
    low, high = _whole_ends(ends)
    if step is None:
        return IntRange(low, high)
    return IntRange(low, high, step=int(_step(low, high, step, whole=True)))


def _int_log(ends: Any, step: None) -> IntRange:
    low, high = _whole_ends(ends)
    if low < 1:
        raise _Fault(f"has the int-log range {shown(ends)}; its lowest value must be above 0")
    return IntRange(low, high, log=True)


def _choice(options: Any, step: None = None) -> Choice:
    plain_values = isinstance(options, list) and all(isinstance(v, str | int | float | bool | None) for v in options)
    if not options or not plain_values:
        raise _Fault(f"has the choices {shown(options)}; give a list of plain values")
    if len(set(options)) < len(options):
        raise _Fault(f"has the choices {shown(options)}; give each only once")
    if any(isinstance(value, float) and not math.isfinite(value) for value in options):
        raise _Fault(f"has the choices {shown(options)}; give finite numbers")
    return Choice(tuple(options))


def _fixed(value: Any, step: None) -> Fixed:
    return Fixed(value)


KINDS: dict[str, Callable[[Any, Any], Range]] = {
    "uniform": _uniform,
    "log": _log,
    "int": _int,
    "int-log": _int_log,
    "choice": _choice,
    "fixed": _fixed,
}
"""Each reads what stands under its name, and the step beside it."""


def _ends(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise _Fault(f"has the range {shown(value)}; give [lowest, highest]")
    low, high = (_number(end) for end in value)
    if low is None or high is None:
        raise _Fault(f"has the range {shown(value)}; give [lowest, highest] as two finite numbers")
    if not low < high:
        raise _Fault(f"has the range {shown(value)}; its first number must be below its second")
    return low, high


def _whole_ends(value: Any) -> tuple[int, int]:
    low, high = _ends(value)
    if low != int(low) or high != int(high) or max(abs(low), abs(high)) > _LARGEST:
        raise _Fault(f"has the range {shown(value)}; give whole numbers, up to 2^53")
    return int(low), int(high)


def _step(low: float, high: float, value: Any, *, whole: bool = False) -> float:
    step = _number(value)
    if step is None or step <= 0 or (whole and step != int(step)):
        raise _Fault(f"has the step {shown(value)}; give a {'whole ' if whole else ''}number above 0")
    num_steps = (exactly(high) - exactly(low)) / exactly(step)
    if num_steps > _MOST_STEPS:
        raise _Fault(f"has the step {plain(step)}, too small a part of [{plain(low)}, {plain(high)}]; leave it out")
    if num_steps.denominator != 1:
        span = float(exactly(high) - exactly(low))
        better = plain(next_step(span, step, whole=whole))
        raise _Fault(
            f"has the step {plain(step)}, which does not lead from {plain(low)} to {plain(high)}; "
            f"the next that does is {better}"
        )
    return step


def _number(value: Any) -> float | None:
    """None: it is no finite number. Text such as 1e-5 is one, since YAML takes it for text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
