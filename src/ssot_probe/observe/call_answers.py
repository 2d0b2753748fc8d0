"""Remembers what the code around each call says of it: that is asked for every time the call is made."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType

MOST_SITES = 4_096
"""Calls that are remembered; of those beyond the answer is no."""


class CallAnswers:
    """The answers to one question.

    Args:
        ask: (code of the caller, offset of the calling instruction) -> the answer.

    Attributes:
        known: (id of the code, offset) -> the code, and the answer, or None where it was never asked.
    """

    def __init__(self, ask: Callable[[CodeType, int], bool]) -> None:
        self._ask = ask
        self._sites: dict[tuple[int, int], tuple[CodeType, bool]] = {}  # a code's id holds while it lives
        self.known = self._sites.get

    def look(self, code: CodeType, offset: int) -> tuple[CodeType, bool]:
        """Return the code and the answer; remember both."""
        if len(self._sites) >= MOST_SITES:
            return code, False
        found = self._sites[id(code), offset] = code, self._ask(code, offset)
        return found
