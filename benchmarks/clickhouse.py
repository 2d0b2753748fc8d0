"""What a report over a ClickHouse costs: a fleet's spans in an embedded engine, added up and judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.alone import CHECKOUT, QUICK, Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most, spread_of
from ssot_probe.model.records import (
    AccessRecord,
    BindingRecord,
    ClassRecord,
    ImportRecord,
    MakeRecord,
    ModuleRecord,
    ProcessRecord,
    Record,
    Site,
)
from ssot_probe.wire.otlp_json import AttributeValue, SpanData
from ssot_probe.wire.spans import to_spans

SPANS = int(os.environ.get("SSOT_BENCH_SPANS", "1000000"))
PROCESSES, DAYS = 200, 30
FACTS = 100
"""Importing places, and as many callers of makers, in each process: these are told again and again."""

ACCESSES = 300
DAY = 86_400_000_000_000
START = 1_767_571_200_000_000_000  # 2026-01-05
MEGABYTES = at_most(2500)

DATABASE, TABLE = "otel", "otel_traces"
AGAIN = "SpanName IN ('ssot.import', 'ssot.make')"

_REPEATED = """
INSERT INTO otel.otel_traces (Timestamp, TraceId, SpanId, SpanName, SpanKind, ServiceName, ResourceAttributes,
    ScopeName, ScopeVersion, SpanAttributes, Duration)
SELECT addNanoseconds(Timestamp, again * {step}), hex(sipHash128(TraceId, process, again)),
    hex(sipHash64(SpanId, process, again)), SpanName, SpanKind, ServiceName,
    mapUpdate(ResourceAttributes, map('service.instance.id', concat('process-', toString(process)))),
    ScopeName, ScopeVersion,
    if(SpanName = 'ssot.instance.access', mapUpdate(SpanAttributes, map('ssot.instance.id',
        concat(toString(process), '-', SpanAttributes['ssot.instance.id']))), SpanAttributes),
    Duration
FROM otel.seed
CROSS JOIN (SELECT number AS process FROM numbers({first}, {count})) AS processes
CROSS JOIN (SELECT number AS again FROM numbers({times})) AS tellings
WHERE again = 0 OR {again}
"""

_MEASURED = """
import json, resource, sys
from time import perf_counter
from ssot_probe.analysis.clickhouse.embedded import Embedded
from ssot_probe.cli import execute

count = [0]
ask = Embedded.rows
def counted(self, sql, bound):
    for row in ask(self, sql, bound):
        count[0] += 1
        yield row
