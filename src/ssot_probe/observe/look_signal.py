"""A signal that asks for a look at shared references, where the environment names one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


class LookSignal:
    """Handles the signal, and passes it on to whoever handled it before.

    Args:
        number: of the signal; 0 for none.
        on_signal: called in the main thread, between two of its instructions.

    Attributes:
        is_refused: somebody asked for a signal that cannot be handled here.
    """

    def __init__(self, number: int, on_signal: Callable[[], None]) -> None:
        self._number = number
        self._on_signal = on_signal
        self._previous: Any = None
        self._is_on = self.is_refused = False

    def start(self) -> None:
        """Begin to handle it; only the main thread can."""
        if not self._number:
            return
        import signal

        try:
            self._previous = signal.signal(self._number, self._handle)
            self._is_on = True
        except (OSError, ValueError):  # another thread starts the probe
            self.is_refused = True

    def stop(self) -> None:
        """Put back what was there, unless the application has put something else there since."""
        if not self._is_on:
            return
        self._is_on = False
        signal = sys.modules["signal"]
        if self._previous is not None and signal.getsignal(self._number) == self._handle:
            try:
                signal.signal(self._number, self._previous)
            except (OSError, ValueError):
                return

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._is_on:
            self._on_signal()
        if callable(self._previous):
            self._previous(number, frame)
