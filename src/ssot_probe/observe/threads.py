"""Threads of our own: how they are told what to do, and what a fork has to know of them."""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock
from time import monotonic, sleep
from types import BuiltinFunctionType

LOADING_SECONDS = 5.0
"""How long a fork waits while a thread of ours imports: in the child its locks would never open again."""

ENDING_SECONDS = 0.05
"""How long a fork waits for the operating system to end a thread that has nothing left to do."""


REPLACERS = ("gevent", "eventlet")
"""Libraries that may put something of their own in the place of threads, in the middle of the program."""

REPLACING_SECONDS = 0.5
"""How long after one was met it is expected to do so: others load them to see whether they have."""

_met: list[float] = []


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

    def stop(self) -> None:
        """Tell the thread to end."""
        self.is_stopping = True
        self.ring()

    def end_before_fork(self, seconds: float) -> None:
        """Tell the thread to end, and wait for so many seconds until it has; longer while it imports."""
        deadline = monotonic() + LOADING_SECONDS
        self.stop()
        is_over = self.finished.acquire(timeout=seconds)
        while not is_over and is_importing(self.thread) and monotonic() < deadline:
            is_over = self.finished.acquire(timeout=0.1)
        if is_over:
            wait_for_end(self.native_id, ENDING_SECONDS)


def is_importing(thread: int) -> bool:
    """Is the thread in the middle of an import? Its lock would never open in a forked child."""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib._bootstrap"):
            return True
        frame = frame.f_back
    return False


def are_about_to_be_replaced() -> bool:
    """Has a library been loaded lately that replaces threads, and has not done so yet?

    A thread that imports meanwhile takes the lock of a module as one and would release it as another: the
    lock stays shut, and whoever waits for it waits for ever.
    """
    is_as_it_was = type(vars(sys.modules["_thread"])["get_ident"]) is BuiltinFunctionType
    if not is_as_it_was or not any(name in sys.modules for name in REPLACERS):
        return False
    if not _met:
        _met.append(monotonic())
    return monotonic() - _met[0] < REPLACING_SECONDS


def wait_for_end(native_id: int, seconds: float) -> None:
    """Wait until a thread that has nothing left to do is gone: a fork is warned of those still counted."""
    deadline = monotonic() + seconds
    while monotonic() < deadline and os.path.exists(f"/proc/self/task/{native_id}"):
        sleep(0.0005)
