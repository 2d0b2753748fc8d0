"""What an answer of a Collector means for what it was sent: it arrived, is refused, or to be tried again.

The specification of OTLP says which answers call for another try:
https://opentelemetry.io/docs/specs/otlp/#failures-1 and, for gRPC, #failures.
"""

from __future__ import annotations

import json
from typing import NamedTuple

ARRIVED, REFUSED, TOO_LARGE, UNAVAILABLE = "arrived", "refused", "too_large", "unavailable"

LONGEST_WAIT = 300.0
"""Seconds for which a Collector is left alone at most, whatever it asks for."""

_LATER = frozenset({429, 502, 503, 504})
_LATER_GRPC = frozenset(
    {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
)


class Answer(NamedTuple):
    """What became of one request."""

    kind: str  # ARRIVED, REFUSED, TOO_LARGE or UNAVAILABLE
    why: str = ""  # in words for a log; nothing of what was sent is in it
    wait: float = 0.0  # seconds for which the Collector asks to be left alone
    rejected: int = 0  # spans of a request that arrived, which are refused all the same


def http_answer(status: int, content_type: str, body: bytes, retry_after: str) -> Answer:
    """Return what a response says.

    Args:
        status: its status code.
        content_type: its header of that name, "" for none.
        body: its content.
        retry_after: its header of that name, "" for none.
    """
    if 200 <= status < 300:
        if content_type.startswith("text/html"):
            return Answer(REFUSED, f"{status} with a web page: this is no Collector")
        rejected = _rejected(content_type, body)
        return Answer(ARRIVED, f"spans rejected: {rejected}" if rejected else "", rejected=rejected)
    if status in _LATER:
        return Answer(UNAVAILABLE, f"status {status}", wait=_seconds(retry_after))
    return Answer(TOO_LARGE if status == 413 else REFUSED, f"status {status}")


def grpc_answer(code: str, details: str, wait: float | None) -> Answer:
    """Return what an error of gRPC says.

    Args:
        code: its name, such as UNAVAILABLE.
        details: what the other side says about it.
        wait: the seconds of its RetryInfo, None where it has none.
    """
    if code == "RESOURCE_EXHAUSTED" and "larger than max" in details:
        return Answer(TOO_LARGE, code)
    if code in _LATER_GRPC or (code == "RESOURCE_EXHAUSTED" and wait is not None):
        return Answer(UNAVAILABLE, code, wait=min(wait or 0.0, LONGEST_WAIT))
    return Answer(REFUSED, code)


def error_answer(error: BaseException) -> Answer:
    """Return what it means that there was no answer: a setting is wrong, or nobody could be reached."""
    why = type(error).__name__
    return Answer(REFUSED if isinstance(error, (TypeError, ValueError)) else UNAVAILABLE, why)


def _seconds(retry_after: str) -> float:
    """Read a Retry-After: seconds, or the date until when."""
    text = retry_after.strip()
    if not text:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        from email.utils import parsedate_to_datetime
        from time import time

        try:
            seconds = parsedate_to_datetime(text).timestamp() - time()
        except (TypeError, ValueError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else 0.0


def _rejected(content_type: str, body: bytes) -> int:
    """Return how many spans a partial success has rejected; 0 where nothing says so."""
    if not body:
        return 0
    try:
        if content_type.startswith("application/json"):
            return max(0, int(json.loads(body)["partialSuccess"]["rejectedSpans"]))
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

        return max(0, int(ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans))
    except Exception:  # whatever it is, it is no partial success
        return 0
