"""How much two classes have in common by the names of their public methods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

WEIGHTS = (0.0, 0.25, 1.0, 1.5)
"""What a method's name says by its number of words: `get` next to nothing, `emit_agent_event` a lot."""

COMMON = 4
"""A name that more classes than this have says less, the more of them there are."""


class Likeness(NamedTuple):
    """What two classes share."""

    shared: tuple[str, ...]  # method names, the most telling first
    weight: float  # of what they share
    share: float  # of the weight that both have together, 0 to 1


def method_weights(classes: Iterable[Iterable[str]]) -> Mapping[str, float]:
    """Return how much each method name says, given the method names of every class."""
    counts = Counter(name for methods in classes for name in set(methods))
    return {name: _weight(name) * min(1.0, COMMON / count) for name, count in counts.items()}


def likeness(first: frozenset[str], second: frozenset[str], weights: Mapping[str, float]) -> Likeness:
    """Compare the methods of two classes."""
    shared, together = first & second, first | second
    total = sum(weights[name] for name in sorted(together))
    weight = sum(weights[name] for name in sorted(shared))
    ranked = sorted(shared, key=lambda name: (-weights[name], name))
    return Likeness(tuple(ranked), weight, weight / total if total else 0.0)


def _weight(name: str) -> float:
    words = sum(1 for word in name.split("_") if word)
    return WEIGHTS[min(words, len(WEIGHTS) - 1)]
