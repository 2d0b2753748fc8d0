"""Tells from the instructions after a call whether its caller steps the generator that it returns at once."""

from __future__ import annotations

from opcode import opname
from types import CodeType

_ITERATES = frozenset({"GET_AITER", "GET_ITER", "GET_YIELD_FROM_ITER"})
_STEPS = frozenset({"FOR_ITER", "GET_ANEXT", "SEND", "YIELD_FROM"})
_UNSEEN = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL"})

MOST_INSTRUCTIONS = 12
"""Between the two: an inlined comprehension saves its variables."""


def is_iterated_at_once(code: CodeType, offset: int) -> bool:
    """Is what the instruction at the offset brings stepped with nothing in between?

    A generator expression only takes hold of it; an asynchronous comprehension is awaited where it is made.
    """
    following = [
        name for name in map(opname.__getitem__, code.co_code[offset + 2 :: 2]) if name not in _UNSEEN
    ]
    if not following or following[0] not in _ITERATES:
        return False
    for at, name in enumerate(following[1 : 1 + MOST_INSTRUCTIONS], 1):
        if name in _STEPS:
            return True
        if name.startswith("CALL"):
            return following[at + 1 : at + 2] == ["GET_AWAITABLE"]
    return False
