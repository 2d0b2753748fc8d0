"""Sends to a Collector through the OpenTelemetry SDK's exporters, in a thread that may hang alone.

No provider is made: our spans are finished facts, and a provider would read the application's samplers,
limits and switches from the environment. The SDK's `ReadableSpan` and metric data go straight to its
exporters, which read OTEL_EXPORTER_OTLP_* as everywhere.
"""

from __future__ import annotations

import os
from _thread import allocate_lock, get_ident, get_native_id, start_new_thread
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, NamedTuple, Optional

from ssot_probe.losses import EXPORT_FAILED, EXPORT_QUEUE_FULL, Losses
from ssot_probe.observe.threads import is_importing, wait_for_end
from ssot_probe.wire.otlp_json import AttributeValue, MetricPoint, SpanData, records_in
from ssot_probe.wire.registry import SCOPE

QUEUED_BATCHES = 256
"""Batches that may wait for a Collector that does not answer."""

REQUEST_SECONDS = 5.0
"""How long one request may take, where OTEL_EXPORTER_OTLP_TIMEOUT does not say."""

LOADING_SECONDS = 5.0
"""How long a fork waits while the SDK is imported: in the child its locks would never open again."""


class _Batch(NamedTuple):
    spans: Sequence[SpanData]
    metrics: Sequence[MetricPoint]
    time: int


class OtlpExporter:
    """Exports to the endpoint that OTEL_EXPORTER_OTLP_ENDPOINT names.

    Args:
        resource: attributes of the process.
        version: of ssot-probe.
        started: since when counters count, nanoseconds since the epoch.
        losses: where what could not be delivered is counted.
        on_error: told of an error of the probe's own; must not raise.
    """

    is_live = True

    def __init__(
        self,
        resource: Mapping[str, AttributeValue],
        version: str,
        started: int,
        losses: Losses,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._resource = resource
        self._version = version
        self._started = started
        self._losses = losses
        self._on_error = on_error
        self._queue: deque[_Batch] = deque()
        self._sender: Optional[_Sender] = None
        self._bell = allocate_lock()
        self._bell.acquire()
        self._finished = allocate_lock()
        self._thread = self._native_id = 0
        self._is_running = self._is_pausing = self._is_closing = self._is_useless = False

    def export(self, spans: Sequence[SpanData], metrics: Sequence[MetricPoint], time: int) -> None:
        """Queue a batch; the newest is lost, counted, while too many wait."""
        if not spans and not metrics:
            return
        if self._is_useless:
            self._losses.add(EXPORT_FAILED, records_in(spans))
        elif len(self._queue) >= QUEUED_BATCHES:
            self._losses.add(EXPORT_QUEUE_FULL, records_in(spans))
        else:
            self._queue.append(_Batch(spans, metrics, time))
            self._start()
            self._ring()

    def pause(self, seconds: float) -> None:
        """Stop the thread, keeping what waits: a forked child gets copies of the locks that it holds."""
        self._is_pausing = True
        self._ring()
        deadline = monotonic() + LOADING_SECONDS
        while self._is_running and not self._has_finished(seconds):
            if monotonic() > deadline or (self._sender is not None and not is_importing(self._thread)):
                break
        if not self._is_running:
            wait_for_end(self._native_id, seconds)
        self._is_pausing = False

    def close(self, seconds: float) -> None:
        """Deliver what waits; after so many seconds the rest is given up, counted."""
        self._is_closing = True
        self._ring()
        if not self._is_running:
            self._begin()
            self._run(monotonic() + seconds)
        elif not self._finished.acquire(timeout=seconds):
            self._lose_queue()

    def _has_finished(self, seconds: float) -> bool:
        has_finished = self._finished.acquire(timeout=seconds)
        if has_finished:
            self._finished.release()
        return has_finished

    def _start(self) -> None:
        if not self._is_running:
            self._begin()
            try:
                start_new_thread(self._run, ())
            except RuntimeError:  # the interpreter is about to end: what waits is sent while closing
                self._end()

    def _begin(self) -> None:
        self._is_running = True
        self._finished.acquire()

    def _end(self) -> None:
        self._is_running = False
        self._finished.release()

    def _ring(self) -> None:
        try:
            self._bell.release()
        except RuntimeError:
            return  # it rings already

    def _run(self, deadline: float | None = None) -> None:
        self._thread, self._native_id = get_ident(), get_native_id()
        try:
            while not self._is_pausing:
                self._send_all(deadline)
                if self._is_closing or self._is_useless:
                    break
                self._bell.acquire(timeout=1.0)
        finally:
            self._end()

    def _send_all(self, deadline: float | None) -> None:
        try:
            with _unseen():
                if self._sender is None:
                    self._sender = _Sender(self._resource, self._version, self._started, deadline)
                while self._queue and not self._is_pausing:
                    batch = self._queue[0]
                    is_delivered = self._sender(batch)
                    if batch not in self._queue:
                        return  # given up meanwhile
                    self._queue.popleft()
                    if not is_delivered:
                        self._losses.add(EXPORT_FAILED, records_in(batch.spans))
        except Exception as error:
            self._is_useless = True
            self._lose_queue()
            self._on_error(error)

    def _lose_queue(self) -> None:
        self._losses.add(EXPORT_FAILED, sum(records_in(batch.spans) for batch in list(self._queue)))
        self._queue.clear()


class _Sender:
    """Holds the SDK's exporters; made in the exporting thread, where loading them delays nobody."""

    def __init__(
        self,
        resource: Mapping[str, AttributeValue],
        version: str,
        started: int,
        deadline: float | None,
    ) -> None:
        import opentelemetry.sdk.metrics.export
        import opentelemetry.sdk.trace  # noqa: F401  # a fork waits for what is imported here
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        self._resource = Resource(dict(resource))
        self._scope = InstrumentationScope(SCOPE, version)
        self._started = started
        self._spans, self._metrics = _sdk_exporters(deadline)
        _keep_out_of_the_log()

    def __call__(self, batch: _Batch) -> bool:
        """Send one batch; False where it was refused or did not get through.

        Metrics are not tried after spans that failed: they are cumulative, so the next ones say it all.
        """
        readable = [self._readable(span) for span in batch.spans]
        try:
            is_delivered = not readable or bool(self._spans.export(readable).value == 0)
        except OSError:  # some versions do not catch a connection that is refused
            return False
        if batch.metrics and is_delivered:
            self._metrics.export(self._metrics_data(batch))
        return is_delivered

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

    def _metrics_data(self, batch: _Batch) -> Any:
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
def _unseen() -> Iterator[None]:
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


def _sdk_exporters(deadline: float | None) -> tuple[Any, Any]:
    arguments: dict[str, Any] = {}
    if deadline is not None:
        arguments["timeout"] = max(0.1, deadline - monotonic())
    elif "OTEL_EXPORTER_OTLP_TIMEOUT" not in os.environ:
        arguments["timeout"] = REQUEST_SECONDS
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc import metric_exporter, trace_exporter

        return _made(trace_exporter.OTLPSpanExporter, arguments), _made(
            metric_exporter.OTLPMetricExporter, arguments
        )
    from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
    from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces

    return _made(http_traces.OTLPSpanExporter, arguments), _made(http_metrics.OTLPMetricExporter, arguments)


def _made(exporter: Any, arguments: dict[str, Any]) -> Any:
    """Make an exporter whose metrics of itself, which newer ones have, do not mix with the application's."""
    from opentelemetry.metrics import NoOpMeterProvider

    try:
        return exporter(**arguments, meter_provider=NoOpMeterProvider())
    except TypeError:
        return exporter(**arguments)
