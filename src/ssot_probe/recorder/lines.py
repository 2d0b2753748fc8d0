"""Finds the line of an instruction, reading the table of each code object once."""

from __future__ import annotations

from bisect import bisect_right
from types import CodeType

MOST_CODES = 4096
"""Code objects whose tables are kept."""


class LineReader:
    """Answers for any number of instructions of a code object in the time of one look-up each."""

    def __init__(self) -> None:
        self._tables: dict[int, tuple[CodeType, list[int], list[int]]] = {}

    def at(self, code: CodeType, offset: int) -> int:
        """Return the line of the instruction at `frame.f_lasti`; 0 where it has none."""
        known = self._tables.get(id(code))
        if known is None or known[0] is not code:
            if len(self._tables) >= MOST_CODES:
                self._tables.clear()
            ranges = list(code.co_lines())
            starts = [start for start, _, _ in ranges]
            known = self._tables[id(code)] = (code, starts, [line or 0 for _, _, line in ranges])
        _, starts, lines = known
        position = bisect_right(starts, offset) - 1
        return lines[position] if position >= 0 else 0
