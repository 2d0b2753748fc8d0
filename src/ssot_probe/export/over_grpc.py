"""A client of gRPC for the SDK's exporter that reads what the Collector answers.

The exporter does not read which spans were rejected, and tries again on its own. Here each request is one
try, and what it came to is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpc import RpcError

from ssot_probe.export.answers import ARRIVED, UNAVAILABLE, Answer, error_answer, grpc_answer


class NotDeliveredError(OSError):
    """Ends the exporter's work on a request, in all its versions, without another try."""


class AnsweredStub:
    """Stands for the client that an exporter makes for its channel.

    Args:
        exporter: of the SDK, whose client is replaced.
        seconds: says how long a request may take.

    Attributes:
        answer: to the last request.
    """

    def __init__(self, exporter: Any, seconds: Callable[[], float]) -> None:
        self._client = exporter._client
        self._seconds = seconds
        self.answer = Answer(UNAVAILABLE)
        exporter._client = self

    def Export(self, request: Any, metadata: Any = None, timeout: float | None = None) -> Any:  # noqa: N802
        """Make a request; one that comes to nothing raises."""
        self.answer = Answer(UNAVAILABLE)
        try:
            response = self._client.Export(request=request, metadata=metadata, timeout=self._seconds())
        except RpcError as error:
            self.answer = _answer(error)
            raise NotDeliveredError from None
        except Exception as error:
            self.answer = error_answer(error)
            raise NotDeliveredError from None
        success = getattr(response, "partial_success", None)
        rejected = max(0, getattr(success, "rejected_spans", 0))
        self.answer = Answer(ARRIVED, f"spans rejected: {rejected}" if rejected else "", rejected=rejected)
        return response


def _answer(error: Any) -> Answer:
    wait = None
    for name, value in error.trailing_metadata() or ():
        if name == "google.rpc.retryinfo-bin":
            from google.rpc.error_details_pb2 import RetryInfo

            delay = RetryInfo.FromString(value).retry_delay
            wait = delay.seconds + delay.nanos / 1e9
    return grpc_answer(error.code().name, str(error.details()), wait)
