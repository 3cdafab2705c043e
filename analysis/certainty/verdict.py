"""What a sweep has shown, in up to three sentences."""

import math
from collections import Counter

from analysis.display import listed, metric_label, metric_text, val_count
from analysis.ranking.rank import RankedTrial, Ranking
from search.records import State, Sweep

STATES: tuple[State, ...] = ("complete", "pruned", "diverged", "collapsed", "failed", "running", "paused", "waiting")
ONE_RUN_EACH = "Each configuration ran once, so how much chance there is in these differences is not known."


def verdict(sweep: Sweep, ranking: Ranking) -> list[str]:
    """Which trials are best, what became of all of them, and how far the difference can be trusted."""
    if not ranking.ranked:
        complete = any(trial.state.state == "complete" for trial in sweep.trials)
        why = "No complete trial can be ranked; its row says why" if complete else "No trial has completed yet"
        return [f"{why}, so nothing is ranked.", _counts(sweep)]
    doubt = _doubt(sweep, ranking) if "accuracy" in ranking.objectives else ONE_RUN_EACH
    return [_winners(sweep, ranking), _counts(sweep), doubt]


def standard_error(accuracy: float, num_photos: int) -> float:
    """Of an accuracy measured on independent photos: sqrt(p(1 − p)/n), the binomial standard error."""
    return math.sqrt(accuracy * (1 - accuracy) / num_photos)


def _winners(sweep: Sweep, ranking: Ranking) -> str:
    claims: dict[str, list[str]] = {}
    for name in ranking.objectives:
        first = ranking.first_by(name)
        claim = f"the best {metric_label(name, sweep.record)}, {metric_text(name, first[0].metrics[name])}"
        claims.setdefault(_holders(first), []).append(claim)
    parts = [f"{holders} {listed(claimed)}" for holders, claimed in claims.items()]
    if len(ranking.objectives) > 1:
        parts.append(f"{len(ranking.front)} of {len(ranking.ranked)} ranked trials form the Pareto front")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _holders(ranked: tuple[RankedTrial, ...]) -> str:
    numbers = sorted(one.trial.number for one in ranked)
    shown = [*numbers[:3], f"{len(numbers) - 3} more"] if len(numbers) > 4 else numbers
    return f"trials {listed(shown)} have" if len(numbers) > 1 else f"trial {numbers[0]} has"


def _counts(sweep: Sweep) -> str:
    found = Counter(trial.state.state for trial in sweep.trials)
    counts = [f"{found[state]} {state}" for state in STATES if found[state]]
    counts += [f"{len(sweep.unreadable)} unreadable"] if sweep.unreadable else []
    total = len(sweep.trials) + len(sweep.unreadable)
    return f"Of {total} trial{'s' if total != 1 else ''}: {', '.join(counts)}." if total else "No trial has started."


def _doubt(sweep: Sweep, ranking: Ranking) -> str:
    num_photos = val_count(sweep.record, "num_samples")
    if num_photos is None:
        return "The number of validation photos is not recorded, so the error of accuracy is not known."
    first, *others = sorted(ranking.ranked, key=lambda one: one.positions["accuracy"])
    accuracy = first.metrics["accuracy"]
    if not 0 <= accuracy <= 1:
        return ONE_RUN_EACH
    error = standard_error(accuracy, num_photos)
    said = (
        f"On {num_photos:,} validation photos an accuracy of {metric_text('accuracy', accuracy)} "
        f"has a standard error of {100 * error:.1f} points"
    )
    if not others:
        return f"{said}."
    lead = accuracy - others[0].metrics["accuracy"]
    pair = f"first and second by accuracy (trials {first.trial.number} and {others[0].trial.number}"
    if lead <= math.sqrt(2) * error:  # the error of a difference
        return f"{said}, so {pair}, {100 * lead:.1f} points apart) cannot be told apart."
    return f"{said}; {pair}) are {100 * lead:.1f} points apart."
