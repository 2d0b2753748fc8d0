"""Names of threads and tasks as they may leave the process: those that an application chose are replaced.

An application may well name a thread or task after its user. Names that the standard library and common
servers give are kept, all others become a constant.
"""

from __future__ import annotations

import re

_THREADS = re.compile(
    r"MainThread|Thread-\d+( \(\w+\))?|Dummy-\d+|ThreadPoolExecutor-\d+_\d+|asyncio_\d+"
    r"|AnyIO worker thread|waitress-\d+|CP Server Thread-\d+|QueueFeederThread|APScheduler"
)
_TASKS = re.compile(r"Task-\d+|starlette\.[\w.]+|anyio\.[\w.]+")


def thread_label(name: str) -> str:
    """Return the name of a thread as reports show it."""
    return name if not name or _THREADS.fullmatch(name) else "named thread"


def task_label(name: str) -> str:
    """Return the name of a task as reports show it."""
    name = str(name)  # tasks of a class of somebody else's may be called by anything
    return name if not name or _TASKS.fullmatch(name) else "named task"
