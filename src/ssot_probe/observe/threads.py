"""What a fork has to know of threads of our own."""

from __future__ import annotations

import os
import sys
from time import monotonic, sleep


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
