"""Every record survives the way through a span and a line of OTLP JSON, and protobuf reads the same line."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any, get_type_hints

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.records import KINDS, full_record

from ssot_probe.model.path_records import WatchedPathRecord
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import NOWHERE, BlindRecord, MakeRecord, ModuleRecord, Record, Site
from ssot_probe.wire.metrics import Counts, points
from ssot_probe.wire.otlp_json import Resource, encode_metrics, encode_spans, read_line, records_in
from ssot_probe.wire.packed import PACKED, PACKED_SPANS
from ssot_probe.wire.spans import from_span, to_span, to_spans

RESOURCE: Resource = {"service.name": "chat", "process.pid": 7, "service.instance.id": "one"}
TOGETHER = (ModuleRecord, *PACKED)
SINGLE = tuple(kind for kind in KINDS if kind not in TOGETHER)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.integers(min_value=0, max_value=2**63 - 1)
sites = st.builds(Site, texts, numbers, texts, texts)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: numbers,
    bool: st.booleans(),
    tuple[str, ...]: st.lists(texts, max_size=3).map(tuple),
    Site: sites,
}


def records(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Return any record of a kind; of a maker's definition only what travels."""
    fields = {name: VALUES[hint] for name, hint in get_type_hints(kind).items()}
    for name, digits in (("request", 32), ("request_span", 16)):
        if name in fields:
            fields[name] = st.just("") | st.text("0123456789abcdef", min_size=digits, max_size=digits)
    if kind is MakeRecord:
        fields["definition"] = sites.map(lambda site: NOWHERE._replace(file=site.file, line=site.line))
    return st.builds(kind, **fields)


def there_and_back(told: Iterable[Record]) -> list[Record]:
    line = encode_spans(RESOURCE, "0", to_spans(told))
    assert "\n" not in line
    return [record for _, span in read_line(line) for record in from_span(span)]


@pytest.mark.parametrize("kind", SINGLE)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_record_comes_back_as_it_was(kind: type[Any], data: st.DataObject) -> None:
    told = data.draw(st.lists(records(kind), min_size=1, max_size=3))
    assert there_and_back(told) == told


@pytest.mark.parametrize("kind", sorted(PACKED, key=str))
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_records_that_travel_together_come_back_as_they_were(kind: type[Any], data: st.DataObject) -> None:
    told = data.draw(st.lists(records(kind), min_size=1, max_size=5))
    assert sorted(there_and_back(told)) == sorted(told)


@pytest.mark.parametrize("name", sorted(PACKED_SPANS))
def test_a_span_of_several_records_without_one_of_its_lists_is_refused(name: str) -> None:
    (span,) = (span for kind in PACKED for span in to_spans([full_record(kind)]) if span.name == name)
    for attribute in span.attributes:
        rest = {other: value for other, value in span.attributes.items() if other != attribute}
        with pytest.raises(ValueError, match=name):
            from_span(span._replace(attributes=rest))


def test_a_thousand_paths_are_few_spans() -> None:
    told = [full_record(WatchedPathRecord, path=f"chat.old{number}", time=5) for number in range(1_000)]
    assert len(to_spans(told)) <= 2
    assert there_and_back(told) == told


@settings(max_examples=30, deadline=None)
@given(st.lists(records(ModuleRecord), max_size=6), numbers)
def test_modules_travel_together_and_come_back_with_the_time_of_the_earliest(
    told: list[ModuleRecord], time: int
) -> None:
    told = [record._replace(time=time) for record in told]
    assert sorted(there_and_back(told)) == sorted(told)


def test_a_thousand_modules_are_few_spans() -> None:
    told = [ModuleRecord(f"m{number}", "m.py", "a.py:1", number % 2 == 0, 5) for number in range(1_000)]
    assert len(to_spans(told)) <= 4
    assert sorted(there_and_back(told)) == sorted(told)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_protobuf_reads_our_lines_without_a_field_that_it_does_not_know(
    kind: type[Any], data: st.DataObject
) -> None:
    told = data.draw(st.lists(records(kind), min_size=1, max_size=3))
    message = json.loads(encode_spans(RESOURCE, "0", to_spans(told)))
    parsed = ParseDict(with_base64_ids(message), ExportTraceServiceRequest(), ignore_unknown_fields=False)
    (group,) = parsed.resource_spans
    (scope,) = group.scope_spans
    names = [attribute.key for span in scope.spans for attribute in span.attributes]
    assert names == [name for span in to_spans(told) for name in span.attributes]
    assert {len(span.trace_id) for span in scope.spans} == {16}
    assert {len(span.span_id) for span in scope.spans} == {8}
    again = MessageToDict(parsed)["resourceSpans"][0]["resource"]["attributes"]
    assert again[1] == {"key": "process.pid", "value": {"intValue": "7"}}


