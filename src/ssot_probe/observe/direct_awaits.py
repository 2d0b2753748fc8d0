"""Tells from the instruction of a call whether its caller awaits the result at once.

Then the coroutine begins where it was made: in this thread and task, with nothing in between.
"""

from __future__ import annotations

from opcode import opmap
from types import CodeType

_CACHE, _GET_AWAITABLE = opmap.get("CACHE", -1), opmap["GET_AWAITABLE"]

MOST_SITES = 4_096
"""Calls that are remembered; of those beyond it is said that they do not."""


class DirectAwaits:
    """Remembers what was found out about each call."""

    def __init__(self) -> None:
        self._sites: dict[tuple[int, int], tuple[CodeType, bool]] = {}  # a code's id holds while it lives
        self.known = self._sites.get

    def look(self, code: CodeType, offset: int) -> tuple[CodeType, bool]:
        """Return the code, and whether the call at the offset is awaited at once; remember both."""
        if len(self._sites) >= MOST_SITES:
            return code, False
        found = self._sites[id(code), offset] = code, is_awaited_at_once(code, offset)
        return found


def is_awaited_at_once(code: CodeType, offset: int) -> bool:
    """Is what the instruction at the offset brings awaited by the next one?"""
    instructions = code.co_code
    following = offset + 2
    while following < len(instructions) and instructions[following] == _CACHE:
        following += 2
    return following < len(instructions) and instructions[following] == _GET_AWAITABLE
