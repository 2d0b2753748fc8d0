"""The SQL that adds spans up: its answers are as many as there are different facts, however many spans there are.

Every query begins with the spans of the probe, each once: a Collector that tries again may have written one
twice. A row of an answer is one fact, with a list of the processes that told it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ssot_probe.analysis.clickhouse.address import Address
from ssot_probe.analysis.clickhouse.kinds import (
    ACCESS,
    APART,
    FINDING,
    KNOWN,
    LISTS,
    NEWEST,
    PATHS,
    PROCESS,
    SHARING,
    STALE_CONTEXT,
    SUMS,
    THREAD,
    Sum,
)
from ssot_probe.analysis.retirement.clocks import TOLERANCE
from ssot_probe.wire.packed import lists_of
from ssot_probe.wire.registry import SCOPE

DAY = 86_400_000_000_000


class Query(NamedTuple):
    """A question, and which counts stand behind the facts of its answer.

    A row is the name of the span, its attributes, and for each process that told the fact its number, how many
    spans told it, the first and the last time, and the counts.
    """

    sql: str
    counts: tuple[str, ...] = ()


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _texts(values: Iterable[str]) -> str:
    return ", ".join(_text(value) for value in values)


IDENTITY = (
    "if(ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'], "
    "trimBoth(concat(ResourceAttributes['host.name'], ' pid ', "
    "if(ResourceAttributes['process.pid'] = '', 'None', ResourceAttributes['process.pid']))))"
)
"""What names a process, as when files are read."""

_TABLE = "{database:Identifier}.{table:Identifier}"
_IS_NUMBER = "isNotNull(toInt64OrNull(v))"
_OURS = f"ScopeName = {_text(SCOPE)}"


class Queries:
    """The questions to one table.

    Args:
        address: says which processes are wanted.
    """

    def __init__(self, address: Address) -> None:
        self._wanted = _wanted(address)

    @property
    def count(self) -> int:
        """How many questions for facts there are."""
        return sum(1 for _ in self.facts())

    def processes(self) -> str:
        """Ask who told anything: identity, number, resources, spans, records, first, last, redacted, static."""
        return (
            "SELECT identity, process, groupUniqArray(pairs), count(), sum(records), min(start), max(end), "
            "countIf(is_redacted), any(is_static) FROM (SELECT *, "
            f"{_records('name', 'a')} AS records, "
            "toInt64OrZero(a['redaction.redacted.count']) > 0 OR "
            f"(toInt64OrZero(a['redaction.masked.count']) > 0 AND name != {_text(PROCESS)}) AS is_redacted "
            f"FROM ({self._spans('1', with_resource=True)})) GROUP BY identity, process"
        )

    def different(self) -> str:
        """Ask how many different records there are: process, records.

        What is alike in all has one time, so that it lies together in the table.
        """
        attributes = _pairs("mapFilter((k, v) -> NOT startsWith(k, 'redaction.'), SpanAttributes)")
        return (
            "SELECT process, sum(records) FROM ("
            f"SELECT any(sipHash64({IDENTITY})) AS process, any({_records('SpanName', 'SpanAttributes')}) AS records "
            f"FROM {_TABLE} WHERE {_OURS}{self._wanted} GROUP BY ServiceName, SpanName, toDateTime(Timestamp), "
            f"sipHash128({IDENTITY}, SpanName, Timestamp, Duration, {attributes})) GROUP BY process"
        )

    def facts(self) -> Iterator[Query]:
        """Yield the questions for all that becomes records."""
        yield self._whole()
        for name, merged in SUMS.items():
            yield self._sum(name, merged)
        for name, attributes in NEWEST.items():
            yield self._newest(name, attributes)
        yield self._states()
        yield self._paths()
        yield self._threads()
        yield self._shared_accesses()

    def accesses(self) -> str:
        """Ask how many first accesses there were: process, class, how many, of these for known users."""
        return (
            "SELECT process, a['ssot.instance.type'] AS cls, count(), countIf(a['user.hash'] != '') "
            f"FROM ({self._named(ACCESS)}) GROUP BY process, cls"
        )

    def users(self) -> str:
        """Ask how many users had instances of which classes: key of the users' hashes, classes, users."""
        keys = (
            "SELECT process, max(a['ssot.process.user_key']) AS key "
            f"FROM ({self._named(PROCESS)}) GROUP BY process"
        )
        served = (
            "SELECT process, a['ssot.instance.type'] AS cls, a['user.hash'] AS user "
            f"FROM ({self._named(ACCESS)}) WHERE user != '' UNION ALL "
            "SELECT process, a['ssot.instance.type'] AS cls, "
            "arrayJoin(JSONExtract(a['ssot.instance.user.hashes'], 'Array(String)')) AS user "
            f"FROM ({self._named(FINDING)}) WHERE a['ssot.finding.kind'] = {_text(SHARING)}"
        )
        return (
            "SELECT key, classes, count() FROM ("
            "SELECT key, user, arraySort(groupUniqArray(cls)) AS classes "
            f"FROM ({served}) AS served LEFT JOIN ({keys}) AS keys USING (process) GROUP BY key, user"
            ") GROUP BY key, classes"
        )

    def _whole(self) -> Query:
        """Facts that are told once, what comes of a scan, and what this version does not know."""
        is_known = f"name IN ({_texts(KNOWN)})"
        is_whole = (
            f"is_static OR name NOT IN ({_texts(sorted(APART))}) "
            f"AND NOT (name = {_text(FINDING)} AND a['ssot.finding.kind'] = {_text(STALE_CONTEXT)}) "
            f"OR name = {_text(PATHS)} AND NOT {_are_of_one_length(PATHS)}"
        )
        return Query(
            _facts(
                f"SELECT name, if({is_known}, {_key()}, []) AS key, process, if({is_known}, start, 0) AS first, "
                f"if({is_known}, end, 0) AS last, count() AS n, {_NO_COUNTS} "
                f"FROM ({self._spans('1')}) WHERE {is_whole} GROUP BY name, key, process, first, last"
            )
        )

    def _sum(self, name: str, merged: Sum) -> Query:
        counts = [f"sum(toInt64OrZero(a[{_text(attribute)}]))" for attribute in merged.sums]
        counts += [f"max(toInt64OrZero(a[{_text(attribute)}]))" for attribute in merged.maxima]
        told = f"[{', '.join(counts)}]::Array(Int64) AS counts" if counts else _NO_COUNTS
        added = (*merged.sums, *merged.maxima)
        kind = f" AND a['ssot.finding.kind'] = {_text(STALE_CONTEXT)}" if name == FINDING else ""
        return Query(
            _facts(
                f"SELECT name, {_key(added)} AS key, process, min(start) AS first, max(end) AS last, "
                f"count() AS n, {told} FROM ({self._named(name)}) WHERE NOT is_static{kind} "
                f"GROUP BY name, key, process, intDiv(end, {DAY})"
            ),
            added,
        )

    def _newest(self, name: str, attributes: Sequence[str]) -> Query:
        of = ", ".join(f"a[{_text(attribute)}]" for attribute in attributes)
        newest = f"max(end) OVER (PARTITION BY process, {of}) AS newest"
        return _kept(f"SELECT *, {newest} FROM ({self._named(name)})", "end = newest")

    def _states(self) -> Query:
        """What matters of signs of life: how it began and ended, each day, lists, and clocks."""
        state, control, directory = (
            f"a['ssot.process.{name}']" for name in ("state", "control", "directory")
        )
        told = (
            "SELECT *, toInt64OrZero(a['ssot.process.emitted']) AS emitted, "
            f"a['ssot.process.listed'] AS listed, {directory} AS directory, {control} AS control "
            f"FROM ({self._named(PROCESS)})"
        )
        looked = (
            "SELECT *, max((emitted, end)) OVER (PARTITION BY process) AS newest, "
            "max(end) OVER (PARTITION BY process) AS latest, "
            f"min(end) OVER (PARTITION BY process, intDiv(end, {DAY})) AS of_day, "
            "min(end) OVER (PARTITION BY process, control) AS of_control, "
            "min((end, process)) OVER (PARTITION BY directory, listed) AS of_list, "
            "max(end) OVER (PARTITION BY process ORDER BY emitted, end ROWS BETWEEN UNBOUNDED PRECEDING "
            f"AND CURRENT ROW) - end > {TOLERANCE} AS is_back FROM ({told})"
        )
        kept = (
            f"{state} != 'alive' OR (emitted, end) = newest OR end IN (latest, of_day, of_control) "
            "OR (directory != '' AND (end, process) = of_list) OR goes_back"
        )
        return _kept(f"SELECT *, max(is_back) OVER (PARTITION BY process) AS goes_back FROM ({looked})", kept)

    def _paths(self) -> Query:
        """The newest word about each watched path, and since when and until when it was as it was."""
        lists = lists_of(PATHS)
        names = [attribute.rpartition(".")[2] for attribute in lists]
        arrays = ", ".join(f"{_strings(attribute)} AS {name}" for attribute, name in zip(lists, names))
        key = ", ".join(
            f"({_text(attribute)}, toJSONString([{name}]))" for attribute, name in zip(lists, names)
        )
        told = (
            f"SELECT name, process, start, end, {', '.join(names)} "
            f"FROM ({self._named(PATHS)}) ARRAY JOIN {arrays} "
            f"WHERE NOT is_static AND {_are_of_one_length(PATHS)}"
        )
        looked = (
            "SELECT *, max(end) OVER (PARTITION BY process, names) AS newest, "
            "min(end) OVER (PARTITION BY process, names, kinds, digests) AS earliest, "
            f"max(end) OVER (PARTITION BY process, names, kinds, digests) AS latest FROM ({told})"
        )
        return Query(
            _facts(
                f"SELECT name, [{key}] AS key, process, start AS first, end AS last, count() AS n, "
                f"{_NO_COUNTS} FROM ({looked}) WHERE end IN (newest, earliest, latest) "
                "GROUP BY name, key, process, first, last"
            )
        )

    def _threads(self) -> Query:
        """Those of users with several threads in one instance; one alone proves nothing."""
        of = "a['ssot.instance.id'], a['user.hash']"
        several = (
            f"SELECT {of} FROM ({self._named(THREAD)}) GROUP BY {of} "
            "HAVING uniqExact(a['ssot.thread.serial']) > 1 OR max(toInt64OrZero(a['ssot.thread.beside'])) > 0"
        )
        return _kept(self._named(THREAD), f"({of}) IN ({several})")

    def _shared_accesses(self) -> Query:
        """Accesses to instances of several users, one by one; those of one user are counted only."""
        several = (
            f"SELECT a['ssot.instance.id'] FROM ({self._named(ACCESS)}) GROUP BY a['ssot.instance.id'] "
            "HAVING uniqExact(a['user.hash']) > 1"
        )
        told = (
            f"SELECT a['ssot.instance.id'] FROM ({self._named(FINDING)}) "
            f"WHERE a['ssot.finding.kind'] = {_text(SHARING)}"
        )
        return _kept(self._named(ACCESS), f"a['ssot.instance.id'] IN ({several} UNION ALL {told})")

    def _named(self, name: str) -> str:
        return self._spans(f"SpanName = {_text(name)}")

    def _spans(self, which: str, *, with_resource: bool = False) -> str:
        """Return the query for the spans of the probe, each once, in the order in which the table has them."""
        resource = (
            f", any({IDENTITY}) AS identity, any({_pairs('ResourceAttributes')}) AS pairs"
            if with_resource
            else ""
        )
        return (
            f"SELECT SpanName AS name, any(sipHash64({IDENTITY})) AS process{resource}, "
            "any(ResourceAttributes['ssot.origin']) = 'static' AS is_static, any(SpanAttributes) AS a, "
            "any(toUnixTimestamp64Nano(Timestamp)) AS start, "
            "start + any(reinterpretAsInt64(Duration)) AS end "
            f"FROM {_TABLE} WHERE {_OURS} AND {which}{self._wanted} "
            "GROUP BY ServiceName, SpanName, toDateTime(Timestamp), TraceId, SpanId"
        )


