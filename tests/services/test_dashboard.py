"""Every query of the dashboard is asked of the real thing: Prometheus, and the engine of ClickHouse."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.children import read_spans
from support.counted_fleet import CountedFleet
from support.dashboard import CLICKHOUSE, PROMETHEUS, promql, queries, read, sql

from ssot_probe.wire.otlp_json import AttributeValue

pytestmark = pytest.mark.timeout(300)  # where others use the machine

NO_ENGINE = "the package chdb is not installed: the queries of ClickHouse are not run"

TO_PROMETHEUS = {(query.panel, query.ref): query.text for query in queries(PROMETHEUS)}
TO_CLICKHOUSE = {query.panel: query.text for query in queries(CLICKHOUSE)}

VALUES = {
    "Legacy paths in use": 3,
    "Legacy paths without any count": 1,
    "Observed processes": 6,
}


@pytest.mark.parametrize("panel", TO_PROMETHEUS, ids=" ".join)
def test_prometheus_answers_every_query_with_data(counted: CountedFleet, panel: tuple[str, str]) -> None:
    for server in (counted.prometheus, counted.without_honor):
        expression = promql(TO_PROMETHEUS[panel])
        answer = server.query(expression)
        if panel == ("Probe health: records", "B"):
            answer = server.query(
                f"max_over_time(({expression})[1h:300ms])"
            )  # the one that lost some has ended
        if panel != ("Probe health: records", "A"):  # a rate takes two scrapes of one that lives
            assert answer, expression
        if panel[0] in VALUES:
            assert [sample.value for sample in answer] == [VALUES[panel[0]]]


def test_findings_and_losses_are_those_of_all_processes(counted: CountedFleet) -> None:
    def value(panel: str) -> float:
        (sample,) = counted.prometheus.query(promql(TO_PROMETHEUS[panel, "A"]))
        return sample.value

    assert value("Findings that are errors") >= 2
    assert value("Records lost") >= 1
    assert value("Observed time") > 0


def test_the_table_of_legacy_paths_has_one_line_for_each(counted: CountedFleet) -> None:
    columns: dict[str, dict[str, float]] = {}
    for ref in "ABCDEF":
        answer = counted.prometheus.query(promql(TO_PROMETHEUS["Watched legacy paths", ref]))
        columns[ref] = {sample.labels["ssot_path_name"]: sample.value for sample in answer}
    assert columns["A"]["shop.old"] == 3
    assert columns["B"]["shop.tickets:Ticket"] == 1
    assert columns["C"]["shop.facade:Cart"] == 1
    assert {ref: columns[ref]["shop.never"] for ref in "ABCD"} == {"A": 0, "B": 0, "C": 0, "D": 0}
    assert set(columns["E"].values()) == {6}
    (observed,) = counted.prometheus.query(promql(TO_PROMETHEUS["Observed time", "A"]))
    assert columns["F"]["shop.never"] == pytest.approx(observed.value, rel=0.001)


def test_the_values_of_the_variables_are_those_that_prometheus_has(counted: CountedFleet) -> None:
    for variable in read()["templating"]["list"]:
        if variable["type"] == "query":
            label = variable["definition"].split()[-1].rstrip(")")
            values = json.loads(counted.prometheus.get(f"/api/v1/label/{label}/values"))["data"]
            assert values == {"service_name": ["shop"]}.get(label, ["dev", "staging"])


TABLE = """\
CREATE TABLE otel_traces (
    Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String, TraceState String,
    SpanName LowCardinality(String), SpanKind LowCardinality(String), ServiceName LowCardinality(String),
    ResourceAttributes Map(LowCardinality(String), String), ScopeName String, ScopeVersion String,
    SpanAttributes Map(LowCardinality(String), String), Duration UInt64,
    StatusCode LowCardinality(String), StatusMessage String
) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
"""
"""What the queries can see of the table that the Collector's exporter makes."""

ENGINE = """\
import json, sys
from chdb.session import Session

session = Session()
session.query("CREATE DATABASE d; ")
session.query("USE d")
asked = json.load(sys.stdin)
session.query(asked["table"])
session.query("INSERT INTO otel_traces FORMAT JSONEachRow " + asked["rows"])
print(json.dumps({
    name: [json.loads(line) for line in session.query(query, "JSONEachRow").bytes().decode().splitlines()]
    for name, query in asked["queries"].items()
}))
"""