def test_protobuf_reads_our_metrics() -> None:
    policy = Policy(concepts=(Concept("manager", ("*Manager",), legacy=("chat.old",)),))
    counts = Counts(
        imports={("chat.old", "cached"): 3},
        creations={("chat:Manager", "manager"): 2},
        shared={("chat:Manager", "manager"): 1},
        findings={("SSOT301", "error"): 1},
        live=4,
        dropped={"disk": 9},
        exported=12,
        seconds=1.5,
    )
    message = json.loads(encode_metrics(RESOURCE, "0", 1, 2, points(policy, counts)))
    parsed = ParseDict(message, ExportMetricsServiceRequest(), ignore_unknown_fields=False)
    (scope,) = parsed.resource_metrics[0].scope_metrics
    totals = {metric.name: sum(point.as_int for point in metric.sum.data_points) for metric in scope.metrics}
    assert totals["ssot.imports"] == 3
    assert totals["ssot.probe.dropped"] == 9
    assert {metric.sum.aggregation_temporality for metric in scope.metrics} == {2}
    monotonic = {metric.name: metric.sum.is_monotonic for metric in scope.metrics}
    assert monotonic["ssot.imports"]
    assert not monotonic["ssot.instance.live"]


def test_a_watched_path_that_nobody_imports_has_an_explicit_zero() -> None:
    policy = Policy(concepts=(Concept("manager", ("*Manager",), legacy=("chat.old",)),))
    counts = Counts({}, {}, {}, {}, 0, {}, 0, 0.0)
    zeros = {
        (point.attributes["ssot.import.name"], point.attributes["ssot.import.outcome"]): point.value
        for point in points(policy, counts)
        if point.metric.name == "ssot.imports"
    }
    assert zeros == {("chat.old", "loaded"): 0, ("chat.old", "cached"): 0}


def test_lines_of_another_signal_hold_no_spans() -> None:
    assert read_line('{"resourceMetrics": []}') == []
    assert read_line('{"resourceLogs": []}') == []


@pytest.mark.parametrize("line", ["", "[]", "{}", "null", '{"resourceSpans": 5}', '{"resourceSpans": [[]]}'])
def test_what_is_no_otlp_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_line(line)


def test_spans_of_others_carry_no_record() -> None:
    span = to_span(full_record(MakeRecord))
    assert from_span(span._replace(scope="opentelemetry.instrumentation.flask")) == ()


@pytest.mark.parametrize("kind", SINGLE)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_a_span_with_a_value_of_another_type_is_refused(kind: type[Any], data: st.DataObject) -> None:
    span = to_span(data.draw(records(kind)))
    for name, value in span.attributes.items():
        wrong: Any = 1.5 if not isinstance(value, float) else "1.5"
        changed = span._replace(attributes={**span.attributes, name: wrong})
        if name.startswith("ssot.finding.") and name != "ssot.finding.severity":
            continue  # says the same for every finding, and is not read
        with pytest.raises(ValueError, match=name):
            from_span(changed)


def with_base64_ids(message: Any) -> Any:
    """Return OTLP's JSON as protobuf's JSON: its ids are bytes, and bytes are base64 there."""
    if isinstance(message, list):
        return [with_base64_ids(item) for item in message]
    if not isinstance(message, dict):
        return message
    return {
        key: base64.b64encode(bytes.fromhex(value)).decode()
        if key in ("traceId", "spanId")
        else with_base64_ids(value)
        for key, value in message.items()
    }


def test_spans_know_how_many_records_they_carry() -> None:
    modules = [
        ModuleRecord(f"chat.part{number}", "chat/part.py", "", False, number) for number in range(1_203)
    ]
    spans = to_spans([*modules, BlindRecord("subject", "reason", 1)])
    assert len(spans) == 4
    assert records_in(spans) == 1_204
