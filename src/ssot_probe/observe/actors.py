"""Tells threads and tasks apart while they run: names repeat, and numbers of threads are used again."""

from __future__ import annotations

import sys
from _thread import _local, get_ident
from itertools import count
from typing import Any, Optional
from weakref import ref

_serial = count(1).__next__
_HAS_CURRENT_TASK = sys.version_info >= (3, 12)
_HAS_TASK_TABLE = sys.version_info < (3, 14)


class Thread:
    """A thread that did something which was observed.

    Attributes:
        serial: number of the thread in its process, never given to another one.
        ident: what the interpreter calls it, while it lives.
        is_main: None while nobody has asked, or threading was not loaded when somebody did.
    """

    __slots__ = ("ident", "is_main", "serial")

    def __init__(self) -> None:
        self.serial = _serial()
        self.ident = get_ident()
        self.is_main: Optional[bool] = None

    @property
    def takes_jobs(self) -> bool:
        """May it be a pool's worker? The main thread is none."""
        if self.is_main is None:
            main = getattr(sys.modules.get("threading"), "_main_thread", None)
            if main is None:
                return True
            self.is_main = main.ident == self.ident
        return not self.is_main


class _Here(_local):
    def __init__(self) -> None:
        self.thread = Thread()


here = _Here()
"""`here.thread` is the thread that asks."""


def current_task() -> Any:
    """Return the asyncio task that runs in this thread, None where none does."""
    if _tasks is None:
        return _first_task()
    if not _tasks:
        return None
    loop = _running_loop()
    return None if loop is None else _tasks.get(loop)


def _first_task() -> Any:
    global _tasks, _running_loop
    asyncio = sys.modules.get("_asyncio")
    if asyncio is None:
        return None
    if _HAS_TASK_TABLE:
        _tasks, _running_loop = asyncio._current_tasks, asyncio._get_running_loop
    loop = asyncio._get_running_loop()
    if loop is None:
        return None
    return asyncio.current_task(loop) if _HAS_CURRENT_TASK else asyncio._current_tasks.get(loop)


_tasks: Any = None  # those of asyncio that run now, of all threads, once it is loaded
_running_loop: Any = None


class Job:
    """What a worker thread of a pool was given to do. Whoever gave it may wait for it, or not."""

    __slots__ = ("_future",)

    def __init__(self, future: Any) -> None:
        self._future = ref(future)

    @property
    def is_over(self) -> bool:
        """Has it been done? One whose result nobody can ask for any more has."""
        future = self._future()
        return future is None or bool(future.done())


_POOLS = (
    ("concurrent/futures/thread.py", "run", "self"),
    ("anyio/_backends/_asyncio.py", "run", "future"),
)
"""Where jobs are run: the end of the file's name, the function, and the variable that leads to the future."""


def current_job() -> Job | None:
    """Return the job that this thread, a pool's worker, was given; None in all other threads."""
    if not here.thread.takes_jobs:
        return None
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "run":
            for file, _, variable in _POOLS:
                if code.co_filename.replace("\\", "/").endswith(file):
                    found = frame.f_locals.get(variable)
                    future = getattr(found, "future", None) if variable == "self" else found
                    return None if future is None else Job(future)
        frame = frame.f_back  # type: ignore[assignment]
    return None
