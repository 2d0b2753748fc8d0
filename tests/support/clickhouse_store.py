"""Spans in a ClickHouse as the Collector's exporter writes them, in an embedded engine over a directory.

Only one directory can be open in a process at a time, and a second one not at all once the first was closed
by another session: so everything here that talks to the engine is short.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ssot_probe.analysis.sources import find_files, read_lines
from ssot_probe.wire.otlp_json import AttributeValue, SpanData, read_line

DATABASE, TABLE = "otel", "otel_traces"

TRACES = (Path(__file__).resolve().parents[2] / "collector" / "otel_traces.sql").read_text(encoding="utf-8")
"""The table of the clickhouse exporter: columns, order and indexes."""


def spans_of(directory: Path) -> list[tuple[Mapping[str, AttributeValue], SpanData]]:
    """Return the spans of all recordings below a directory, with their resources."""
    return [
        found
        for path in find_files([str(directory)])
        for line in read_lines(path)
        if line.text.startswith('{"resourceSpans"')
        for found in read_line(line.text)
    ]


def row(resource: Mapping[str, AttributeValue], span: SpanData) -> dict[str, Any]:
    """Return the row that the exporter makes of a span."""
    return {
        "Timestamp": f"{span.start // 10**9:010d}.{span.start % 10**9:09d}",
        "TraceId": span.trace_id,
        "SpanId": span.span_id,
        "SpanName": span.name,
        "SpanKind": "Internal",
        "ServiceName": str(resource.get("service.name", "")),
        "ResourceAttributes": _texts(resource),
        "ScopeName": span.scope,
        "ScopeVersion": "0",
        "SpanAttributes": _texts(span.attributes),
        "Duration": (span.end - span.start) % 2**64,
        "StatusCode": "Error" if span.error else "Unset",
        "Links.TraceId": [trace for trace, _ in span.links],
        "Links.SpanId": [link for _, link in span.links],
        "Links.TraceState": ["" for _ in span.links],
        "Links.Attributes": [{} for _ in span.links],
    }


def write(
    store: Path,
    spans: Iterable[tuple[Mapping[str, AttributeValue], SpanData]],
    *,
    per_insert: int = 100_000,
    ddl: str = TRACES,
) -> str:
    """Write spans into the table; return the source that names it."""
    from chdb.session import Session

    store.mkdir(parents=True, exist_ok=True)
    session = Session(str(store))
    try:
        session.query(f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic")
        session.query(ddl.format(database=DATABASE, table=TABLE))
        rows = [json.dumps(row(resource, span)) for resource, span in spans]
        for start in range(0, len(rows), per_insert):
            part = "\n".join(rows[start : start + per_insert])
            session.query(f"INSERT INTO {DATABASE}.{TABLE} FORMAT JSONEachRow {part}")
    finally:
        session.close()
    return f"chdb://{store}?database={DATABASE}"


def _texts(attributes: Mapping[str, AttributeValue]) -> dict[str, str]:
    return {name: text_of(value) for name, value in attributes.items()}


def text_of(value: AttributeValue) -> str:
    """Return a value as the Collector writes it where only text can be: `AsString` of its library."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        text = json.dumps(list(value), ensure_ascii=False, separators=(",", ":"))
        for character in "<>&\u2028\u2029":
            text = text.replace(character, f"\\u{ord(character):04x}")
        return text
    return str(value)
