"""Times variants of one thing in turn, so that what disturbs the machine disturbs all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import NamedTuple

from benchmarks.progress import Progress
from benchmarks.readings import Spread, spread_of

Variant = Callable[[int], object]
"""Does the thing so many times."""

LAPS = 9
"""How often the variants take turns within a round; the median lap speaks for the round."""

CALLS = 100
"""What a variant does in one lap: short enough that a lap is rarely interrupted."""


WARM_UP = 2_000
"""Calls before the first round: the interpreter adapts its code to what runs often."""


class Timings(NamedTuple):
    """Nanoseconds per call of each variant, round by round."""

    by_variant: Mapping[str, list[float]]

    def ratio(self, variant: str, to: str) -> Spread:
        """How many times as long does one variant take as another?"""
        return spread_of([a / b for a, b in zip(self.by_variant[variant], self.by_variant[to])])

    def added(self, variant: str, base: str) -> Spread:
        """How many nanoseconds does a variant take on top of another?"""
        return spread_of([a - b for a, b in zip(self.by_variant[variant], self.by_variant[base])])

    def added_ratio(self, variant: str, to: str, base: str) -> Spread:
        """How many times as much does one variant add to the base as another one does?"""
        rounds = zip(*(self.by_variant[name] for name in (variant, to, base)))
        return spread_of([(a - c) / (b - c) for a, b, c in rounds])


def time_laps(variants: Mapping[str, Variant]) -> dict[str, float]:
    """Let the variants take turns; return the nanoseconds per call of each one's median lap."""
    laps: dict[str, list[int]] = {name: [] for name in variants}
    for _ in range(LAPS):
        for name, run in variants.items():
            started = perf_counter_ns()
            run(CALLS)
            laps[name].append(perf_counter_ns() - started)
    return {name: median(times) / CALLS for name, times in laps.items()}


def take_turns(
    variants: Mapping[str, Variant], rounds: int, progress: Progress, settle: Callable[[], None]
) -> Timings:
    """Time every variant in each of the rounds.

    Args:
        variants: what is compared, by name.
        rounds: how many readings are taken of each.
        progress: told of each round.
        settle: called before each round, outside of the timing; ends what the round before left to do.
    """
    for run in variants.values():
        run(WARM_UP)
    found = []
    for _ in range(rounds):
        settle()
        found.append(time_laps(variants))
        progress.step()
    return timings_of(found)


def timings_of(rounds: Sequence[Mapping[str, float]]) -> Timings:
    """Return the timings of rounds that have the same variants."""
    return Timings({name: [one[name] for one in rounds] for name in rounds[0]})


def processor_time(
    variants: Mapping[str, Variant], rounds: int, calls: int, progress: Progress, settle: Callable[[], None]
) -> Timings:
    """Read the processor time of the whole process, all threads, until what a variant left behind is done.

    Args:
        variants: what is compared, by name.
        rounds: how many readings are taken of each.
        calls: of a variant in one round.
        progress: told of each round.
        settle: ends what a variant left to do, in whatever thread that happens; part of what is read.
    """
    found = []
    for _ in range(rounds):
        times: dict[str, float] = {}
        for name, run in variants.items():
            settle()
            started = process_time_ns()
            run(calls)
            settle()
            times[name] = (process_time_ns() - started) / calls
        found.append(times)
        progress.step()
    return timings_of(found)
