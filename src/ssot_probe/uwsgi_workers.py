"""Hears of the workers of uWSGI, which are forked past Python's hooks, by the one hook that uWSGI has.

Such a fork must not find a thread of ours: in the new process the next thread would wait for ever for what
the C library keeps about the lost one. So none may be started before there are workers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Optional

HOOK = "post_fork_hook"


class UwsgiWorkers:
    """The forks of uWSGI, where it runs this process.

    Args:
        on_worker: called in each worker before it does anything; must not raise.
    """

    def __init__(self, on_worker: Callable[[], None]) -> None:
        self._on_worker = on_worker
        self._hook = self._run_hooks  # each look at the method makes another one
        self._hook_before: Optional[Callable[[], object]] = None
        self._is_worker = False

    def listen(self) -> None:
        """Take the hook, and call the one that is there; again where somebody else has taken it since."""
        uwsgi = _uwsgi()
        if uwsgi is not None and uwsgi.get(HOOK) is not self._hook:
            self._hook_before = uwsgi.get(HOOK)
            uwsgi[HOOK] = self._hook

    def stop(self) -> None:
        """Leave the hook to whoever had it."""
        uwsgi = _uwsgi()
        if uwsgi is not None and uwsgi.get(HOOK) is self._hook:
            if self._hook_before is None:
                del uwsgi[HOOK]
            else:
                uwsgi[HOOK] = self._hook_before

    @property
    def are_to_come(self) -> bool:
        """Will this process fork workers, or become one, so that no thread may be there yet?"""
        uwsgi = None if self._is_worker else _uwsgi()
        if uwsgi is None:
            return False
        master, worker = uwsgi.get("masterpid"), uwsgi.get("worker_id")
        return bool(
            master is not None and worker is not None and master() in (0, os.getpid()) and worker() == 0
        )

    def _run_hooks(self) -> None:
        self._is_worker = True
        self._on_worker()
        if self._hook_before is not None:
            self._hook_before()


def _uwsgi() -> Optional[dict[str, Any]]:
    module = sys.modules.get("uwsgi")
    return vars(module) if module is not None else None
