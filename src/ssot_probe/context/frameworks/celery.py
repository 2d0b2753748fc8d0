"""For whom a task of Celery's runs: its arguments or headers of that name say it."""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable
from typing import Any
from weakref import ref

from ssot_probe.context.values import id_of_account, stored

_NAMES = ("user_id", "user")
_MOST_THREADS = 1000


_known: dict[int, tuple[Callable[[], Any], str | None]] = {}
"""Number of a thread -> weak reference to the task's request that was read there last, and its user."""


def user() -> str | None:
    """Return the user that the running task's arguments name, else its headers."""
    task = sys.modules["celery._state"]._task_stack.top
    if task is None:
        return None
    request, thread = task.request, get_ident()
    known = _known.get(thread)
    if known is not None and known[0]() is request:
        return known[1]
    user = _user_of(task, request)
    if len(_known) >= _MOST_THREADS:
        _known.clear()
    _known[thread] = (ref(request), user)
    return user


def _user_of(task: Any, request: Any) -> str | None:
    keywords = stored(request, "kwargs") or {}
    positions = stored(request, "args") or ()
    headers = stored(request, "headers") or {}
    for name in _NAMES:
        for value in (keywords.get(name), _positional(task, name, positions), headers.get(name)):
            found = None if value is None else id_of_account(value)
            if found is not None:
                return found
    return None


def _positional(task: Any, name: str, arguments: Any) -> Any:
    if not arguments:
        return None
    run = task.run
    code = getattr(run, "__code__", None)
    if code is None or name not in code.co_varnames[: code.co_argcount]:
        return None
    position = code.co_varnames.index(name) - hasattr(run, "__self__")
    return arguments[position] if 0 <= position < len(arguments) else None
