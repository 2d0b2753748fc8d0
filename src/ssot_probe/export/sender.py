"""Holds the SDK's exporters and hands them one batch at a time; made in the thread that exports.

No provider is made: our spans are finished facts, and a provider would read the application's samplers,
limits and switches from the environment. The SDK's `ReadableSpan` and metric data go straight to its
exporters, which read OTEL_EXPORTER_OTLP_* as everywhere.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Optional

from ssot_probe.dependencies import require_telemetry
from ssot_probe.export.answers import ARRIVED, UNAVAILABLE, Answer
from ssot_probe.wire.otlp_json import AttributeValue, MetricPoint, SpanData
from ssot_probe.wire.registry import SCOPE

REQUEST_SECONDS = 5.0
"""How long one request may take, where OTEL_EXPORTER_OTLP_TIMEOUT does not say."""

SHORTEST_REQUEST = 0.1


class Batch(NamedTuple):
    """What one request carries."""

    spans: Sequence[SpanData]
    metrics: Sequence[MetricPoint]
    time: int


class Sender:
    """Sends batches.

    Args:
        resource: attributes of the process.
        version: of ssot-probe.
        started: since when counters count, nanoseconds since the epoch.
        seconds_left: how long the process waits for this at most.
    """

    def __init__(
        self,
        resource: Mapping[str, AttributeValue],
        version: str,
        started: int,
        seconds_left: Callable[[], float],
    ) -> None:
        require_telemetry()
        import opentelemetry.sdk.metrics.export
        import opentelemetry.sdk.trace  # noqa: F401  # a fork waits for what is imported here
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        self._resource = Resource(dict(resource))
        self._scope = InstrumentationScope(SCOPE, version)
        self._started = started
        self._request_seconds = _request_seconds()
        self._seconds_left = seconds_left
        self._is_grpc = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf") == "grpc"
        self._open()

    def _open(self) -> None:
        if self._is_grpc:
            self._spans, self._metrics, self._answers = _grpc_exporters(self._seconds)
        else:
            self._spans, self._metrics, self._answers = _http_exporters(self._seconds)
        _keep_out_of_the_log()

    def _seconds(self) -> float:
        return max(SHORTEST_REQUEST, min(self._request_seconds, self._seconds_left()))

    def __call__(self, batch: Batch) -> Answer:
        """Send one batch and return what became of its spans.

        Metrics are not tried after spans that failed: they are cumulative, so the next ones say it all.
        """
        answer = self._send_spans(batch.spans) if batch.spans else Answer(ARRIVED)
        if batch.metrics and answer.kind == ARRIVED:
            try:
                self._metrics.export(self._metrics_data(batch))
            except OSError:
                return answer  # as with a Collector that takes no metrics
        return answer

    def _send_spans(self, spans: Sequence[SpanData]) -> Answer:
        answers = self._answers
        try:
            is_delivered = bool(self._spans.export([self._readable(span) for span in spans]).value == 0)
        except OSError:  # some versions do not catch what a request raises
            is_delivered = False
        if answers is None:  # where nothing can be read of the answer, the exporter's word has to do
            return Answer(ARRIVED) if is_delivered else Answer(UNAVAILABLE, "no success")
        answer: Answer = answers.answer
        if answer.kind == ARRIVED and not is_delivered:
            return Answer(UNAVAILABLE, "no success")
        if answer.kind == UNAVAILABLE and self._is_grpc:
            self._open_again()
        return answer

    def _open_again(self) -> None:
        """Begin with new channels: one that has lost its server may never find it again."""
        for exporter in (self._spans, self._metrics):
            channel = getattr(exporter, "_channel", None)
            if channel is not None:
                channel.close()
        self._open()

    def _readable(self, span: SpanData) -> Any:
        from opentelemetry.attributes import BoundedAttributes
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

        def context(trace_id: str, span_id: str) -> SpanContext:
            return SpanContext(
                int(trace_id, 16),
                int(span_id, 16),
                is_remote=False,
                trace_flags=TraceFlags(TraceFlags.SAMPLED),
            )

        return ReadableSpan(
            name=span.name,
            context=context(span.trace_id, span.span_id),
            resource=self._resource,
            attributes=span.attributes,
            links=[
                Link(context(*link), BoundedAttributes()) for link in span.links
            ],  # before 1.27, None fails
            kind=SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR if span.error else StatusCode.UNSET),
            start_time=span.start,
            end_time=span.end,
            instrumentation_scope=self._scope,
        )

    def _metrics_data(self, batch: Batch) -> Any:
        from opentelemetry.sdk.metrics.export import (
            AggregationTemporality,
            Metric,
            MetricsData,
            NumberDataPoint,
            ResourceMetrics,
            ScopeMetrics,
            Sum,
        )

        grouped: dict[str, list[MetricPoint]] = {}
        for point in batch.metrics:
            grouped.setdefault(point.metric.name, []).append(point)
        metrics = [
            Metric(
                name=name,
                description=group[0].metric.brief,
                unit=group[0].metric.unit,
                data=Sum(
                    data_points=[
                        NumberDataPoint(
                            attributes=dict(point.attributes),
                            start_time_unix_nano=self._started,
                            time_unix_nano=batch.time,
                            value=point.value,
                        )
                        for point in group
                    ],
                    aggregation_temporality=AggregationTemporality.CUMULATIVE,
                    is_monotonic=group[0].metric.instrument == "counter",
                ),
            )
            for name, group in grouped.items()
        ]
        scope = ScopeMetrics(scope=self._scope, metrics=metrics, schema_url="")
        return MetricsData([ResourceMetrics(resource=self._resource, scope_metrics=[scope], schema_url="")])


_our_threads: set[int] = set()


@contextmanager
def unseen() -> Iterator[None]:
    """Keep our requests out of the application's traces and log while this thread sends."""
    from opentelemetry import context

    key = getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", "suppress_instrumentation")
    token = context.attach(context.set_value(key, True))
    _our_threads.add(get_ident())
    try:
        yield
    finally:
        _our_threads.discard(get_ident())
        context.detach(token)


