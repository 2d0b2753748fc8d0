"""Sees the classes and functions of `__main__` while it runs: no loader of ours ever executes it.

A script that defines its classes itself and then serves for ever never finishes its module. So its lines are
traced, at its top level only, until the last definition has been passed; from then on nothing is left in
place. While the script imports something that has yet to be loaded, tracing is off: it would slow down
everything that runs meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType
from typing import Any, Optional

MOST_CALLS = 50_000
"""Calls during one line of the script after which it is no longer defining but serving."""


class MainModuleWatch:
    """Calls `look` whenever `__main__` may have defined something new.

    Args:
        look: looks through the module; must not raise.
    """

    def __init__(self, look: Callable[[ModuleType], None]) -> None:
        self._look = look
        self._frame: Optional[FrameType] = None
        self._last_definition = 0
        self._calls = 0
        self._is_watching = False

    def start(self) -> None:
        """Wait for the script to begin. A debugger or coverage that traces already keeps its place."""
        if sys.gettrace() is None:
            self._is_watching = True
            sys.settrace(self._ssot_probe_calls)

    def stop(self) -> None:
        """Leave nothing in place; may be called twice."""
        self._is_watching = False
        if self._frame is not None:
            self._frame.f_trace = None
            self._frame = None
        self._trace(False)

    @property
    def is_tracing(self) -> bool:
        """Does the script run in this thread, and is it being followed?"""
        return self._frame is not None and sys.gettrace() == self._ssot_probe_calls

    def pause(self) -> None:
        """Trace nothing until `resume`: the script waits for a module."""
        self._trace(False)

    def resume(self) -> None:
        """Go on: the module has been loaded, or failed to."""
        if self._is_watching:
            self._trace(True)

    def _trace(self, is_on: bool) -> None:
        if is_on and sys.gettrace() is None:
            sys.settrace(self._ssot_probe_calls)
        elif not is_on and sys.gettrace() == self._ssot_probe_calls:
            sys.settrace(None)

    def _ssot_probe_calls(self, frame: FrameType, event: str, argument: object) -> Any:
        if self._frame is None:
            main = sys.modules.get("__main__")
            if frame.f_code.co_name == "<module>" and main is not None and frame.f_globals is main.__dict__:
                return self._follow(frame)
        self._calls += 1
        if self._calls > MOST_CALLS:
            self.stop()
        return None

    def _follow(self, frame: FrameType) -> Any:
        self._last_definition = _last_definition(frame.f_code)
        if not self._last_definition:
            self.stop()
            return None
        self._frame = frame
        return self._ssot_probe_line

    def _ssot_probe_line(self, frame: FrameType, event: str, argument: object) -> Any:
        if not self._is_watching:
            return None
        self._calls = 0
        self._look(sys.modules["__main__"])
        if frame.f_lineno > self._last_definition or event == "return":
            self.stop()
            return None
        return self._ssot_probe_line


def defines_something(script: str) -> bool:
    """Does the script have a class or function statement at all? Unreadable scripts may have one."""
    try:
        with open(script, "rb") as file:
            text = file.read()
    except OSError:
        return True
    return any(line.lstrip().startswith((b"class ", b"def ", b"async def ")) for line in text.splitlines())


def _last_definition(code: CodeType) -> int:
    """Return the last line of the functions and classes that the code defines itself, 0 without any.

    A definition begins at its first decorator, and its name is bound when its last decorator returns.
    """
    return max((_last_line(inner) for inner in _inner(code) if not inner.co_name.startswith("<")), default=0)


def _last_line(code: CodeType) -> int:
    own = (line or 0 for _, _, line in code.co_lines())
    return max((*own, *(_last_line(inner) for inner in _inner(code))))


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]
