"""Notes which threads use an instance, or get hold of it, for one user; tells once there is a second one.

A job that a pool's worker was given is told apart from what a thread does of its own accord: whoever gave it
may wait for it meanwhile. Whether another thread was in it at the same time is seen whenever the thread
that uses the instance changes.
"""

from __future__ import annotations

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


class ThreadUse:
    """Follows the threads of instances.

    Args:
        append: takes one event; must neither block nor raise.
    """

    def __init__(self, append: Callable[[Any], None]) -> None:
        self._append = append

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
        thread, before = here.thread, use.last
        is_guarded = observed.concept.isolation == "user+thread"
        if not is_guarded and (user, thread.serial, outcome, False) in noted.keys:
            return
        beside, job = 0, None
        if before is not None and before.thread is thread and before.user == user:
            job = before.job if before.job is None or not before.job.is_over else current_job()
        else:
            job = current_job()
            if before is not None and before.thread is not thread and before.user == user:
                beside = _beside(use, before, thread)
        use.last = _Turn(thread, user, job)
        key = (user, thread.serial, outcome, beside > 0)
        if key in noted.keys or len(noted.events) >= MOST_NOTED:
            return
        noted.keys.add(key)
        name, task = thread_and_task()
        event = ThreadEvent(
            *(observed, known, maker, outcome, user, thread.serial, name, task, code, offset),
            *(job is not None, beside, time_ns()),
        )
        noted.events.append(event)
        self._tell(noted, user)

    def _tell(self, noted: _Noted, user: str) -> None:
        """Tell the events of a user that were not told yet, if there are several threads in them."""
        events = [(number, event) for number, event in enumerate(noted.events) if event.user == user]
        if len({event.number for _, event in events}) > 1:
            for number, event in events:
                if number not in noted.told:
                    noted.told.add(number)
                    self._append(event)


def _beside(use: InstanceUse, before: _Turn, thread: Thread) -> int:
    """Return the number of another thread that is in the instance for the same user, 0 where none is."""
    if before.job is not None and not before.job.is_over:
        return before.thread.serial
    for other, presence in list(use.presences.items()):
        if other is not thread and presence.depth and presence.user == before.user:
            return other.serial
    return 0