def _keep_out_of_the_log() -> None:
    """Keep what the exporters say of our Collector, from our thread, out of the application's log."""
    import logging

    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("opentelemetry.exporter.otlp", "opentelemetry.sdk", "urllib3")):
            logging.getLogger(name).addFilter(_is_not_ours)


def _is_not_ours(record: Any) -> bool:
    return record.thread not in _our_threads


def _request_seconds() -> float:
    try:
        return float(os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT", "") or REQUEST_SECONDS)
    except ValueError:
        return REQUEST_SECONDS


def _http_exporters(seconds: Callable[[], float]) -> tuple[Any, Any, Optional[Any]]:
    from opentelemetry.exporter.otlp.proto.http import metric_exporter, trace_exporter

    options: dict[str, Any] = {"timeout": seconds()}
    session = _session(seconds)
    for_metrics = dict(options)
    if session is not None:  # two, as what is said of metrics is not what is said of spans
        options["session"], for_metrics["session"] = session, _session(seconds)
    return (
        _made(trace_exporter.OTLPSpanExporter, options),
        _made(metric_exporter.OTLPMetricExporter, for_metrics),
        session,
    )


def _session(seconds: Callable[[], float]) -> Optional[Any]:
    if any(name.endswith("_CREDENTIAL_PROVIDER") for name in os.environ):
        return None  # the exporter takes somebody else's then, which says who is asking
    try:
        from ssot_probe.export.over_http import AnsweredSession
    except ImportError:  # the exporter may do without `requests` one day
        return None
    return AnsweredSession(seconds)


def _grpc_exporters(seconds: Callable[[], float]) -> tuple[Any, Any, Optional[Any]]:
    with _no_threads_needed():
        from opentelemetry.exporter.otlp.proto.grpc import metric_exporter, trace_exporter

    from ssot_probe.export.addresses import is_loopback
    from ssot_probe.export.over_grpc import AnsweredStub

    options: dict[str, Any] = {"timeout": seconds()}
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get(
        "OTEL_EXPORTER_OTLP_ENDPOINT", "localhost"
    )
    if is_loopback(endpoint):
        options["channel_options"] = (("grpc.enable_http_proxy", 0),)
    spans = _made(trace_exporter.OTLPSpanExporter, options)
    metrics = _made(metric_exporter.OTLPMetricExporter, options)
    answers = AnsweredStub(spans, seconds) if hasattr(spans, "_client") else None
    if hasattr(metrics, "_client"):
        AnsweredStub(metrics, seconds)
    return spans, metrics, answers


@contextmanager
def _no_threads_needed() -> Iterator[None]:
    """Let the SDK be loaded while the interpreter ends: it asks a pool of threads what the resource is."""
    from opentelemetry.sdk import resources

    threading = sys.modules.get("threading")
    detect = getattr(resources, "get_aggregated_resources", None)
    if threading is None or threading.main_thread().is_alive() or detect is None:
        yield
        return
    resources.get_aggregated_resources = lambda *arguments, **options: resources.Resource({})
    try:
        yield
    finally:
        resources.get_aggregated_resources = detect


def _made(exporter: Any, options: dict[str, Any]) -> Any:
    """Make an exporter with what its version takes of the options.

    Its metrics of itself, which newer ones have, do not mix with the application's.
    """
    from opentelemetry.metrics import NoOpMeterProvider

    options = {**options, "meter_provider": NoOpMeterProvider()}
    for newest in ("", "meter_provider", "channel_options"):
        options.pop(newest, None)
        try:
            return exporter(**options)
        except TypeError:
            continue
    return exporter()
