"""Hears when `runpy.run_path` runs a watched file: no finder is asked, and no module of it stays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from sys import _getframe
from types import CodeType, ModuleType
from typing import Any

from ssot_probe.observe import tripwire
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.unseen_frames import leave_out, unseen

_MODULE, _NAME = "runpy", "_get_code_from_file"
_MOST_FRAMES = 16


class RunFiles:
    """Replaces what reads the file, in `runpy` only; nothing of it is left while the file runs.

    Args:
        runs: takes the code that is about to run, and the frame in `runpy` that runs it.
    """

    def __init__(self, runs: Callable[[CodeType, Any], None]) -> None:
        self._runs = runs
        self._original: Any = None
        self._replacement: Any = None

    def is_awaited(self, module: str) -> bool:
        """Is it `runpy`?"""
        return module == _MODULE and self._replacement is None

    def loaded(self, name: str, module: ModuleType) -> None:
        """Put the replacement in place."""
        original = namespace_of(module).get(_NAME)
        if name == _MODULE and self._replacement is None and callable(original):
            self._original, self._replacement = original, _replacing(original, self._tell)
            namespace_of(module)[_NAME] = self._replacement

    def look(self) -> None:
        """Take in `runpy`, and load it where it is not there yet: it is frozen, so no loader tells of it."""
        if self._replacement is None:
            self.loaded(_MODULE, import_module(_MODULE))

    def remove(self) -> None:
        """Put `runpy`'s own function back, unless somebody else has put theirs in front."""
        names = namespace_of(sys.modules.get(_MODULE))
        if self._replacement is not None and names.get(_NAME) is self._replacement:
            names[_NAME] = self._original

    def _tell(self, found: Any, frame: Any) -> None:
        try:
            code = found[0] if type(found) is tuple else found  # with its name before 3.12
            for _ in range(_MOST_FRAMES):
                if frame.f_back is None or frame.f_back.f_globals.get("__name__") != _MODULE:
                    break
                frame = frame.f_back
            if type(code) is CodeType:
                self._runs(code, frame)
        except Exception:
            tripwire.lost[0] += 1


@unseen
def _replacing(original: Any, tell: Callable[[Any, Any], None]) -> Any:
    def ssot_probe_get_code_from_file(*args: Any) -> Any:
        try:
            found = original(*args)
        except BaseException as error:
            leave_out(error)
            raise
        tell(found, _getframe(1))
        return found

    return ssot_probe_get_code_from_file
