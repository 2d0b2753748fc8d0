"""Lets a recording have its last word where the process leaves by `os._exit`, past every exit handler.

Workers of Celery end that way, daemons leave the process that started them so, and children that were
forked by hand. What C leaves by (`_exit`, `abort`) is not seen.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from ssot_probe.observe.unseen_frames import unseen


class Leaving:
    """Stands before `os._exit` where the process would just be gone.

    Args:
        is_wanted: the last word matters; otherwise nothing is done.
        on_leaving: called in the thread that leaves; must not raise.
    """

    def __init__(self, is_wanted: bool, on_leaving: Callable[[], None]) -> None:
        self._is_wanted = is_wanted
        self._on_leaving = on_leaving
        self._original: Any = None
        self._ours: Any = None

    @unseen
    def start(self) -> None:
        """Begin to notice that the process leaves."""
        if not self._is_wanted or self._ours is not None:
            return
        leave = self._original = os._exit
        on_leaving = self._on_leaving

        @wraps(leave)
        def ssot_probe_exit(status: Any) -> Any:
            if not isinstance(status, int):
                return leave(status)  # which raises
            try:
                on_leaving()
            finally:
                leave(status)

        ssot_probe_exit.__module__ = "os"  # where it is found by its name: `posix` has the original only
        self._ours = os._exit = ssot_probe_exit

    def stop(self) -> None:
        """Put the original back, unless somebody has put something else there."""
        ours, self._ours = self._ours, None
        if ours is not None and os._exit is ours:
            os._exit = self._original
