"""Spans of the OpenTelemetry SDK that tell as much as a recorded call: what recording one would cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.rounds import Variant

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


QUEUED = 4_096
"""More spans than one round makes: they are exported where the round's calls are recorded, after it."""


class Tracing(NamedTuple):
    """A private tracer provider with a batch processor, as a service has one."""

    around: Callable[[Callable[[], object]], Variant]
    drain: Callable[[], None]


@contextmanager
def tracing() -> Iterator[Tracing]:
    """Provide spans that are made, queued, batched, and thrown away by the exporter."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    class Nowhere(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            """There is nothing to close."""

    provider = TracerProvider(sampler=ALWAYS_ON, resource=Resource({}), shutdown_on_exit=False)
    processor = BatchSpanProcessor(Nowhere(), max_queue_size=50_000, max_export_batch_size=QUEUED)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("benchmarks")

    def around(call: Callable[[], object]) -> Variant:
        def loop(count: int) -> None:
            for _ in range(count):
                with tracer.start_as_current_span("ssot.make", attributes=_attributes()):
                    call()

        return loop

    def drain() -> None:
        provider.force_flush()

    try:
        yield Tracing(around, drain)
    finally:
        provider.shutdown()


def _attributes() -> dict[str, Any]:
    return {
        "ssot.maker.name": "bench_shop.things:RecordedThing",
        "ssot.maker.outcome": "constructed",
        "code.line.number": 17,
        "thread.name": "MainThread",
        "user.hash": "u-0123456789abcdef",
    }
