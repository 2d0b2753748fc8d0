"""The user that the application bound, and the thread and task that run right now."""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Union

from ssot_probe.context import work
from ssot_probe.context.values import id_of_account

_bound: ContextVar[str | None] = ContextVar("ssot_probe_user", default=None)

_around: ContextVar[tuple[str, ...]] = ContextVar("ssot_probe_users_around", default=())

bound_user = _bound.get
"""Return the id given to the innermost `bind_user`, None outside of one."""


@contextmanager
def bind_user(user_id: Union[str, int, None]) -> Iterator[None]:
    """Say who the current user is, for everything in the block and the tasks started in it.

    Costs next to nothing where the probe is off, and never raises. Binding None says that nobody is. Blocks
    within each other: the innermost counts, so an administrator who acts for a user binds that user.

    Args:
        user_id: the application's id of the user; 7 and "7" are the same user, and an object that stores
            such an id will do. It leaves the process only as a keyed hash.
    """
    user = _id(user_id)
    outer = _bound.get()
    around = None if outer is None else _around.set((*_around.get(), outer))
    block = work.enter_block(user) if user is not None and work.is_noted[0] else 0
    token = _bound.set(user)
    try:
        yield
    finally:
        if block:
            work.leave_block(block)
        with suppress(ValueError):  # a generator that ends in another context, where this never was
            _bound.reset(token)
            if around is not None:
                _around.reset(around)


def users_around() -> tuple[str, ...]:
    """Return the users of the blocks around the innermost one: who acts for somebody else is among them."""
    return _around.get()


def _id(value: object) -> str | None:
    try:
        return id_of_account(value) or None
    except Exception:
        return None  # nobody: its calls are counted as unattributed


def thread_and_task() -> tuple[str, str]:
    """Return `thread_name()` and `task_name()`, quickly: every recorded call asks for both."""
    try:
        thread = _threads[get_ident()]._name
    except KeyError:
        thread = thread_name()
    if _tasks:
        loop = _running_loop()
        task = None if loop is None else _tasks.get(loop)
        return thread, "" if task is None else task.get_name()
    return thread, task_name() if _tasks is None and "_asyncio" in _modules else ""


def thread_name() -> str:
    """Return the current thread's name, without creating a thread object for a foreign thread."""
    global _threads
    threading = _modules.get("threading")
    if threading is None:
        return "MainThread"
    _threads = threading._active
    thread = _threads.get(get_ident())
    return "" if thread is None else str(thread._name)


def task_name() -> str:
    """Return the current asyncio task's name, "" where none runs."""
    global _tasks, _running_loop
    asyncio = _modules.get("_asyncio")
    if asyncio is None:
        return ""
    if _HAS_TASK_TABLE:
        _tasks, _running_loop = asyncio._current_tasks, asyncio._get_running_loop
    loop = asyncio._get_running_loop()
    if loop is None:
        return ""
    # The C function appeared in 3.12; before it the module kept the table itself.
    task = asyncio.current_task(loop) if _HAS_CURRENT_TASK else asyncio._current_tasks.get(loop)
    return "" if task is None else str(task.get_name())


def runs_event_loop() -> bool:
    """Does the current thread run an event loop of asyncio?"""
    asyncio = _modules.get("_asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


_modules: dict[str, Any] = sys.modules
_threads: dict[int, Any] = {}  # those that threading knows, by their number, once it is loaded
_tasks: Any = None  # those of asyncio that run now, of all threads, once it is loaded
_running_loop: Any = None
_HAS_CURRENT_TASK = sys.version_info >= (3, 12)
_HAS_TASK_TABLE = sys.version_info < (3, 14)