Embedded.rows = counted
started = perf_counter()
code = execute(["report", sys.argv[1], "--format", "json", "--output", sys.argv[2]])
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([code, perf_counter() - started, used.ru_maxrss / 1024, count[0]]))
"""


def measure(effort: Effort) -> list[Reading]:
    """Write the spans of a fleet into a store, and report on them in a process of its own."""
    if find_spec("chdb") is None:
        sys.stderr.write("clickhouse: needs chdb, of the dependency group clickhouse: left out\n")
        return []
    wanted = SPANS // 10 if effort == QUICK else SPANS
    with TemporaryDirectory(prefix="ssot-probe-bench-") as name:
        directory = Path(name)
        started = perf_counter()
        spans, size = _write(directory / "store", wanted)
        written = perf_counter() - started
        code, seconds, megabytes, rows = _report(directory)
        if code or _records(directory) < spans:
            raise RuntimeError(f"the report is not that of the fleet: exit code {code}")
    group = f"ClickHouse, embedded, {spans:,} spans of {PROCESSES} processes in {DAYS} days"
    return [
        Reading(group, "spans written, by the engine itself", spread_of([written]), unit="s"),
        Reading(group, "disk for a span", spread_of([size / spans]), unit="bytes"),
        Reading(group, "report", spread_of([seconds]), unit="s"),
        Reading(group, "memory of the analyst, engine and all", spread_of([megabytes]), MEGABYTES, "MB"),
        Reading(group, "rows that came back", spread_of([float(rows)]), unit="rows"),
    ]


def _write(store: Path, wanted: int) -> tuple[int, int]:
    """Write about as many spans as wanted; return how many there are, and their bytes on disk."""
    from chdb.session import Session

    seed = [_row(span) for span in to_spans(_records_of_one())]
    times = max(1, (wanted // PROCESSES - len(seed)) // (2 * FACTS) + 1)
    table = (CHECKOUT / "collector" / "otel_traces.sql").read_text(encoding="utf-8")
    session = Session(str(store))
    session.query(f"CREATE DATABASE {DATABASE} ENGINE = Atomic")
    for name in ("seed", TABLE):
        session.query(table.format(database=DATABASE, table=name))
    rows = "\n".join(map(json.dumps, seed))
    session.query(f"INSERT INTO {DATABASE}.seed FORMAT JSONEachRow {rows}")
    together = 5
    with Progress("clickhouse", PROCESSES // together) as progress:
        for first in range(0, PROCESSES, together):
            step = DAYS * DAY // times
            session.query(
                _REPEATED.format(step=step, first=first, count=together, times=times, again=AGAIN)
                + " SETTINGS max_partitions_per_insert_block = 1000"
            )
            progress.step()
    figures = session.query(
        f"SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND table = '{TABLE}'",
        "JSONCompactEachRow",
    )
    spans, size = json.loads(figures.bytes())
    session.close()
    return int(spans), int(size)


def _report(directory: Path) -> tuple[int, float, float, int]:
    source = f"chdb://{directory / 'store'}?database={DATABASE}"
    command = [sys.executable, "-c", _MEASURED, source, str(directory / "report.json")]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    code, seconds, megabytes, rows = json.loads(told.stdout)
    return code, seconds, megabytes, rows


def _records(directory: Path) -> int:
    report = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    return int(report["evidence"]["records"])


def _records_of_one() -> Iterator[Record]:
    """Yield what one process tells at first."""
    cls = "shop.carts:CartManager"
    yield ProcessRecord(
        *("started", START, START, "3.12.1", ("shop",), "", ("finder",), "k1", 0, (), "", "seen"),
    )
    yield ClassRecord(cls, 1, "shop/carts.py", 10, (), (), START)
    yield BindingRecord("shop.carts", "CartManager", "class", cls, 1, START)
    for number in range(FACTS):
        site = Site(f"shop/views{number}.py", number, "serve", f"shop.views{number}")
        yield ModuleRecord(f"shop.views{number}", site.file, "shop/app.py:1", False, START, True)
        yield ImportRecord(
            *("shop.carts", ("CartManager",), "cached", "application", False, site),
            *("MainThread", 3, START + number, START + number),
        )
        yield MakeRecord(
            *("shop.carts:get_manager", "function", "returned", cls, 1, (), "", "", Site("", 0, "", "")),
            *(site, "MainThread", "", 5, 0, START + number, START + number),
        )
    for number in range(ACCESSES):
        site = Site("shop/views1.py", 1, "serve", "shop.views1")
        yield AccessRecord(
            *(str(number), "cart", cls, "shop.carts:get_manager", "returned", site, f"u-{number:016x}"),
            *("MainThread", "", START + number, ""),
        )
    yield ProcessRecord(
        *("stopped", START + DAYS * DAY, START, "3.12.1", ("shop",), "", ("finder",), "k1", 0, ()),
        *("", "seen", "exit"),
    )


def _row(span: SpanData) -> dict[str, Any]:
    resource = {"service.name": "shop", "process.pid": "7", "host.name": "h1", "ssot.schema.version": "1"}
    return {
        "Timestamp": f"{span.start // 10**9:010d}.{span.start % 10**9:09d}",
        "TraceId": span.trace_id,
        "SpanId": span.span_id,
        "SpanName": span.name,
        "SpanKind": "Internal",
        "ServiceName": "shop",
        "ResourceAttributes": resource,
        "ScopeName": span.scope,
        "SpanAttributes": {key: _text(value) for key, value in span.attributes.items()},
        "Duration": span.end - span.start,
    }


def _text(value: AttributeValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(list(value)) if isinstance(value, tuple) else str(value)
