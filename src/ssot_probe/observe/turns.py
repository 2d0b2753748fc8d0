"""A lock for short work: the thread that has it passes, and none waits for ever.

A signal handler or a finalizer may run in the middle of that work and do the same. It is none of
`threading.RLock`: libraries that make those their own, as eventlet does, would make it wait for greenlets.
"""

from __future__ import annotations

from _thread import allocate_lock, get_ident

LONGEST = 1.0
"""Seconds that a thread waits; then it goes on, as whoever has the lock may be the one that it interrupts."""


class Turns:
    """Lets one thread work at a time, as a context manager."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._owner = 0
        self._depth = 0

    def __enter__(self) -> None:
        own = get_ident()
        if self._owner == own:
            self._depth += 1
        elif self._lock.acquire(timeout=LONGEST):
            self._owner, self._depth = own, 1

    def __exit__(self, *failure: object) -> None:
        if self._owner == get_ident():  # else it has not waited to the end
            self._depth -= 1
            if not self._depth:
                self._owner = 0
                self._lock.release()
