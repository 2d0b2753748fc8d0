"""Times variants of one thing in turn, so that a machine that drifts drifts for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter_ns
from typing import NamedTuple


class Ratio(NamedTuple):
    """How two variants compare over all rounds."""

    low: float
    middle: float
    high: float


def interleave(
    variants: Mapping[str, Callable[[], object]], rounds: int, calls: int
) -> dict[str, list[float]]:
    """Return nanoseconds per call of each variant, one figure a round.

    Args:
        variants: name -> what is timed; called `calls` times in a row, A B C A B C …
        rounds: how often each gets its turn, after one round that does not count.
        calls: calls in a turn.
    """
    times: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(rounds + 1):
        for name, variant in variants.items():
            started = perf_counter_ns()
            for _ in range(calls):
                variant()
            spent = (perf_counter_ns() - started) / calls
            if turn:
                times[name].append(spent)
    return times


def ratio(above: list[float], below: list[float]) -> Ratio:
    """Compare two variants round by round."""
    found = sorted(one / other for one, other in zip(above, below) if other > 0)
    return Ratio(found[0], median(found), found[-1]) if found else Ratio(0, 0, 0)


def added(with_it: list[float], without: list[float]) -> list[float]:
    """Return what a variant costs more than another, round by round."""
    return [one - other for one, other in zip(with_it, without)]