@pytest.fixture(scope="module")
def answers(counted: CountedFleet) -> Mapping[str, list[dict[str, Any]]]:
    """What the engine answers to each panel, over what the Collector received; each span is there twice."""
    if importlib.util.find_spec("chdb") is None:
        if os.environ.get("SSOT_PROBE_REQUIRE_CHDB", "0") not in ("", "0"):
            pytest.fail(NO_ENGINE)
        pytest.skip(NO_ENGINE)
    rows = list(rows_of(counted.collector.received / "traces.jsonl"))
    (shared,) = {
        row["SpanAttributes"]["ssot.instance.id"]
        for row in rows
        if row["SpanAttributes"].get("ssot.finding.code") == "SSOT301"
        and row["ResourceAttributes"]["process.pid"] == counted.pids["silent"]
    }
    asked = {
        "table": TABLE,
        "rows": "\n".join(json.dumps(row) for row in [*rows, *rows]),
        "queries": {panel: sql(text, shared) for panel, text in TO_CLICKHOUSE.items()},
    }
    ran = subprocess.run(
        [sys.executable, "-c", ENGINE], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


def rows_of(file: Path) -> Iterator[dict[str, Any]]:
    """Yield spans as the Collector's exporter writes them: every attribute is a string."""
    for resource, span in read_spans(file.read_bytes().splitlines()):
        yield {
            "Timestamp": f"{span.start // 10**9}.{span.start % 10**9:09d}",
            "TraceId": span.trace_id,
            "SpanId": span.span_id,
            "SpanName": span.name,
            "ServiceName": str(resource["service.name"]),
            "ResourceAttributes": {name: as_string(value) for name, value in resource.items()},
            "ScopeName": span.scope,
            "SpanAttributes": {name: as_string(value) for name, value in span.attributes.items()},
            "Duration": span.end - span.start,
        }


def as_string(value: AttributeValue) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(list(value) if isinstance(value, tuple) else value, separators=(",", ":"))


def told(answers: Mapping[str, list[dict[str, Any]]], panel: str, *columns: str) -> set[tuple[Any, ...]]:
    return {tuple(row[column] for column in columns) for row in answers[panel]}


def test_every_query_of_clickhouse_runs(answers: Mapping[str, list[dict[str, Any]]]) -> None:
    assert set(answers) == set(TO_CLICKHOUSE)
    assert [panel for panel in answers if not answers[panel] and panel != "Blind spots"] == []


def test_findings_have_their_subject_and_place(answers: Mapping[str, list[dict[str, Any]]]) -> None:
    found = told(answers, "Findings", "code", "severity", "subject", "users", "place")
    assert ("SSOT301", "error", "shop.carts:Cart", "2", "main.py:22") in found


def test_an_instance_of_two_users_is_found_from_single_accesses(
    answers: Mapping[str, list[dict[str, Any]]],
) -> None:
    (shared, *others) = answers["Instances that several users got hold of"]
    assert (shared["type"], int(shared["users"])) == ("shop.carts:Cart", 2)
    spans = told(answers, "Spans of the instance", "span", "place")
    assert ("ssot.instance.access", "main.py:22") in spans
    assert ("ssot.finding", "main.py:22") in spans
    assert len(others) == 0 or {row["type"] for row in others} == {"shop.carts:Cart"}


def test_uses_have_their_place_and_count_once_though_written_twice(
    answers: Mapping[str, list[dict[str, Any]]],
) -> None:
    uses = {
        (row["path"], row["rung"], row["place"], row["origin"], int(row["uses"]))
        for row in answers["Who uses the legacy paths"]
    }
    assert uses == {
        ("shop.old", "called", "main.py:11", "application", 3),
        ("shop.once", "called", "main.py:15", "application", 1),
        ("shop.tickets:Ticket", "constructed", "main.py:17", "application", 1),
    }
    assert ("shop.facade", '["Cart"]', "main.py:19") in told(
        answers, "Who imports", "module", "names", "place"
    )


def test_every_process_has_its_last_word(
    answers: Mapping[str, list[dict[str, Any]]], counted: CountedFleet
) -> None:
    last = {row["process"]: (row["state"], row["closed"]) for row in answers["Processes"]}
    assert last == dict.fromkeys(counted.pids.values(), ("stopped", "exit"))
