"""One line on a terminal's standard error that says what is being measured."""

from __future__ import annotations

import sys
from typing import TextIO


class Progress:
    """Counts the steps of one benchmark; silent where nobody looks.

    Args:
        what: is measured.
        steps: until it is done.
        stream: a terminal, or anything else.
    """

    def __init__(self, what: str, steps: int, stream: TextIO = sys.stderr) -> None:
        self._what = what
        self._steps = steps
        self._done = 0
        self._stream = stream
        self._is_shown = stream.isatty()
        self._show()

    def step(self) -> None:
        """Note that one more step is done."""
        self._done += 1
        self._show()

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._is_shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _show(self) -> None:
        if self._is_shown:
            self._stream.write(f"\r\x1b[K{self._what}  {self._done}/{self._steps}")
            self._stream.flush()
