"""Tells from the instruction of a call whether its caller awaits the result at once.

Then the coroutine begins where it was made: in this thread and task, with nothing in between.
"""

from __future__ import annotations

from opcode import opmap
from types import CodeType

_CACHE, _GET_AWAITABLE = opmap.get("CACHE", -1), opmap["GET_AWAITABLE"]


def is_awaited_at_once(code: CodeType, offset: int) -> bool:
    """Is what the instruction at the offset brings awaited by the next one?"""
    instructions = code.co_code
    following = offset + 2
    while following < len(instructions) and instructions[following] == _CACHE:
        following += 2
    return following < len(instructions) and instructions[following] == _GET_AWAITABLE
