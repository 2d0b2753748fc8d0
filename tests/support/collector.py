"""A receiver of OTLP over HTTP that decodes what it gets, and can refuse or hang."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ssot_probe.model.records import Record
from ssot_probe.wire.otlp_json import Resource, SpanData, read_line
from ssot_probe.wire.spans import from_span

_ID_KEYS = ("traceId", "spanId", "parentSpanId")


class Collector:
    """What has arrived, decoded from protobuf.

    Attributes:
        port: of 127.0.0.1.
        status: what it answers; 0 means that it never does.
        headers: of each request, names in lower case.
        paths: of each request.
    """

    def __init__(self) -> None:
        self.port = 0
        self.status = 200
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.traces: list[ExportTraceServiceRequest] = []
        self.metrics: list[ExportMetricsServiceRequest] = []
        self.ended = threading.Event()

    @property
    def endpoint(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def spans(self) -> list[tuple[Resource, SpanData]]:
        """All spans that arrived, with the resource of each, read like the lines of a file."""
        return [pair for message in self.traces for pair in read_line(json.dumps(_with_hex_ids(message)))]

    @property
    def records(self) -> list[Record]:
        """All records that arrived."""
        return [record for _, span in self.spans for record in from_span(span)]

    @property
    def metric_names(self) -> set[str]:
        """The names of all metrics that arrived."""
        return {
            metric.name
            for message in self.metrics
            for resource in message.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Take one request in."""
        self.paths.append(path)
        self.headers.append(headers)
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if path == "/v1/traces":
            self.traces.append(ExportTraceServiceRequest.FromString(body))
        elif path == "/v1/metrics":
            self.metrics.append(ExportMetricsServiceRequest.FromString(body))


@contextmanager
def running_collector(status: int = 200) -> Iterator[Collector]:
    """Listen on a free port of 127.0.0.1 for the length of the block."""
    collector = Collector()
    collector.status = status

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not collector.status:
                collector.ended.wait(60)
                self.close_connection = True
                return
            if collector.status == 200:
                headers = {name.lower(): value for name, value in self.headers.items()}
                collector.receive(self.path, headers, body)
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield collector
    finally:
        collector.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _with_hex_ids(message: ExportTraceServiceRequest) -> dict[str, Any]:
    """Return a message as OTLP's JSON: like protobuf's, but with hexadecimal ids."""
    found: dict[str, Any] = MessageToDict(message)
    for group in found.get("resourceSpans", ()):
        for scope in group.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                for holder in (span, *span.get("links", ())):
                    for key in _ID_KEYS:
                        if key in holder:
                            holder[key] = base64.b64decode(holder[key]).hex()
    return found
