"""Wakes the recorder some time after a fork, where nothing that is recorded does.

A thread may not be there right after a fork, and a child that is about to run another program should leave no
trace. But a process that goes on living has to say so, though it uses nothing that is observed: its silence
would be worth nothing. A garbage collection shows that it lives, and costs no thread and no signal.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import monotonic

SECONDS = 1.0
"""How long a process lives after a fork before it is woken."""

_NEVER = float("inf")


class Awakening:
    """Waits for a garbage collection.

    Args:
        wake: called once for each time that it was armed, in any thread; must not raise.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._look = self._take_notice  # each look at the method makes another one
        self._due = _NEVER

    def arm(self) -> None:
        """Wake at the first collection that comes late enough."""
        self._due = monotonic() + SECONDS
        if self._look not in gc.callbacks:
            gc.callbacks.append(self._look)

    def disarm(self) -> None:
        """Do not wake: something else has. The callback stays: to take it out may make others be skipped."""
        self._due = _NEVER

    def stop(self) -> None:
        """Leave nothing behind."""
        self._due = _NEVER
        if self._look in gc.callbacks:
            gc.callbacks.remove(self._look)

    def _take_notice(self, phase: str, details: dict[str, int]) -> None:
        if self._due != _NEVER and phase == "stop" and monotonic() >= self._due:
            self._due = _NEVER
            self._wake()
