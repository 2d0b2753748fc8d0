"""Serves two requests of two users, each in a span of its own OpenTelemetry SDK; prints its trace tree."""

import json
import time

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import chat

memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("app")

for user in ("anna", "bert"):
    with tracer.start_as_current_span("request " + user), tracer.start_as_current_span("handler " + user):
        chat.get_manager(user)
        time.sleep(0.3)
        with tracer.start_as_current_span("store " + user):
            chat.new_manager(user)

spans = memory.get_finished_spans()
names = {span.context.span_id: span.name for span in spans}
tree = [
    [span.name, names.get(span.parent.span_id) if span.parent else None, len(span.links), len(span.events)]
    for span in spans
]
ids = {span.name: [f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"] for span in spans}
marks = {span.name: dict(span.attributes) for span in spans if span.attributes}
print(json.dumps({"tree": tree, "ids": ids, "marks": marks}))
