"""Receivers of OTLP, over HTTP and gRPC, that decode what they get, and can refuse, hang or take a part."""

from __future__ import annotations

import base64
import gzip
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple

import grpc
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from ssot_probe.model.records import Record
from ssot_probe.wire.otlp_json import Resource, SpanData, read_line
from ssot_probe.wire.spans import from_span

_ID_KEYS = ("traceId", "spanId", "parentSpanId")


class Reply(NamedTuple):
    """What a request for traces gets."""

    status: int = 200  # 0: there is no answer; for gRPC the number of a code, or 200
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""
    rejected: int = 0  # spans of it
    seconds: float = 0.0  # until it is given


OK = Reply()


def partial(rejected: int) -> Reply:
    """Return the answer that so many spans were not taken."""
    success = ExportTracePartialSuccess(rejected_spans=rejected, error_message="too old")
    body = ExportTraceServiceResponse(partial_success=success).SerializeToString()
    return Reply(200, {"Content-Type": "application/x-protobuf"}, body, rejected)


class Collector:
    """What has arrived, decoded from protobuf.

    Attributes:
        port: of 127.0.0.1.
        reply: says what the next request gets, which is the so-and-so-many-th one.
        asked: requests for traces until now.
        too_large: requests that were.
        rejected: spans that it did not take of requests that it took.
        headers: of each request, names in lower case.
        paths: of each request.
    """

    def __init__(self) -> None:
        self.port = 0
        self.reply: Callable[[int], Reply] = lambda number: OK
        self.asked = 0
        self.rejected = 0
        self.too_large = 0
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
        if path.endswith("/v1/traces"):  # a proxy is asked for the whole address
            self.traces.append(ExportTraceServiceRequest.FromString(body))
        elif path.endswith("/v1/metrics"):
            self.metrics.append(ExportMetricsServiceRequest.FromString(body))


@contextmanager
def running_collector(
    status: int = 200,
    reply: Callable[[int], Reply] | None = None,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    most_bytes: int = 4 << 20,
) -> Iterator[Collector]:
    """Listen at 127.0.0.1 for the length of the block.

    Args:
        status: what every request gets, 0 for no answer.
        reply: what each request for traces gets, in place of that.
        port: where; a free one by default.
        tls: what makes it speak TLS.
        most_bytes: of a request; more are too large.
    """
    collector = Collector()
    collector.reply = reply or (lambda number: Reply(status))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.endswith("/v1/traces"):
                collector.asked += 1
            reply = collector.reply(collector.asked)
            if len(body) > most_bytes:
                reply = Reply(413)
                collector.too_large += 1
            if reply.seconds or not reply.status:
                collector.ended.wait(reply.seconds or 60)
            if not reply.status:
                self.close_connection = True
                return
            if reply.status == 200 and not reply.body.startswith(b"<html>"):
                headers = {name.lower(): value for name, value in self.headers.items()}
                collector.receive(self.path, headers, body)
                if self.path.endswith("/v1/traces"):
                    collector.rejected += reply.rejected
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *args: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that goes away, or does not speak TLS, is expected here."""

    server = Server(("127.0.0.1", port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
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


@contextmanager
def running_grpc_collector(
    reply: Callable[[int], Reply] = lambda number: OK, most_bytes: int = 4 << 20, port: int = 0
) -> Iterator[Collector]:
    """Listen for gRPC at 127.0.0.1 for the length of the block.

    Args:
        reply: what each request for traces gets; its headers go with an error as metadata.
        most_bytes: of a request.
        port: where; a free one by default.
    """
    collector = Collector()
    collector.reply = reply

    class Traces(TraceServiceServicer):
        def Export(self, request: Any, context: Any) -> Any:  # noqa: N802
            collector.asked += 1
            reply = collector.reply(collector.asked)
            if reply.seconds or not reply.status:
                collector.ended.wait(reply.seconds or 60)
            if reply.status != 200:
                context.set_trailing_metadata(tuple((name, value) for name, value in reply.headers.items()))
                context.abort(_CODES[reply.status], "no")
            collector.traces.append(request)
            collector.rejected += reply.rejected
            return ExportTraceServiceResponse.FromString(reply.body)

    class Metrics(MetricsServiceServicer):
        def Export(self, request: Any, context: Any) -> Any:  # noqa: N802
            collector.metrics.append(request)
            return ExportMetricsServiceResponse()

    options = (("grpc.max_receive_message_length", most_bytes), ("grpc.so_reuseport", 0))
    server = grpc.server(ThreadPoolExecutor(4), options=options)
    add_TraceServiceServicer_to_server(Traces(), server)  # type: ignore[no-untyped-call]
    add_MetricsServiceServicer_to_server(Metrics(), server)  # type: ignore[no-untyped-call]
    collector.port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield collector
    finally:
        collector.ended.set()
        server.stop(0).wait()


_CODES = {code.value[0]: code for code in grpc.StatusCode}


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
