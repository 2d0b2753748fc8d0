"""Bounds how many single things are told: all of the first ones of a kind, then one ever more seldom.

A service that goes wrong with each request would fill its disk within days otherwise, and tell nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator

from ssot_probe.model.records import BlindRecord
from ssot_probe.recorder.pacing import is_due

MOST_TOLD = 500
"""Of one kind, before there are fewer."""

MOST_WORDS = 1_000
"""Kinds that are told apart; all further ones are one kind."""


class Allowance:
    """Counts by kind. A kind is a few words, as a report will say them."""

    def __init__(self, most: int = MOST_TOLD) -> None:
        self._most = most
        self._told: dict[str, list[int]] = {}  # how many, when the first one was, and the last
        self._beyond: list[str] = []

    def may_tell(self, kind: str, now: int) -> bool:
        """Is one more of this kind to be told?"""
        if kind not in self._told and len(self._told) >= MOST_WORDS:
            kind = "others"
        told = self._told.setdefault(kind, [0, now, now])
        if told[0] >= self._most:
            if told[0] == self._most:
                told[0] += 1
                self._beyond.append(kind)
            if not is_due(now, told[1], told[2], is_quiet=False):
                return False
        else:
            told[0] += 1
        told[2] = now
        return True

    def reached(self, now: int) -> Iterator[BlindRecord]:
        """Yield, once for each kind, that not all of them are told."""
        for kind in self._beyond:
            reason = (
                f"more than the first {self._most}, but for one now and then; counts of them are lower bounds"
            )
            yield BlindRecord(kind, reason, now)
        self._beyond.clear()