_NO_COUNTS = "[]::Array(Int64) AS counts"


def _wanted(address: Address) -> str:
    """Return the condition that leaves whole processes only: half a recording would count as lost."""
    told = []
    if address.since:
        told.append("Timestamp >= fromUnixTimestamp64Nano({since:Int64})")
    if address.until:
        told.append("Timestamp < fromUnixTimestamp64Nano({until:Int64})")
    if not told:
        return ""
    return f" AND {IDENTITY} IN (SELECT {IDENTITY} FROM {_TABLE} WHERE {_OURS} AND {' AND '.join(told)})"


def _kept(spans: str, condition: str) -> Query:
    """Return the question for spans that stay whole, if they meet the condition."""
    return Query(
        _facts(
            f"SELECT name, {_key()} AS key, process, start AS first, end AS last, count() AS n, {_NO_COUNTS} "
            f"FROM ({spans}) WHERE NOT is_static AND ({condition}) GROUP BY name, key, process, first, last"
        )
    )


def _facts(told: str) -> str:
    """Return the question for facts: attributes once, and behind them who told of it."""
    return (
        "SELECT name, key, groupArray(process), groupArray(n), groupArray(first), groupArray(last), "
        f"groupArray(counts) FROM ({told}) GROUP BY name, key"
    )


def _key(added: Iterable[str] = ()) -> str:
    """Return the attributes that say which fact it is, in an order of their own."""
    names = tuple(added)
    counts = f" AND NOT (k IN ({_texts(names)}) AND {_IS_NUMBER})" if names else ""
    return _pairs(f"mapFilter((k, v) -> NOT startsWith(k, 'redaction.'){counts}, a)")


def _pairs(attributes: str) -> str:
    return f"arraySort(arrayZip(mapKeys({attributes}), mapValues({attributes})))"


def _strings(attribute: str, attributes: str = "a") -> str:
    return f"JSONExtract({attributes}[{_text(attribute)}], 'Array(String)')"


def _length(attribute: str, attributes: str = "a") -> str:
    return f"length({_strings(attribute, attributes)})"


def _records(name: str, attributes: str) -> str:
    """Return how many records a span carries."""
    lists = (f"{name} = {_text(span)}, {_length(listed, attributes)}" for span, listed in LISTS.items())
    return f"multiIf({', '.join(lists)}, 1)"


def _are_of_one_length(name: str) -> str:
    first, *others = lists_of(name)
    return "(" + " AND ".join(f"{_length(first)} = {_length(other)}" for other in others) + ")"
