"""Who stands around a call that is made while something is being constructed: that is who wanted it."""

from __future__ import annotations

from contextlib import contextmanager
from types import CodeType, FrameType

from ssot_probe.observe.unseen_frames import UNSEEN_FILE

CONSTRUCTING = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "model_post_init"})
"""Names of functions that run because somebody constructs an instance."""

MOST_CALLERS = 3
"""Callers beyond the constructor that are noted: who constructs, and who calls that one for the result."""

_MOST_FRAMES = 16

_CONTEXTLIB = contextmanager.__code__.co_filename

Calls = tuple[tuple[CodeType, int], ...]


def consumer(frame: FrameType) -> FrameType:
    """Return the frame that asked a generator, which runs in the frame, for its next value.

    A `with` statement asks through contextlib.
    """
    caller = frame.f_back
    while caller is not None:
        file = caller.f_code.co_filename
        if file != UNSEEN_FILE and file != _CONTEXTLIB:
            return caller
        caller = caller.f_back
    return frame


def around(frame: FrameType) -> Calls:
    """Return who constructs what makes a call in the frame; nobody where no constructor runs in it."""
    return outer_calls(frame) if frame.f_code.co_name in CONSTRUCTING else ()


def outer_calls(frame: FrameType) -> Calls:
    """Return code and offset of the functions around a constructor that runs in the frame, nearest first."""
    found: list[tuple[CodeType, int]] = []
    caller = frame.f_back
    for _ in range(_MOST_FRAMES):
        if caller is None or len(found) == MOST_CALLERS:
            break
        code = caller.f_code
        if code.co_filename != UNSEEN_FILE and (found or code.co_name not in CONSTRUCTING):
            found.append((code, caller.f_lasti))
        caller = caller.f_back
    return tuple(found)
