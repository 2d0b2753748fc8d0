"""A session of `requests` for the SDK's exporter that reads what the Collector answers.

The exporter takes a redirection for a success, does not read which spans were rejected, and tries again on
its own. Here each request is one try, and what it came to is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from requests import Session

from ssot_probe.export.addresses import is_loopback
from ssot_probe.export.answers import ARRIVED, UNAVAILABLE, Answer, error_answer, http_answer


class NotDeliveredError(OSError):
    """Ends the exporter's work on a request, in all its versions, without another try."""


class AnsweredSession(Session):
    """Keeps what the last request came to.

    Args:
        seconds: says how long a request may take.

    Attributes:
        answer: to the last request.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        super().__init__()
        self._seconds = seconds
        self.answer = Answer(UNAVAILABLE)

    def request(self, method: Any, url: Any, *arguments: Any, **options: Any) -> Any:
        """Make a request; one that comes to nothing raises."""
        self.answer = Answer(UNAVAILABLE)
        options["timeout"] = self._seconds()  # the exporter counts by a clock that may jump
        options["allow_redirects"] = False
        try:
            response = super().request(method, url, *arguments, **options)
        except Exception as error:
            self.answer = error_answer(error)
            raise NotDeliveredError from None
        headers = response.headers
        self.answer = http_answer(
            response.status_code,
            headers.get("Content-Type", ""),
            response.content,
            headers.get("Retry-After", ""),
        )
        if self.answer.kind != ARRIVED:
            raise NotDeliveredError
        return response

    def merge_environment_settings(self, url: Any, *arguments: Any) -> Any:
        """Return what the environment says about a request; no proxy stands before this very host."""
        settings = super().merge_environment_settings(url, *arguments)
        if is_loopback(str(url)):
            settings["proxies"] = {}
        return settings
