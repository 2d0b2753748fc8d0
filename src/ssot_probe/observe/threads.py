"""Threads of our own: how they are told what to do, and what a fork has to know of them."""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock
from time import monotonic, sleep


class Turn:
    """One thread's time at its work, from its start until it was told to end and did."""

    def __init__(self) -> None:
        self.bell = allocate_lock()
        self.bell.acquire()
        self.finished = allocate_lock()
        self.finished.acquire()
        self.is_stopping = False
        self.thread = self.native_id = 0

    def ring(self) -> None:
        """Wake the thread."""
        try:
            self.bell.release()
        except RuntimeError:
            return  # it rings already


def is_importing(thread: int) -> bool:
    """Is the thread in the middle of an import? Its lock would never open in a forked child."""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib._bootstrap"):
            return True
        frame = frame.f_back
    return False


def wait_for_end(native_id: int, seconds: float) -> None:
    """Wait until a thread that has nothing left to do is gone: a fork is warned of those still counted."""
    deadline = monotonic() + seconds
    while monotonic() < deadline and os.path.exists(f"/proc/self/task/{native_id}"):
        sleep(0.0005)
