"""Population based training (Jaderberg et al. 2017): schedules of values, found while the trials train.

In synchronous generations: after every `interval` epochs a member waits until all that have not ended have come as far.
Then they are ranked by all objectives, and the worst take over the networks of as many of the best, with other values.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from search.pareto import best_first, minimised
from search.pruning.pruner import Decision, Park, Release
from search.records import TRIED_AGAIN, Trial

Metrics = Mapping[str, float]
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """What a member gained from one generation to the next."""

    generation: int
    """At its end."""
    params: Params
    """In force meanwhile."""
    gains: tuple[float, ...]
    """Of each objective, above 0 where it became better."""


class Explorer(Protocol):
    """Chooses the values with which members go on that take over another's networks."""

    def explore(
        self, takers: Mapping[int, Params], others: Sequence[Params], generation: int, past: Sequence[Step]
    ) -> dict[int, Params]:
        """New values for `takers`, whose values here are their donors'; `others` go on with theirs. By number."""


@dataclass
class _Member:
    params: dict[int, Params]
    """By the generation from which on."""
    metrics: dict[int, Metrics] = field(default_factory=dict)
    """By generation."""
    donors: dict[int, int] = field(default_factory=dict)
    """Whose networks it took over, by generation."""

    def params_after(self, generation: int) -> Params:
        return self.params[max(start for start in self.params if start <= generation)]


class PopulationBasedTraining:
    """Trials with numbers below `size` are the population; others, such as those enqueued later, train undisturbed.

    `remember` is to be called for each trial as it is recorded too, since its values are known from there alone. One
    that is parked when the driver dies is so again once `decide` has been called for it again. A member that is behind
    the generation which was exchanged last, since it came or was tried again late, goes on to the next one.
    """

    def __init__(
        self,
        objectives: Mapping[str, str],
        size: int,
        interval: int,
        quantile: float,
        seed: int,
        last_epoch: int,
        explorer: Explorer,
    ) -> None:
        """interval: epochs of a generation; at `last_epoch` nothing is exchanged any more."""
        self._objectives, self._size, self._interval = dict(objectives), size, interval
        self._quantile, self._seed, self._last_epoch = quantile, seed, last_epoch
        self._explorer = explorer
        self._members: dict[int, _Member] = {}
        self._ended: set[int] = set()
        self._parked: set[int] = set()
        self._exchanged = 0  # the generation that was exchanged last

    def remember(self, trials: Iterable[Trial]) -> None:
        """Take in members, old and new. A generation has been exchanged if anybody was seen beyond it."""
        for trial in trials:
            if trial.number >= self._size:
                continue
            member = self._members.setdefault(trial.number, _Member({0: trial.start.params}))
            for exploit in trial.exploits:
                generation = round(exploit.epoch / self._interval)
                member.params[generation], member.donors[generation] = exploit.params, exploit.donor
            for evaluation in trial.evaluations:
                if (ended := self._generation(evaluation.epoch)) is not None:
                    member.metrics[ended] = evaluation.metrics
                self._exchanged = max(self._exchanged, math.ceil(evaluation.epoch / self._interval) - 1)
            if trial.state.state in TRIED_AGAIN:
                self._ended.discard(trial.number)
            else:
                self._ended.add(trial.number)

    def decide(self, number: int, epoch: float, metrics: Metrics) -> Decision:
        """A member is parked at the end of a generation until that is exchanged."""
        generation = self._generation(epoch)
        if number >= self._size or generation is None:
            return None
        assert number in self._members, "remember() is told of each trial as it is recorded"
        self._members[number].metrics[generation] = metrics
        if generation <= self._exchanged:
            return None
        self._parked.add(number)
        return Park()

    def _generation(self, epoch: float) -> int | None:
        """That ends with this epoch, if one does that is exchanged."""
        return None if epoch % self._interval or epoch >= self._last_epoch else int(epoch) // self._interval

    def ended(self, number: int) -> None:
        """It leaves the population, and the others do not wait for it."""
        if number < self._size:
            self._ended.add(number)
            self._parked.discard(number)

    def released(self, more_to_come: bool) -> list[Release]:
        """All members, donors first, once each of them that has not ended is parked."""
        members = set(range(self._size)) if more_to_come else set(self._members)
        if not self._parked or self._parked != members - self._ended:
            return []
        generation = self._exchanged + 1
        ranked = self._ranked(generation)
        num_taking = min(math.ceil(len(ranked) * self._quantile), len(ranked) // 2)
        takers = sorted(ranked[len(ranked) - num_taking :])
        donors = {taker: self._donor(ranked[:num_taking], generation, taker) for taker in takers}
        explored = self._explorer.explore(
            {taker: self._members[donor].params_after(generation) for taker, donor in donors.items()},
            [self._members[number].params_after(generation) for number in sorted(self._parked) if number not in takers],
            generation,
            self._past(),
        )
        self._exchanged = generation
        self._parked.clear()
        return [self._release(number, generation, donors.get(number), explored.get(number, {})) for number in ranked]

    def _ranked(self, generation: int) -> list[int]:
        """Numbers of the parked, the best first."""
        numbers = sorted(self._parked)
        points = minimised([self._members[number].metrics[generation] for number in numbers], self._objectives)
        return [numbers[index] for index in best_first(points)]

    def _donor(self, best: Sequence[int], generation: int, taker: int) -> int:
        return best[int(np.random.default_rng((self._seed, generation, taker)).integers(len(best)))]

    def _past(self) -> list[Step]:
        return [
            Step(generation, member.params_after(generation - 1), gains)
            for _, member in sorted(self._members.items())
            for generation in sorted(member.metrics)
            if (gains := self._gains(member, generation))
        ]

    def _gains(self, member: _Member, generation: int) -> tuple[float, ...]:
        """Against the networks that it began the generation with; none if these, or it, were not measured."""
        start = generation - 1
        owner = self._members[member.donors[start]] if start in member.donors else member
        if start not in owner.metrics:
            return ()
        before, now = minimised([owner.metrics[start], member.metrics[generation]], self._objectives)
        return tuple((before - now).tolist()) if np.isfinite([before, now]).all() else ()

    def _release(self, number: int, generation: int, donor: int | None, values: Params) -> Release:
        member = self._members[number]
        if donor is None or generation in member.donors:  # recorded before the driver died
            return Release(number)
        before = member.params_after(generation)
        member.params[generation], member.donors[generation] = {**before, **values}, donor
        return Release(number, donor, {path: value for path, value in values.items() if before.get(path) != value})
