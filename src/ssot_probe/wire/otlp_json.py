"""OTLP in JSON, one message a line, as OpenTelemetry's file exporter writes it: encode and read.

Format: https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/ (UTF-8, one JSON value per line,
one signal per file, camelCase keys, ids in hex, 64-bit integers as strings).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Union

from ssot_probe.wire.registry import SCOPE, Metric

AttributeValue = Union[str, int, bool, float, tuple[str, ...]]
Resource = dict[str, AttributeValue]


class SpanData(NamedTuple):
    """One span, free of any SDK. Times are nanoseconds since the Unix epoch, ids lower-case hex."""

    name: str
    start: int
    end: int
    attributes: dict[str, AttributeValue]
    trace_id: str
    span_id: str
    links: tuple[tuple[str, str], ...] = ()
    error: bool = False
    scope: str = SCOPE
    records: int = 1  # how many it carries; not sent


class MetricPoint(NamedTuple):
    """The value of one metric for one set of attributes."""

    metric: Metric
    attributes: Mapping[str, AttributeValue]
    value: float


def records_in(spans: Iterable[SpanData]) -> int:
    """Return how many records the spans carry: what counts, where they are lost."""
    return sum(span.records for span in spans)


def encode_spans(resource: Mapping[str, AttributeValue], version: str, spans: Sequence[SpanData]) -> str:
    """Return one line (without line end) that holds the spans."""
    scope_spans = {"scope": {"name": SCOPE, "version": version}, "spans": [_span(span) for span in spans]}
    return _dump({"resourceSpans": [{"resource": _resource(resource), "scopeSpans": [scope_spans]}]})


def encode_metrics(
    resource: Mapping[str, AttributeValue], version: str, start: int, time: int, points: Iterable[MetricPoint]
) -> str:
    """Return one line (without line end) that holds the points, cumulative since `start`."""
    metrics: dict[str, dict[str, Any]] = {}
    for metric, attributes, value in points:
        entry = metrics.setdefault(metric.name, _metric(metric))
        number = {"asDouble": value} if isinstance(value, float) else {"asInt": str(value)}
        entry["sum"]["dataPoints"].append(
            {
                "attributes": _attributes(attributes),
                "startTimeUnixNano": str(start),
                "timeUnixNano": str(time),
                **number,
            }
        )
    scope_metrics = {"scope": {"name": SCOPE, "version": version}, "metrics": list(metrics.values())}
    return _dump({"resourceMetrics": [{"resource": _resource(resource), "scopeMetrics": [scope_metrics]}]})


def read_line(text: str) -> list[tuple[Resource, SpanData]]:
    """Read the spans of one line; a line of another OTLP signal has none.

    Raises:
        ValueError: the line is no JSON, or no OTLP.
    """
    message = json.loads(text)
    if not isinstance(message, dict):
        raise ValueError("not an OTLP message: the line is no JSON object")
    if "resourceSpans" not in message:
        if "resourceMetrics" in message or "resourceLogs" in message:
            return []
        raise ValueError("not an OTLP message: neither resourceSpans, resourceMetrics nor resourceLogs")
    try:
        return [
            (resource, _read_span(span, scope.get("scope", {}).get("name", "")))
            for group in message["resourceSpans"]
            for resource in [_resources.read(group.get("resource", {}).get("attributes", ()))]
            for scope in group.get("scopeSpans", ())
            for span in scope.get("spans", ())
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not an OTLP message: {type(error).__name__} {error}") from error


def _dump(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def _span(span: SpanData) -> dict[str, Any]:
    encoded: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": 1,
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "attributes": _attributes(span.attributes),
    }
    if span.links:
        encoded["links"] = [{"traceId": trace_id, "spanId": span_id} for trace_id, span_id in span.links]
    if span.error:
        encoded["status"] = {"code": 2}
    return encoded


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "description": metric.brief,
        "unit": metric.unit,
        "sum": {
            "dataPoints": [],
            "aggregationTemporality": 2,
            "isMonotonic": metric.instrument == "counter",
        },
    }


def _resource(resource: Mapping[str, AttributeValue]) -> dict[str, Any]:
    return {"attributes": _attributes(resource)}


def _attributes(attributes: Mapping[str, AttributeValue]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: AttributeValue) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, tuple):
        return {"arrayValue": {"values": [{"stringValue": item} for item in value]}}
    return {"stringValue": value}


def _read_span(span: Mapping[str, Any], scope: str) -> SpanData:
    return SpanData(
        name=span["name"],
        start=int(span.get("startTimeUnixNano", 0)),
        end=int(span.get("endTimeUnixNano", 0)),
        attributes=_read_attributes(span.get("attributes", ())),
        trace_id=span.get("traceId", ""),
        span_id=span.get("spanId", ""),
        links=tuple((link["traceId"], link["spanId"]) for link in span.get("links", ())),
        error=span.get("status", {}).get("code") in (2, "STATUS_CODE_ERROR"),
        scope=scope,
    )


class _Resources:
    """Remembers the resource that was read last: a process says the same one in every line."""

    def __init__(self) -> None:
        self._written: object = None
        self._read: Resource = {}

    def read(self, attributes: Iterable[Mapping[str, Any]]) -> Resource:
        """Return the attributes, as one object for as long as they stay the same."""
        if attributes != self._written:
            self._read = _read_attributes(attributes)
            self._written = attributes
        return self._read


_resources = _Resources()


def _read_attributes(attributes: Iterable[Mapping[str, Any]]) -> Resource:
    read: Resource = {}
    for entry in attributes:
        value = entry.get("value", _NOTHING)
        text = value.get("stringValue")  # most are
        read[entry["key"]] = text if text is not None else _read_value(value)
    return read


_NOTHING: Mapping[str, Any] = {}


def _read_value(value: Mapping[str, Any]) -> AttributeValue:
    for kind, content in value.items():
        if kind == "stringValue" or kind == "boolValue" or kind == "doubleValue":  # hot
            read: AttributeValue = content
            return read
        if kind == "intValue":
            return int(content)
        if kind == "arrayValue":
            return _read_texts(content.get("values", ()))
    return ""


def _read_texts(values: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    try:
        texts = tuple([value["stringValue"] for value in values])
    except KeyError:
        texts = ()
    if len(texts) == len(values) and all(type(text) is str for text in texts):
        return texts
    return tuple([str(_read_value(value)) for value in values])
