"""Sees the classes and functions of `__main__` while it runs: no loader of ours ever executes it.

A script that defines its classes itself and then serves for ever never finishes its module. So the class
statements in it are watched, and after the first one each further line at its top level, until the last
definition has been passed; from then on nothing is left in place.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from sys import _getframe
from types import CodeType, FrameType, ModuleType
from typing import Any


class MainModuleWatch:
    """Calls `look` whenever `__main__` may have defined something new.

    Args:
        look: looks through the module; must not raise.
    """

    def __init__(self, look: Callable[[ModuleType], None]) -> None:
        self._look = look
        self._build_class = builtins.__build_class__
        self._last_definition = 0
        self._is_tracing = False

    def start(self) -> None:
        """Watch for the first class statement of `__main__`."""
        self._build_class = builtins.__build_class__
        builtins.__build_class__ = self._ssot_probe_build_class  # type: ignore[assignment]

    def stop(self) -> None:
        """Leave nothing in place; may be called twice."""
        if vars(builtins)["__build_class__"] == self._ssot_probe_build_class:
            builtins.__build_class__ = self._build_class
        if self._is_tracing and sys.gettrace() == self._trace_nothing:
            sys.settrace(None)
        self._is_tracing = False

    def _ssot_probe_build_class(self, body: Any, name: str, *bases: Any, **keywords: Any) -> Any:
        cls = self._build_class(body, name, *bases, **keywords)
        try:
            frame = _getframe(1)
            if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "__main__":
                self._follow(frame)
        except Exception:
            self.stop()  # what follows is found by the next look through the module
        return cls

    def _follow(self, frame: FrameType) -> None:
        if self._is_tracing:
            return
        self._last_definition = _last_definition(frame.f_code)
        if sys.gettrace() is not None:
            return  # a debugger or coverage is at work: the class is found at the next look
        self._is_tracing = True
        frame.f_trace = self._trace_line
        sys.settrace(self._trace_nothing)

    def _trace_nothing(self, frame: FrameType, event: str, argument: object) -> None:
        return None

    def _trace_line(self, frame: FrameType, event: str, argument: object) -> Any:
        main = sys.modules.get("__main__")
        if main is not None:
            self._look(main)
        if frame.f_lineno > self._last_definition or event == "return":
            frame.f_trace = None
            self.stop()
            return None
        return self._trace_line


def defines_classes(script: str) -> bool:
    """Does the script have a class statement at all? Unreadable scripts may have one."""
    try:
        with open(script, "rb") as file:
            text = file.read()
    except OSError:
        return True
    return any(line.lstrip().startswith(b"class ") for line in text.splitlines())


def _last_definition(code: CodeType) -> int:
    """Return the first line of the last function or class that the code defines itself."""
    return max(
        (
            constant.co_firstlineno
            for constant in code.co_consts
            if isinstance(constant, CodeType) and not constant.co_name.startswith("<")
        ),
        default=0,
    )
