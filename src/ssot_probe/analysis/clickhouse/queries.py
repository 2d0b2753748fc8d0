"""The SQL that adds spans up: the answers are as many as the different facts, however many spans there are.

Every query begins with the spans of the probe, each once: a Collector that tries again may have written one
twice. A row of an answer is one fact, with a list of the processes that told it. What is alike is found by
hashes of 128 bits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ssot_probe.analysis.clickhouse.address import Address
from ssot_probe.analysis.clickhouse.expressions import (
    IDENTITY,
    REDACTION,
    are_of_one_length,
    hashed,
    numbers,
    pairs,
    records,
    strings,
    text,
    texts,
    without,
)
from ssot_probe.analysis.clickhouse.kinds import (
    ACCESS,
    APART,
    CLOCK_TOLERANCE,
    FINDING,
    KNOWN,
    NEWEST,
    PATHS,
    PROCESS,
    SHARING,
    STALE_CONTEXT,
    SUMS,
    THREAD,
    Sum,
)
from ssot_probe.wire.packed import lists_of
from ssot_probe.wire.registry import SCOPE

DAY = LATER = 86_400_000_000_000


class Query(NamedTuple):
    """A question, and which counts stand behind the facts of its answer.

    A row is the name of the span, its attributes, and for each process that told the fact its number, how
    many spans told it, the first and the last time, and the counts.
    """

    sql: str
    counts: tuple[str, ...] = ()


_TABLE = "{database:Identifier}.{table:Identifier}"
_OURS = f"ScopeName = {text(SCOPE)}"


class Queries:
    """The questions to one table.

    Args:
        address: says which processes are wanted.
        twice: names of spans of which some were written twice.
    """

    def __init__(self, address: Address, twice: Collection[str] = ()) -> None:
        self._wanted = _wanted(address)
        self._twice = twice

    @property
    def count(self) -> int:
        """How many questions for facts there are."""
        return sum(1 for _ in self.facts())

    def twice(self) -> str:
        """Ask of which spans some were written twice: their names.

        Both have one time, so that they lie together in the table: that takes little memory.
        """
        return (
            "SELECT name FROM (SELECT SpanName AS name, count() AS n "
            f"FROM {_TABLE} WHERE {_OURS}{self._wanted} "
            "GROUP BY ServiceName, SpanName, toDateTime(Timestamp), sipHash128(TraceId, SpanId)"
            ") GROUP BY name HAVING max(n) > 1"
        )

    def processes(self) -> str:
        """Ask who told anything.

        A row: identity, number, resources, spans, records, first and last time, redacted spans, is it static.
        """
        alike = (
            f"SELECT sipHash128({hashed('ResourceAttributes')}) AS resource, any(ResourceAttributes) AS r, "
            "any(process) AS process, count() AS spans, sum(records) AS records, min(start) AS first, "
            "max(end) AS last, countIf(is_redacted) AS redacted, any(is_static) AS is_static FROM (SELECT *, "
            f"{records('name', 'a')} AS records, "
            "toInt64OrZero(a['redaction.redacted.count']) > 0 OR "
            f"(toInt64OrZero(a['redaction.masked.count']) > 0 AND name != {text(PROCESS)}) AS is_redacted "
            f"FROM ({self._spans()})) GROUP BY resource"
        )
        return (
            f"SELECT {IDENTITY.replace('ResourceAttributes', 'r')} AS identity, process, "
            f"groupArray({pairs('r')}), sum(spans), sum(records), min(first), max(last), sum(redacted), "
            f"any(is_static) FROM ({alike}) GROUP BY identity, process"
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
            f"FROM ({self._spans(ACCESS)}) GROUP BY process, cls"
        )

    def users(self) -> str:
        """Ask how many users had instances of which classes: key of the users' hashes, classes, users."""
        keys = (
            "SELECT process, max(a['ssot.process.user_key']) AS key "
            f"FROM ({self._spans(PROCESS)}) GROUP BY process"
        )
        served = (
            "SELECT process, a['ssot.instance.type'] AS cls, a['user.hash'] AS user "
            f"FROM ({self._spans(ACCESS)}) WHERE user != '' UNION ALL "
            "SELECT process, a['ssot.instance.type'] AS cls, "
            "arrayJoin(JSONExtract(a['ssot.instance.user.hashes'], 'Array(String)')) AS user "
            f"FROM ({self._spans(FINDING)}) WHERE a['ssot.finding.kind'] = {text(SHARING)}"
        )
        return (
            "SELECT key, classes, count() FROM ("
            "SELECT key, user, arraySort(groupUniqArray(cls)) AS classes "
            f"FROM ({served}) AS served LEFT JOIN ({keys}) AS keys USING (process) GROUP BY key, user"
            ") GROUP BY key, classes"
        )

    def _whole(self) -> Query:
        """Facts that are told once, what comes of a scan, and what this version does not know."""
        is_known = f"name IN ({texts(KNOWN)})"
        is_whole = (
            f"is_static OR name NOT IN ({texts(sorted(APART))}) "
            f"AND NOT (name = {text(FINDING)} AND a['ssot.finding.kind'] = {text(STALE_CONTEXT)}) "
            f"OR name = {text(PATHS)} AND NOT {are_of_one_length(PATHS)}"
        )
        nothing = "map()::Map(LowCardinality(String), String)"
        told = (
            f"SELECT name, process, if({is_known}, start, 0) AS since, if({is_known}, end, 0) AS until, "
            f"if({is_known}, a, {nothing}) AS known FROM ({self._spans()}) WHERE {is_whole}"
        )
        return Query(_alike(f"SELECT name, process, since AS start, until AS end, known AS a FROM ({told})"))

    def _sum(self, name: str, merged: Sum) -> Query:
        added = (*merged.sums, *merged.maxima)
        counts = [f"sum(toInt64OrZero(a[{text(attribute)}]))" for attribute in merged.sums]
        counts += [f"max(toInt64OrZero(a[{text(attribute)}]))" for attribute in merged.maxima]
        texts = [f"a[{text(count)}] != '' AND isNull(toInt64OrNull(a[{text(count)}]))" for count in added]
        told = (
            f"SELECT *, {' OR '.join(texts) or '0'} AS is_text FROM ({self._spans(name)}) WHERE NOT is_static"
        )
        if name == FINDING:
            told += f" AND a['ssot.finding.kind'] = {text(STALE_CONTEXT)}"
        alike = (
            "SELECT name, process, any(a) AS one, is_text, min(start) AS first, max(end) AS last, "
            f"count() AS n, {numbers(counts)} AS counts FROM ({told}) "
            f"GROUP BY name, process, is_text, intDiv(end, {DAY}), "
            f"sipHash128({hashed('a', (*REDACTION, *added))})"
        )
        left = f"if(is_text, {pairs('one')}, {without('one', added)})"  # what is no number is nothing to add
        return Query(_facts(f"SELECT *, {left} AS key FROM ({alike})"), added)

    def _newest(self, name: str, attributes: Sequence[str]) -> Query:
        of = ", ".join(f"a[{text(attribute)}]" for attribute in attributes)
        newest = f"max(end) OVER (PARTITION BY process, {of}) AS newest"
        return _kept(f"SELECT *, {newest} FROM ({self._spans(name)})", "end = newest")

    def _states(self) -> Query:
        """What matters of signs of life: how it began and ended, each day, lists, and clocks."""
        state, control, directory = (
            f"a['ssot.process.{name}']" for name in ("state", "control", "directory")
        )
        told = (
            "SELECT *, toInt64OrZero(a['ssot.process.emitted']) AS emitted, "
            f"a['ssot.process.listed'] AS listed, {directory} AS directory, {control} AS control "
            f"FROM ({self._spans(PROCESS)})"
        )
        looked = (
            "SELECT *, max((emitted, end)) OVER (PARTITION BY process) AS newest, "
            "max(end) OVER (PARTITION BY process) AS latest, "
            f"min(end) OVER (PARTITION BY process, intDiv(end, {DAY})) AS of_day, "
            "min(end) OVER (PARTITION BY process, control) AS of_control, "
            "min((end, process)) OVER (PARTITION BY directory, listed) AS of_list, "
            "max(end) OVER (PARTITION BY process ORDER BY emitted, end ROWS BETWEEN UNBOUNDED PRECEDING "
            f"AND CURRENT ROW) - end > {CLOCK_TOLERANCE} AS is_back FROM ({told})"
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
        arrays = ", ".join(f"{strings(attribute)} AS {name}" for attribute, name in zip(lists, names))
        one = ", ".join(f"{text(attribute)}, toJSONString([{name}])" for attribute, name in zip(lists, names))
        told = (
            f"SELECT name, process, is_static, start, end, {', '.join(names)} "
            f"FROM ({self._spans(PATHS)}) ARRAY JOIN {arrays} WHERE {are_of_one_length(PATHS)}"
        )
        looked = (
            "SELECT *, max(end) OVER (PARTITION BY process, names) AS newest, "
            "min(end) OVER (PARTITION BY process, names, kinds, digests) AS earliest, "
            f"max(end) OVER (PARTITION BY process, names, kinds, digests) AS latest FROM ({told})"
        )
        return _kept(f"SELECT *, map({one}) AS a FROM ({looked})", "end IN (newest, earliest, latest)")

    def _threads(self) -> Query:
        """Those of users whose instances may have been used or handed out in several threads."""
        of = "a['ssot.instance.id'], a['user.hash']"
        number, is_own = "a['ssot.thread.serial']", "a['ssot.thread.is_job'] != 'true'"
        is_used = "a['ssot.maker.outcome'] = 'used'"
        several = (
            f"SELECT {of} FROM ({self._spans(THREAD)}) GROUP BY {of} "
            f"HAVING uniqExactIf({number}, {is_own} AND {is_used}) > 1 "
            f"OR uniqExactIf({number}, {is_own} AND NOT ({is_used})) > 1 "
            "OR max(a['ssot.thread.beside'] NOT IN ('', '0'))"
        )
        return _kept(self._spans(THREAD), f"({of}) IN ({several})")

    def _shared_accesses(self) -> Query:
        """Accesses to instances of several users, one by one; those of one user are counted only."""
        several = (
            f"SELECT a['ssot.instance.id'] FROM ({self._spans(ACCESS)}) GROUP BY a['ssot.instance.id'] "
            "HAVING uniqExact(a['user.hash']) > 1"
        )
        told = (
            f"SELECT a['ssot.instance.id'] FROM ({self._spans(FINDING)}) "
            f"WHERE a['ssot.finding.kind'] = {text(SHARING)}"
        )
        return _kept(self._spans(ACCESS), f"a['ssot.instance.id'] IN ({several} UNION ALL {told})")

    def _spans(self, name: str = "") -> str:
        """Return the query for the spans of the probe, of one name or of all, each once."""
        which = f" AND SpanName = {text(name)}" if name else ""
        is_twice = name in self._twice if name else bool(self._twice)
        return (
            f"SELECT SpanName AS name, sipHash64({IDENTITY}) AS process, "
            "ResourceAttributes['ssot.origin'] = 'static' AS is_static, ResourceAttributes, "
            "SpanAttributes AS a, "
            "toUnixTimestamp64Nano(Timestamp) AS start, start + reinterpretAsInt64(Duration) AS end "
            f"FROM {_TABLE} WHERE {_OURS}{which}{self._wanted}"
            + (" LIMIT 1 BY TraceId, SpanId" if is_twice else "")
        )


def _wanted(address: Address) -> str:
    """Return the condition that leaves what was there when the first question was asked, and whole processes.

    Half a recording would count as lost. What came since would be in some answers and not in others; what is
    more than a day ahead has the time of a clock that is wrong.
    """
    told = []
    if address.since:
        told.append("Timestamp >= fromUnixTimestamp64Nano({since:Int64})")
    if address.until:
        told.append("Timestamp < fromUnixTimestamp64Nano({until:Int64})")
    end = "toUnixTimestamp64Nano(Timestamp) + reinterpretAsInt64(Duration)"
    until_now = f" AND NOT ({end} > {{seen:Int64}} AND {end} <= {{seen:Int64}} + {LATER})"
    if not told:
        return until_now
    within = f"SELECT {IDENTITY} FROM {_TABLE} WHERE {_OURS} AND {' AND '.join(told)}"
    return f"{until_now} AND {IDENTITY} IN ({within})"


def _kept(spans: str, condition: str) -> Query:
    """Return the question for spans that stay whole, if they meet the condition."""
    return Query(_alike(f"SELECT * FROM ({spans}) WHERE NOT is_static AND ({condition})"))


def _alike(spans: str) -> str:
    """Return the question for spans that stay whole; those that are alike in all, times too, are one."""
    alike = (
        "SELECT name, process, any(a) AS one, start AS first, end AS last, count() AS n, "
        f"{numbers(())} AS counts "
        f"FROM ({spans}) GROUP BY name, process, first, last, sipHash128({hashed('a', REDACTION)})"
    )
    return _facts(f"SELECT *, {without('one', ())} AS key FROM ({alike})")


def _facts(told: str) -> str:
    """Return the question for facts: attributes once, and behind them who told of it."""
    return (
        "SELECT name, key, groupArray(process), groupArray(n), groupArray(first), groupArray(last), "
        f"groupArray(counts) FROM ({told}) GROUP BY name, key"
    )
