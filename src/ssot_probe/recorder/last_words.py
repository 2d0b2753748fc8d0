"""Lets workers say their last words before the process that made them terminates them.

A worker of multiprocessing cannot handle SIGTERM (see `termination`). So whoever terminates it asks first, in
a small file that both know by the process that makes the workers, and waits for a moment. It is read and
written, never mapped into memory: where a disk is full, that would be a signal that ends the process.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, sleep

WAITING_SECONDS = 1.0
"""How long a worker may take for its last words."""

_SLOTS, _SIZE = 4_096, 16
_LISTENS, _ASKED, _SAID = 1, 2, 3
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class LastWords:
    """What passes between one process and those that it may terminate.

    Args:
        directory: where recordings go, "" where they go to no file: then nobody is asked.

    Attributes:
        maker: the process that made this one as a worker, 0 for none.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self.forget()

    def forget(self) -> None:
        """Be as new: a forked child is another process."""
        self.maker = 0
        self._path = ""  # of the file of the process that made this worker
        self._is_answered = False

    # What a worker does

    def listen(self) -> None:
        """Be asked from now on, if this is a worker. Somebody has to look all the time."""
        path = _path(self._directory, self.maker) if self.maker and self._directory else ""
        if path and not self._path and not self._is_answered:
            with suppress(OSError):
                file = os.open(path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o600)
                try:
                    _set_state(file, os.getpid(), _LISTENS)
                    self._path = path
                finally:
                    os.close(file)

    def are_wanted(self) -> bool:
        """Is this process about to be terminated? Says so once."""
        if not self._path or self._is_answered:
            return False
        with suppress(OSError):
            file = os.open(self._path, os.O_RDONLY | _FLAGS)
            try:
                self._is_answered = _state(file, os.getpid()) == _ASKED
            finally:
                os.close(file)
        return self._is_answered

    def are_said(self) -> None:
        """Tell who waits that nothing more will come."""
        if self._path:
            with suppress(OSError):
                file = os.open(self._path, os.O_RDWR | _FLAGS)
                try:
                    _set_state(file, os.getpid(), _SAID)
                finally:
                    os.close(file)
        self._is_answered = True

    # What the process does that made them

    def ask(self, workers: Sequence[int], seconds: float = WAITING_SECONDS) -> None:
        """Wait until those of the workers that listen have said their last words, or the time is over.

        Args:
            workers: their process ids.
            seconds: how long to wait at most, for all together.
        """
        path = _path(self._directory, os.getpid()) if self._directory else ""
        try:
            file = os.open(path, os.O_RDWR | _FLAGS)
        except OSError:
            return  # nobody has ever listened
        deadline = monotonic() + seconds
        try:
            while monotonic() < deadline:
                states = {worker: _state(file, worker) for worker in workers}
                for worker, state in states.items():
                    if state == _LISTENS:  # one that has only just begun, too
                        _set_state(file, worker, _ASKED)
                if not {_LISTENS, _ASKED}.intersection(states.values()):
                    break
                sleep(0.002)
        except OSError:
            return  # they are terminated unasked
        finally:
            os.close(file)

    def close(self) -> None:
        """Leave no file behind."""
        path = _path(self._directory, os.getpid()) if self._directory else ""
        if path:
            with suppress(OSError):
                os.unlink(path)


def _path(directory: str, maker: int) -> str:
    """Return the file of a process; "" where it cannot be told from one of another time or container."""
    try:
        with open(f"/proc/{maker}/stat", "rb") as file:
            started = file.read().rpartition(b")")[2].split()[19].decode("ascii")
    except (OSError, IndexError):
        return ""
    return os.path.join(directory, f".workers-{os.uname().nodename}-{maker}-{started}")


def _state(file: int, worker: int) -> int:
    slot = os.pread(file, _SIZE, worker % _SLOTS * _SIZE)
    return slot[8] if len(slot) == _SIZE and slot[:8] == worker.to_bytes(8, "little") else 0


def _set_state(file: int, worker: int, state: int) -> None:
    slot = worker.to_bytes(8, "little") + bytes([state])
    os.pwrite(file, slot.ljust(_SIZE, b"\0"), worker % _SLOTS * _SIZE)
