"""The layout of the table: that of the Collector's exporter. What is read of it is checked."""

from __future__ import annotations

from collections.abc import Mapping

from ssot_probe.analysis.clickhouse.address import Address
from ssot_probe.errors import UnreadableRecordingError

COLUMNS = (
    "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String}"
)
DATABASES = "SELECT count() FROM system.databases WHERE name = {database:String}"

_MAP = "Map("
NEEDED = {
    "Timestamp": "DateTime64(9",
    "TraceId": "",
    "SpanId": "",
    "SpanName": "",
    "ServiceName": "",
    "ScopeName": "",
    "ResourceAttributes": _MAP,
    "SpanAttributes": _MAP,
    "Duration": "",
}
"""The columns that are read, each with how its type must begin."""


def check_layout(columns: Mapping[str, str], address: Address) -> None:
    """Refuse a table that is not laid out as the exporter does it today.

    Raises:
        UnreadableRecordingError: a column is missing, or of a type that cannot be read.
    """
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise UnreadableRecordingError(
            f"{address.where}: the table has no column {missing[0]}: {_why(missing, columns)}"
        )
    for name, begins in NEEDED.items():
        if not columns[name].startswith(begins):
            raise UnreadableRecordingError(
                f"{address.where}: column {name} is of type {columns[name]}, expected {begins}...: "
                + (_JSON if columns[name].startswith(("JSON", "Object(")) else _OTHER)
            )


_JSON = (
    "the Collector's exporter wrote it with `json: true`; let it write a table with `json: false`, its "
    "default, for the probe's spans"
)
_OTHER = "let the Collector's clickhouse exporter create the table (create_schema: true)"


def _why(missing: list[str], columns: Mapping[str, str]) -> str:
    if missing == ["ScopeName"]:
        return (
            "the clickhouse exporter of a Collector older than May 2023 made it; let a newer release (0.161 "
            "is tested) write a new table, under another traces_table_name"
        )
    if "SpanAttributes" not in columns and "MetricName" in columns:
        return "it holds metrics; name the one that holds traces, as in ?table=otel_traces"
    if "SpanAttributes" not in columns and "Body" in columns:
        return "it holds logs; name the one that holds traces, as in ?table=otel_traces"
    return f"it is not as the Collector's clickhouse exporter makes it; {_OTHER}"


def no_table(address: Address, is_there: bool) -> UnreadableRecordingError:
    """Return the error for a table without columns."""
    if not is_there:
        return UnreadableRecordingError(
            f"{address.where}: there is no database {address.database!r}, or the user may not see it"
        )
    return UnreadableRecordingError(
        f"{address.where}: the database has no table {address.table!r}, or the user may not see it; did the "
        "Collector's clickhouse exporter ever start?"
    )
