"""Adds up the times at which work met a context that was left by others, into facts with exact counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CodeType
from typing import Optional

from ssot_probe.context.labels import task_label, thread_label
from ssot_probe.model.records import NOWHERE, ContextRecord
from ssot_probe.observe.stale_calls import StaleEvent
from ssot_probe.recorder.pacing import is_due
from ssot_probe.recorder.places import Places

MOST_FACTS = 2_000
"""Places at which it is told; what happens at others is only counted with the last of these."""

MOST_PAIRS = 10_000
"""Pairs of users of one fact that are told apart."""


class _Fact:
    """How often it happened, and how much of that was told already."""

    __slots__ = ("born", "count", "first", "last", "pairs", "record", "told_at")

    def __init__(self, record: ContextRecord) -> None:
        self.record = record
        self.count = self.told_at = 0
        self.born = self.first = self.last = record.first
        self.pairs: set[tuple[str, str]] = set()


class ContextLedger:
    """Turns events into records.

    Args:
        places: turns code and offsets into places.
        hash_user: user id -> keyed hash.
        findings: (code, severity) -> how many were judged in the process; added to.
    """

    def __init__(
        self, places: Places, hash_user: Callable[[str], str], findings: dict[tuple[str, str], int]
    ) -> None:
        self._places = places
        self._hash_user = hash_user
        self._findings = findings
        self._facts: dict[tuple[object, ...], _Fact] = {}

    def take(self, event: StaleEvent) -> None:
        """Add one event."""
        key = (event.moment, event.carrier, event.said_by, event.maker, event.cls, event.code, event.offset)
        fact = self._facts.get(key)
        if fact is None:
            if len(self._facts) >= MOST_FACTS:
                fact = next(reversed(self._facts.values()))
            else:
                fact = self._facts[key] = _Fact(self._record(event))
                found = ("SSOT304", event.severity)
                self._findings[found] = self._findings.get(found, 0) + 1
        fact.count += 1
        fact.last = max(fact.last, event.time)
        if len(fact.pairs) < MOST_PAIRS:
            fact.pairs.add((event.carried, event.user))

    def due(self, now: int, is_final: bool, is_quiet: bool = False) -> Iterator[ContextRecord]:
        """Yield the facts that are new, or that grew and are to be told again."""
        for fact in self._facts.values():
            if fact.count and (is_final or is_due(now, fact.born, fact.told_at, is_quiet)):
                yield fact.record._replace(
                    pairs=len(fact.pairs), count=fact.count, first=fact.first, last=fact.last
                )
                fact.told_at = now
                fact.count = 0
                fact.first = fact.last

    def _record(self, event: StaleEvent) -> ContextRecord:
        return ContextRecord(
            moment=event.moment,
            carrier=event.carrier,
            said_by=event.said_by,
            carried=self._hash_user(event.carried),
            user=self._hash_user(event.user) if event.user else "",
            pairs=1,
            concept="" if event.cls is None else event.cls.concept.name,
            cls="" if event.cls is None else event.cls.name,
            maker=event.maker,
            since=self._definition(event.since),
            site=NOWHERE if event.code is None else self._places.site(event.code, event.offset),
            thread=thread_label(event.thread),
            task=task_label(event.task),
            severity=event.severity,
            count=0,
            first=event.time,
            last=event.time,
            request=event.request[0],
            request_span=event.request[1],
        )

    def _definition(self, code: Optional[CodeType]) -> str:
        if code is None:
            return ""
        site = self._places.definition(code)
        return f"{site.file}:{site.line}"
