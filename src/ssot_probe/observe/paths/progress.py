"""Sees which entry points begin and get no further than their first line (3.12): their work was not done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from ssot_probe.observe.monitoring import Monitoring

_LINE = "LINE"


class Progress:
    """Listens to the lines of entry points until each has run once.

    Args:
        monitoring: tells of events.
    """

    def __init__(self, monitoring: Monitoring) -> None:
        self._monitoring = monitoring
        self._codes: dict[int, tuple[str, CodeType]] = {}  # id of the code -> its path
        self._lines: dict[int, set[int]] = {}  # the first ones that ran
        self._is_on = False

    def follow(self, path: str, code: CodeType) -> None:
        """Listen to the code of an entry point, if it has more than one line."""
        lines = {line for *_, line in code.co_lines() if line} - {code.co_firstlineno}
        if len(lines) < 2 or id(code) in self._codes:
            return
        self._is_on = self._is_on or self._monitoring.on(_LINE, self._listener())
        if self._is_on and self._monitoring.listen(code, _LINE):
            self._codes[id(code)] = path, code
            self._lines[id(code)] = set()

    def look(self) -> None:
        """Know of those that are in their first line for a while that they work there."""
        begun = {id(code) for _, code in self._begun()}
        if not begun:
            return
        for frame in list(sys._current_frames().values()):
            around: Any = frame
            while around is not None:
                if id(around.f_code) in begun:
                    self._codes.pop(id(around.f_code), None)
                around = around.f_back

    def begun_only(self) -> list[str]:
        """Return the paths of those that began, and never got past their first line."""
        return sorted({path for path, _ in self._begun()})

    def _begun(self) -> Iterator[tuple[str, CodeType]]:
        for key, (path, code) in list(self._codes.items()):
            if len(self._lines[key]) == 1:
                yield path, code

    def _listener(self) -> Callable[[CodeType, int], Any]:
        monitoring: Any = getattr(sys, "monitoring", None)
        if monitoring is None:
            return lambda code, line: None
        find, disable = self._lines.get, monitoring.DISABLE

        def ssot_probe_line(code: CodeType, line: int) -> Any:
            lines = find(id(code))
            if lines is not None and len(lines) < 2:
                lines.add(line)
            return disable

        return ssot_probe_line
