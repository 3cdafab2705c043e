"""Hyperband (Li et al. 2018): the same reduction from different first rungs, as nobody knows how soon curves tell."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from search.pruning.asha import asha
from search.pruning.pruner import Decision, Release
from search.records import Trial

GOLDEN = (5**0.5 - 1) / 2


class Hyperband:
    """Bracket k leaves out the first k rungs; the last one has none, so that its trials are never pruned.

    Each bracket is an asynchronous successive halving of its own. All get about the same budget, so the one with s
    rungs gets a share of reductionˢ / (s + 1) of the trials (algorithm 1). Number n goes where the golden ratio's
    multiple n·0.618... mod 1 falls among the shares: any trials in a row are divided nearly as all are.
    """

    def __init__(self, metric: str, direction: str, rungs: Sequence[int], reduction: int) -> None:
        self._brackets = [asha(metric, direction, rungs[first:], reduction) for first in range(len(rungs) + 1)]
        nums_rungs = [len(rungs) - first for first in range(len(rungs) + 1)]
        self._shares = list(accumulate(reduction**num / (num + 1) for num in nums_rungs))

    def bracket(self, number: int) -> int:
        """Of a trial, from 0 for the one with all rungs."""
        return bisect_right(self._shares, number * GOLDEN % 1.0 * self._shares[-1])

    def remember(self, trials: Iterable[Trial]) -> None:
        """Each bracket remembers its own."""
        for trial in trials:
            self._brackets[self.bracket(trial.number)].remember([trial])

    def decide(self, number: int, epoch: float, metrics: Mapping[str, float]) -> Decision:
        return self._brackets[self.bracket(number)].decide(number, epoch, metrics)

    def ended(self, number: int) -> None:
        """It stays in the rungs."""

    def released(self, more_to_come: bool) -> list[Release]:
        """Nobody is ever parked."""
        return []
