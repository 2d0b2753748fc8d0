"""The spans and metrics that an application sent, without what is different each time."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

from support.collector import Collector

OURS = "ssot_probe"
"""The instrumentation scope of what the probe sends."""

MARKS = ("ssot.finding.code", "ssot.finding.severity", "ssot.concept.name", "ssot.instance.type")
"""What the span of a request gets where a second user got hold of an instance."""

_CHANGING = (
    "thread.id",
    "net.peer.port",
    "client.port",
    "process.pid",
    "service.instance.id",
    "server.port",
    "net.host.port",
)
_DURATIONS = ("duration", "latency", "size", "cpu", "memory", "time")

Tree = tuple[Any, ...]


def span_trees(collector: Collector) -> list[Tree]:
    """Return the application's spans, each with its children; in an order that does not depend on time."""
    children: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    known: set[tuple[str, str]] = set()
    spans = []
    for message in collector.traces:
        for group in MessageToDict(message).get("resourceSpans", ()):
            resource = _attributes(group.get("resource", {}))
            for scope in group.get("scopeSpans", ()):
                name = scope.get("scope", {}).get("name", "")
                if name == OURS:
                    continue
                for span in scope.get("spans", ()):
                    spans.append({**span, "scope": name, "resource": resource})
    for span in spans:
        known.add((span["traceId"], span["spanId"]))
        children[span["traceId"], span.get("parentSpanId", "")].append(span)
    roots = [
        span
        for span in spans
        if not span.get("parentSpanId") or (span["traceId"], span["parentSpanId"]) not in known
    ]
    return sorted((_tree(root, children) for root in roots), key=repr)


def _tree(span: dict[str, Any], children: dict[tuple[str, str], list[dict[str, Any]]]) -> Tree:
    below = sorted((_tree(child, children) for child in children[span["traceId"], span["spanId"]]), key=repr)
    return (
        span["scope"],
        _steady(span["name"]),
        span.get("kind", ""),
        _attributes(span),
        tuple((event["name"], _names(event)) for event in span.get("events", ())),
        len(span.get("links", ())),
        json.dumps(span.get("status", {}), sort_keys=True),
        span.get("traceState", ""),
        span["resource"],
        tuple(below),
    )


def metric_points(collector: Collector) -> dict[tuple[Any, ...], Any]:
    """Return the last point of each of the application's metrics: its count, or its sum."""
    found: dict[tuple[Any, ...], Any] = {}
    for message in collector.metrics:
        for group in MessageToDict(message).get("resourceMetrics", ()):
            for scope in group.get("scopeMetrics", ()):
                name = scope.get("scope", {}).get("name", "")
                if name == OURS:
                    continue
                for metric in scope.get("metrics", ()):
                    for point in _points(metric):
                        key = (name, metric["name"], metric.get("unit", ""), _attributes(point))
                        found[key] = _value(metric["name"], point)
    return found


def _points(metric: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for kind in ("sum", "gauge", "histogram", "exponentialHistogram"):
        yield from metric.get(kind, {}).get("dataPoints", ())


def _value(name: str, point: dict[str, Any]) -> Any:
    if "count" in point:
        return point["count"]
    if any(word in name for word in _DURATIONS):
        return "some"
    return point.get("asInt", point.get("asDouble"))


def _attributes(holder: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            (pair["key"], _steady(json.dumps(pair["value"], sort_keys=True)))
            for pair in holder.get("attributes", ())
            if pair["key"] not in (*_CHANGING, *MARKS)
        )
    )


def _names(holder: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(pair["key"] for pair in holder.get("attributes", ())))


def _steady(text: str) -> str:
    """Return a text without the numbers of ports."""
    return re.sub(r"(127\.0\.0\.1|localhost):\d+", r"\1", text)


def marked_spans(collector: Collector) -> list[str]:
    """Return the names of the application's spans that tell of a finding."""
    return [
        span.name
        for message in collector.traces
        for group in message.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
        if scope.scope.name != OURS and any(pair.key in MARKS for pair in span.attributes)
    ]
