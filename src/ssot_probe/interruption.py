"""Keeps the exit code of a program that Ctrl-C ended, whatever is loaded before the interpreter is gone.

The interpreter remembers that a KeyboardInterrupt was not caught, and ends by the signal then. Any `eval()`
of a text makes it forget, in any thread, and every named tuple is made by one: `run_eval_code_obj` in
CPython's Python/pythonrun.c.
"""

from __future__ import annotations

import sys
from contextlib import suppress


def was_interrupted() -> bool:
    """Is the program ending because nobody caught a KeyboardInterrupt?"""
    return getattr(sys, "last_type", None) is KeyboardInterrupt


def remember_interruption() -> None:
    """Let the interpreter remember it again, by one that leaves an `eval()`."""
    with suppress(KeyboardInterrupt):
        eval("interrupt()", {"interrupt": _interrupt})


def _interrupt() -> None:
    raise KeyboardInterrupt
