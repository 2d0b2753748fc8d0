"""What a benchmark found: ratios, each with the spread of its rounds and the goal that it is held against."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple, Optional


class Spread(NamedTuple):
    """One quantity over all rounds."""

    median: float
    lowest: float
    highest: float


class Goal(NamedTuple):
    """Between what the median is to lie."""

    lowest: float
    highest: float

    def __str__(self) -> str:
        if self.highest == float("inf"):
            return f"≥ {self.lowest:.4g}"
        if self.lowest == float("-inf"):
            return f"≤ {self.highest:.4g}"
        return f"{self.lowest:.4g} … {self.highest:.4g}"

    def is_met_by(self, spread: Spread) -> bool:
        """Does the median lie within the goal?"""
        return self.lowest <= spread.median <= self.highest


class Reading(NamedTuple):
    """One line of the result."""

    group: str
    what: str
    spread: Spread
    goal: Optional[Goal] = None
    unit: str = ""  # "" for a ratio


def at_most(highest: float) -> Goal:
    """Return the goal of not exceeding a ratio."""
    return Goal(float("-inf"), highest)


def at_least(lowest: float) -> Goal:
    """Return the goal of reaching a ratio."""
    return Goal(lowest, float("inf"))


def spread_of(values: Sequence[float]) -> Spread:
    """Return the spread of what was read in each round."""
    return Spread(median(values), min(values), max(values))


def to_json(readings: Iterable[Reading]) -> str:
    """Write readings down, for another process."""
    return json.dumps(list(readings))


def from_json(text: str) -> list[Reading]:
    """Read what `to_json` wrote."""
    return [
        Reading(group, what, Spread(*spread), None if goal is None else Goal(*goal), unit)
        for group, what, spread, goal, unit in json.loads(text)
    ]
