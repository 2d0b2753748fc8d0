"""Tables that the Collector's exporter did not make, or made long ago."""

from __future__ import annotations

import pytest

from ssot_probe.analysis.clickhouse.address import address_of
from ssot_probe.analysis.clickhouse.layout import NEEDED, check_layout, no_table
from ssot_probe.errors import UnreadableRecordingError

HERE = address_of("clickhouse://ch/otel", {})
ATTRIBUTES = "Map(LowCardinality(String), String)"
TODAY = {
    **dict.fromkeys(NEEDED, "String"),
    "Timestamp": "DateTime64(9)",
    "ResourceAttributes": ATTRIBUTES,
    "SpanAttributes": ATTRIBUTES,
    "Duration": "UInt64",
}


def refusal(columns: dict[str, str]) -> str:
    with pytest.raises(UnreadableRecordingError) as raised:
        check_layout(columns, HERE)
    return str(raised.value)


def without(*names: str) -> dict[str, str]:
    return {name: kind for name, kind in TODAY.items() if name not in names}


def test_the_table_of_todays_exporter_is_read() -> None:
    check_layout({**TODAY, "Links.TraceId": "Array(String)"}, HERE)


def test_a_zone_of_the_times_does_not_matter() -> None:
    check_layout({**TODAY, "Timestamp": "DateTime64(9, 'UTC')", "Duration": "Int64"}, HERE)


def test_a_table_from_before_scopes_had_columns_says_how_old_its_writer_was() -> None:
    assert "no column ScopeName: the clickhouse exporter of a Collector older than May 2023" in refusal(
        without("ScopeName")
    )


def test_attributes_in_json_columns_name_the_setting_that_made_them() -> None:
    assert "`json: true`" in refusal({**TODAY, "SpanAttributes": "JSON"})
    assert "`json: true`" in refusal({**TODAY, "ResourceAttributes": "Object('json')"})


def test_times_without_nanoseconds_are_refused() -> None:
    assert "column Timestamp is of type DateTime, expected DateTime64(9" in refusal(
        {**TODAY, "Timestamp": "DateTime"}
    )


@pytest.mark.parametrize(("column", "what"), [("MetricName", "metrics"), ("Body", "logs")])
def test_a_table_of_another_signal_says_which_one_is_wanted(column: str, what: str) -> None:
    said = refusal({**without("SpanAttributes", "SpanName", "Timestamp"), column: "String"})
    assert f"it holds {what}" in said
    assert "?table=otel_traces" in said


def test_somebody_elses_table_is_told_from_the_exporters() -> None:
    assert "not as the Collector's clickhouse exporter makes it" in refusal({"id": "UInt64"})


def test_a_missing_database_is_told_from_a_missing_table() -> None:
    assert "there is no database 'otel'" in str(no_table(HERE, is_there=False))
    assert "has no table 'otel_traces'" in str(no_table(HERE, is_there=True))
