"""Notes which threads use an instance, or get hold of it, for one user; tells once there is a second one.

A job that a pool's worker was given is told apart from what a thread does of its own accord: whoever gave it
may wait for it meanwhile. Whether another thread was in it at the same time is seen whenever the thread
that uses the instance changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from time import time_ns
from types import CodeType
from typing import Any, NamedTuple, Optional

from ssot_probe.context.current import thread_and_task
from ssot_probe.observe.actors import Job, Thread, current_job, here
from ssot_probe.observe.instances import InstanceRef
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.overlaps import InstanceUse

MOST_NOTED = 64
"""Uses by further threads that are noted, per instance."""


_WORKERS = re.compile(r"ThreadPoolExecutor-|asyncio_\d|AnyIO worker")
"""Names of the workers of pools, as far as the pools give them."""


class ThreadEvent(NamedTuple):
    """A thread used an instance for a user, or got hold of it, for the first time."""

    cls: ObservedClass
    instance: InstanceRef
    maker: Maker
    outcome: str
    user: str
    number: int  # of the thread
    thread: str
    task: str
    code: CodeType
    offset: int
    is_job: bool
    beside: int  # number of another thread that was in it at the same time, 0 for none
    time: int


class _Turn:
    """The latest use of an instance: by which thread, within which job, and for whom."""

    __slots__ = ("job", "thread", "user")

    def __init__(self, thread: Thread, user: str, job: Optional[Job]) -> None:
        self.thread = thread
        self.user = user
        self.job = job


class _Noted:
    """What was noted of one instance."""

    __slots__ = ("events", "keys", "told")

    def __init__(self) -> None:
        self.events: list[ThreadEvent] = []
        self.keys: set[tuple[str, int, str, bool]] = set()
        self.told: set[int] = set()

    def takes(self, key: tuple[str, int, str, bool]) -> bool:
        """Is it something new, and is there room for it?"""
        return key not in self.keys and len(self.events) < MOST_NOTED

    def add(self, event: ThreadEvent) -> None:
        """Take in one event."""
        self.keys.add((event.user, event.number, event.outcome, event.beside > 0))
        self.events.append(event)


class ThreadUse:
    """Follows the threads of instances.

    Args:
        append: takes one event; must neither block nor raise.
    """

    def __init__(self, append: Callable[[Any], None]) -> None:
        self._append = append

    def is_noted(self, known: InstanceRef, outcome: str) -> bool:
        """Was the latest use by this thread, for the instance's user, and is its use noted?"""
        use = known.use
        if use is None or use.last is None or use.threads is None:
            return False
        key = (known.user, here.thread.serial, outcome, False)
        return use.last.thread is here.thread and key in use.threads.keys

    def note(
        self,
        known: InstanceRef,
        observed: ObservedClass,
        maker: Maker,
        outcome: str,
        user: str,
        code: CodeType,
        offset: int,
    ) -> None:
        """Note that the thread that runs uses the instance for the user, or gets hold of it."""
        use = known.use
        if use is None:
            use = known.use = InstanceUse()
        noted = use.threads
        if noted is None:
            noted = use.threads = _Noted()
            if known.first is not None:
                noted.add(_first_of(known, observed))
        thread = here.thread
        beside, job = 0, None
        if observed.is_guarded:
            before = use.last
            is_same = before is not None and before.thread is thread and before.user == user
            if is_same and not thread.takes_jobs and (user, thread.serial, outcome, False) in noted.keys:
                return  # it is as the last time
            job = current_job()
            use.last = _Turn(thread, user, job)
            if before is not None and before.thread is not thread and before.user == user:
                beside = _beside(use, before, thread)
        if not noted.takes((user, thread.serial, outcome, beside > 0)):
            return
        name, task = thread_and_task()
        is_job = job is not None or _WORKERS.match(name) is not None
        noted.add(
            ThreadEvent(
                *(observed, known, maker, outcome, user, thread.serial, name, task, code, offset),
                *(is_job, beside, time_ns()),
            )
        )
        self._tell(noted, user)

    def _tell(self, noted: _Noted, user: str) -> None:
        """Tell the events of a user that were not told yet, if there are several threads in them."""
        events = [(number, event) for number, event in enumerate(noted.events) if event.user == user]
        if len({event.number for _, event in events}) > 1:
            for number, event in events:
                if number not in noted.told:
                    noted.told.add(number)
                    self._append(event)


def _first_of(known: InstanceRef, observed: ObservedClass) -> ThreadEvent:
    """Return what a factory's first call left: only that much is kept while no second thread comes."""
    thread, maker, user, name, task, code, offset, time = known.first  # type: ignore[misc]
    is_job = _WORKERS.match(name) is not None
    return ThreadEvent(
        *(observed, known, maker, "returned", user, thread.serial, name, task, code, offset, is_job, 0, time)
    )


def _beside(use: InstanceUse, before: _Turn, thread: Thread) -> int:
    """Return the number of another thread that is in the instance for the same user, 0 where none is."""
    if before.job is not None and not before.job.is_over:
        return before.thread.serial
    for other, presence in list(use.presences.items()):
        if other is not thread and presence.depth and presence.user == before.user:
            return other.serial
    return 0
