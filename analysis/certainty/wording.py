"""How means, intervals and differences are written for people."""

from analysis.certainty.differences import Difference
from analysis.certainty.intervals import Interval
from analysis.certainty.repeats import Spread
from analysis.display import LABELS, SHARES, metric_text

_MINUS = "−"


def label(name: str) -> str:
    """A metric's name, without the N that metric_label adds."""
    return LABELS.get(name, name)


def spread_text(name: str, spread: Spread) -> str:
    """Mean ± standard deviation; the mean alone of a single run."""
    if spread.deviation is None:
        return metric_text(name, spread.mean)
    if name in SHARES:
        return f"{100 * spread.mean:.1f} ± {100 * spread.deviation:.1f} %"
    deviation = f"{spread.deviation:#.2g}" if spread.deviation < 10 else f"{spread.deviation:.0f}"
    return f"{metric_text(name, spread.mean)} ± {deviation}"


def interval_text(name: str, interval: Interval) -> str:
    """Of values of a metric: `19.50 to 20.70`, shares in per cent."""
    return _signed(f"{metric_text(name, interval.low).removesuffix(' %')} to {metric_text(name, interval.high)}")


def amount_text(name: str, amount: float) -> str:
    """A difference between values of a metric, shares in points."""
    return _signed(f"{100 * amount:.1f} points" if name in SHARES else f"{amount:.3g}")


def reach_text(name: str, interval: Interval) -> str:
    """The interval of a difference, shares in points."""
    low = amount_text(name, interval.low).removesuffix(" points")
    return f"{low} to {amount_text(name, interval.high)}"


def gain(difference: Difference, way: str) -> float:
    """How much better the first is than the second; way: `min` where lower is better."""
    return -difference.estimate if way == "min" else difference.estimate


def gain_text(name: str, difference: Difference, way: str) -> str:
    """By how much the better one is better, with its 95 % interval."""
    sign = 1.0 if gain(difference, way) >= 0 else -1.0
    said = amount_text(name, abs(difference.estimate))
    if difference.interval is None:
        return said
    ends = [sign * (-end if way == "min" else end) for end in (difference.interval.low, difference.interval.high)]
    return f"{said} (95 % interval {reach_text(name, Interval(min(ends), max(ends)))})"


def p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def _signed(text: str) -> str:
    return text.replace("-", _MINUS)
