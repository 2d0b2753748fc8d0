"""Keeps the probe's own frames out of tracebacks, and out of the lines that warnings and logs name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

UNSEEN_FILE = "<ssot_probe, counted like importlib._bootstrap>"
"""`warnings` and `logging` count no frame whose file has both words in its name, as they do for importlib."""

_HIDES = sys.version_info >= (3, 11)
"""Before, `raise` adds the frame again, whatever is done to the traceback."""


def unseen(function: _F) -> _F:
    """Let the wrappers that a function defines, those called `ssot_probe_...`, not count as callers."""
    code = function.__code__
    function.__code__ = code.replace(co_consts=tuple(map(_renamed, code.co_consts)))
    return function


def leave_out(error: BaseException) -> None:
    """Take the frame that caught an exception, and is about to raise it again, out of its traceback.

    What the arguments were must not show in the error page of a framework that knows which functions to
    be silent about.
    """
    if _HIDES and error.__traceback__ is not None:
        error.__traceback__ = error.__traceback__.tb_next


def caller_depth() -> int:
    """Return how many frames the caller of an observed function is away from its wrapper."""
    from ssot_probe.observe.observed_function import FRAMES  # it brings wrapt

    return 1 + FRAMES


def caller_of(wrapper: FrameType) -> FrameType:
    """Return the frame that called an observed function, given that of its wrapper; wrappers may stack."""
    depth = caller_depth()
    frame = wrapper
    while frame.f_code.co_filename == UNSEEN_FILE:
        for _ in range(depth):
            if frame.f_back is None:
                return frame
            frame = frame.f_back
    return frame


def _renamed(constant: object) -> object:
    if isinstance(constant, CodeType) and constant.co_name.startswith("ssot_probe_"):
        return constant.replace(co_filename=UNSEEN_FILE)
    return constant
