"""Lets a recording have its last word when SIGTERM ends the process.

The handler does what nobody else would: it stands in for the default action only, and takes it in the end.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` above it takes milliseconds to load
import os
from collections.abc import Callable
from types import FrameType


class Termination:
    """Handles SIGTERM where the process would just die of it.

    Args:
        is_wanted: the last word matters; otherwise nothing is done.
        on_signal: called in the main thread, between two of its instructions; the process dies after it.

    Attributes:
        refusal: why it is not handled though it is wanted, "" where it is.
    """

    def __init__(self, is_wanted: bool, on_signal: Callable[[], None]) -> None:
        self._is_wanted = is_wanted
        self._on_signal = on_signal
        self._handler = self._handle  # each look at the method makes another one
        self._is_held = self._has_come = False
        self.refusal = ""

    def start(self) -> None:
        """Begin to handle it, unless the application does."""
        if not self._is_wanted:
            return
        if os.getpid() == 1:
            self.refusal = "the default action does not end process 1: run it below an init"
            return
        if signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
            self.refusal = "the application handles it, or takes no notice of it"
            return
        try:
            signal.signal(signal.SIGTERM, self._handler)
        except (OSError, ValueError):
            self.refusal = "only the main thread can handle a signal, and another one started the probe"

    def hold(self) -> None:
        """Let a signal wait: the probe is writing its last words."""
        self._is_held = True

    def release(self) -> None:
        """Put the default action back, unless the application's is there; take it if the signal has come."""
        self._is_held = False
        if self._is_handling():
            try:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
            except (OSError, ValueError):
                return  # not in the main thread: what is there now takes the default action
        if self._has_come:
            _die()

    def _is_handling(self) -> bool:
        return self._is_wanted and signal.getsignal(signal.SIGTERM) is self._handler

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._is_handling():
            return  # called by the application's own handler, which would not have called the default action
        if self._is_held:
            self._has_come = True
            return
        try:
            self._on_signal()
        finally:
            _die()


def _die() -> None:
    """Take the default action: whoever waits for the process sees which signal ended it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
