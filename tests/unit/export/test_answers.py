"""What answers of a Collector mean: the table of the specification, and whatever else may come."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from ssot_probe.export.addresses import is_loopback
from ssot_probe.export.answers import (
    ARRIVED,
    LONGEST_WAIT,
    REFUSED,
    TOO_LARGE,
    UNAVAILABLE,
    error_answer,
    grpc_answer,
    http_answer,
)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, ARRIVED) for status in (200, 202, 204)),
        *((status, REFUSED) for status in (301, 302, 307, 308, 304, 400, 401, 403, 404, 405, 415, 500, 501)),
        (413, TOO_LARGE),
        *((status, UNAVAILABLE) for status in (429, 502, 503, 504)),
    ],
)
def test_a_status_says_whether_to_try_again(status: int, kind: str) -> None:
    assert http_answer(status, "", b"", "").kind == kind


def test_a_web_page_is_no_success() -> None:
    assert http_answer(200, "text/html; charset=utf-8", b"<html>", "").kind == REFUSED


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (
            "application/x-protobuf",
            ExportTraceServiceResponse(
                partial_success=ExportTracePartialSuccess(rejected_spans=3)
            ).SerializeToString(),
        ),
        ("application/json", b'{"partialSuccess": {"rejectedSpans": "3", "errorMessage": "too old"}}'),
        ("application/json; charset=utf-8", b'{"partialSuccess": {"rejectedSpans": 3}}'),
    ],
)
def test_what_was_rejected_of_a_request_is_read(content_type: str, body: bytes) -> None:
    answer = http_answer(200, content_type, body, "")
    assert (answer.kind, answer.rejected, answer.why) == (ARRIVED, 3, "spans rejected: 3")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("", 0), ("0", 0), ("7", 7), (" 7 ", 7), ("-7", 0), ("86400", LONGEST_WAIT), ("inf", LONGEST_WAIT)],
)
def test_how_long_to_wait_is_read_within_bounds(header: str, seconds: float) -> None:
    assert http_answer(429, "", b"", header).wait == seconds


def test_how_long_to_wait_may_be_a_date() -> None:
    at = datetime.now(timezone.utc) + timedelta(seconds=100)
    assert 90 < http_answer(503, "", b"", format_datetime(at, usegmt=True)).wait <= 101
    long_ago = at - timedelta(days=400)
    assert http_answer(503, "", b"", format_datetime(long_ago, usegmt=True)).wait == 0


@given(st.integers(100, 599), st.text(max_size=30), st.binary(max_size=60), st.text(max_size=30))
def test_whatever_comes_is_an_answer(status: int, content_type: str, body: bytes, header: str) -> None:
    for kind in (content_type, "application/json", "application/x-protobuf"):
        answer = http_answer(status, kind, body, header)
        assert answer.kind in (ARRIVED, REFUSED, TOO_LARGE, UNAVAILABLE)
        assert 0 <= answer.wait <= LONGEST_WAIT
        assert answer.rejected >= 0
        assert math.isfinite(answer.wait)


@pytest.mark.parametrize(
    ("code", "details", "wait", "kind"),
    [
        *((code, "", None, UNAVAILABLE) for code in ("UNAVAILABLE", "ABORTED", "DEADLINE_EXCEEDED")),
        *((code, "", None, REFUSED) for code in ("UNAUTHENTICATED", "INVALID_ARGUMENT", "UNIMPLEMENTED")),
        ("RESOURCE_EXHAUSTED", "no room", None, REFUSED),
        ("RESOURCE_EXHAUSTED", "no room", 2.0, UNAVAILABLE),
        ("RESOURCE_EXHAUSTED", "Received message larger than max (9 vs. 4)", None, TOO_LARGE),
    ],
)
def test_a_code_of_grpc_says_whether_to_try_again(
    code: str, details: str, wait: float | None, kind: str
) -> None:
    answer = grpc_answer(code, details, wait)
    assert (answer.kind, answer.wait) == (kind, wait or 0.0)


def test_nothing_of_an_address_or_a_header_is_said_of_an_error() -> None:
    answer = error_answer(ValueError("http://user:secret@collector/?token=abc"))
    assert (answer.kind, answer.why) == (REFUSED, "ValueError")
    assert error_answer(ConnectionResetError("secret")).kind == UNAVAILABLE


@pytest.mark.parametrize(
    ("address", "is_here"),
    [
        *((address, True) for address in ("http://localhost:4318", "127.0.0.1:4317", "http://[::1]:4318/v1")),
        *((address, True) for address in ("https://127.1.2.3", "localhost")),
        *((address, False) for address in ("http://collector:4318", "http://localhost.example", "", "//[")),
        ("http://localhost@collector:4318", False),
    ],
)
def test_an_address_of_this_very_host_is_known(address: str, is_here: bool) -> None:
    assert is_loopback(address) is is_here
