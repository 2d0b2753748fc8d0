"""What a ClickHouse tells of a recording: facts with who told them, and figures of all that it keeps."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import time_ns
from typing import Any, NamedTuple

from ssot_probe.analysis.clickhouse.address import EMBEDDED, Address, address_of
from ssot_probe.analysis.clickhouse.attributes import attributes_of
from ssot_probe.analysis.clickhouse.embedded import Embedded
from ssot_probe.analysis.clickhouse.engine import Engine
from ssot_probe.analysis.clickhouse.layout import COLUMNS, DATABASES, check_layout, no_table
from ssot_probe.analysis.clickhouse.queries import LATER, Queries, Query
from ssot_probe.analysis.clickhouse.server import Server
from ssot_probe.analysis.summary import Summary
from ssot_probe.errors import UnreadableRecordingError
from ssot_probe.wire.otlp_json import Resource, SpanData

CLOCKS_APART = 300_000_000_000
"""Nanoseconds by which the clocks of hosts may differ."""

_NEVER = 2**63 - 1 - LATER

QUESTIONS = 5 + Queries(Address(EMBEDDED)).count
"""So many a recording takes."""


class Told(NamedTuple):
    """A process, and how much of it there is."""

    number: int
    identity: str
    resources: tuple[Resource, ...]  # more than one only where something on the way changed them
    redacted: int
    is_static: bool


class Fact(NamedTuple):
    """A span that stands for several alike."""

    process: int
    span: SpanData
    spans: int


class AddedUp:
    """The recording in one table.

    Args:
        source: its address, as the user writes it.
        advance: is called whenever a question has been answered.

    Raises:
        UsageError: the address means nothing.
        UnreadableRecordingError: there is no such table, or not of the layout that is known.
    """

    def __init__(self, source: str, advance: Callable[[], None]) -> None:
        self.address = address_of(source, os.environ)
        self._advance = advance
        self._queries = Queries(self.address)
        self._engine = _engine(self.address)
        self._bound = {
            "database": self.address.database,
            "table": self.address.table,
            "since": str(self.address.since),
            "until": str(self.address.until),
            "seen": str(_NEVER),
        }
        self._names: dict[int, str] = {}
        self._received: dict[str, int] = {}
        self._extents: dict[str, tuple[int, int]] = {}

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()

    def processes(self) -> list[Told]:
        """Return the processes that told anything, after a look at the layout of the table."""
        self._check()
        twice = frozenset(name for (name,) in self._rows(self._queries.twice()))
        self._queries = Queries(self.address, twice)
        told: list[Told] = []
        latest: list[int] = []
        for row in self._rows(self._queries.processes()):
            identity, number, resources, _, records, first, last, redacted, is_static = row
            process = Told(
                int(number),
                identity,
                tuple(attributes_of(pairs) for pairs in sorted(resources)),
                int(redacted),
                bool(int(is_static)),
            )
            if process.number in self._names:
                raise UnreadableRecordingError(
                    f"{self.address.where}: {identity} and {self._names[process.number]} have one number"
                )
            told.append(process)
            self._names[process.number] = identity
            latest.append(int(last))
            if not process.is_static:
                self._received[identity] = int(records)
                self._extents[identity] = (int(first), int(last))
        self._bound["seen"] = str(_seen(latest))
        return told

    def facts(self) -> Iterator[Fact]:
        """Yield what becomes records, of the processes that were told."""
        for query in self._queries.facts():
            for row in self._rows(query.sql):
                yield from (fact for fact in _facts(query, row) if fact.process in self._names)

    def summary(self, missed: Mapping[str, int]) -> Summary:
        """Return the figures of what is not there one by one; `missed` records of a process do not count."""
        uses: dict[tuple[str, str], int] = {}
        for process, cls, _, of_users in self._rows(self._queries.accesses()):
            if int(process) in self._names:
                uses[self._names[int(process)], cls] = int(of_users)
        users: Counter[tuple[str, tuple[str, ...]]] = Counter()
        for key, classes, count in self._rows(self._queries.users()):
            users[key, tuple(classes)] += int(count)
        readable = {process: count - missed.get(process, 0) for process, count in self._received.items()}
        return Summary(self._received, readable, self._extents, uses, users)

    def _rows(self, sql: str) -> Iterator[list[Any]]:
        yield from self._engine.rows(sql, self._bound)
        self._advance()

    def _check(self) -> None:
        columns: Mapping[str, str] = dict(self._rows(COLUMNS))
        if not columns:
            ((count,),) = self._engine.rows(DATABASES, self._bound)
            raise no_table(self.address, bool(int(count)))
        check_layout(columns, self.address)


def _seen(latest: Iterable[int]) -> int:
    """Return the last time of what is there now: what arrives while questions are asked is of later.

    A clock that is far ahead says nothing about that.
    """
    now = time_ns()
    return max((time for time in latest if time <= now + CLOCKS_APART), default=now)


def _engine(address: Address) -> Engine:
    return Embedded(address) if address.scheme == EMBEDDED else Server(address)


def _facts(query: Query, row: list[Any]) -> Iterator[Fact]:
    """Yield what one row says, process by process."""
    name, key, processes, spans, starts, ends, counts = row
    attributes = attributes_of(key)
    for process, alike, start, end, added in zip(processes, spans, starts, ends, counts):
        told = attributes
        if query.counts:
            told = {**dict(zip(query.counts, map(int, added))), **attributes}  # what is no number stays
        yield Fact(int(process), SpanData(name, int(start), int(end), told, "", ""), int(alike))
