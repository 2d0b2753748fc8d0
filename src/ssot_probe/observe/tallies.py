"""Counts calls that say nothing new: the same instance handed out again, at the same place, to the same user.

Each thread counts on its own, so nothing is lost without a lock: only the thread that a tally belongs to adds
to it, and the recorder remembers how much it has taken of it. What is left is taken once the thread is gone.
"""

from __future__ import annotations

from _thread import _local
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Optional
from weakref import ref

from ssot_probe.observe.call_sites import CallSite

if TYPE_CHECKING:
    from ssot_probe.observe.instances import InstanceRef

MOST_TALLIES = 5_000
"""Tallies of a process; beyond that each call is recorded."""

MOST_OF_A_THREAD = 1_000
"""Tallies of one thread; then it starts anew."""


class Tally:
    """How often an instance was handed out at a call site, within one thread or task, to one user.

    Attributes:
        find: returns the instance; nothing once the next call is to be recorded as any other.
        user: whose calls are counted.
        task: weak reference to the asyncio task, None where none ran.
        event: the call that was recorded last, as the hot path leaves it.
        owner: weak reference to the tallies of the thread.
        time: of the last call; set before it is counted, so that whoever reads the count first has it.
        count: so many calls; only its thread adds to it.
        is_over: its thread counts no more in it.
        taken: so many of the calls were recorded; only the recorder sets it.
    """

    __slots__ = ("count", "event", "find", "is_over", "owner", "taken", "task", "time", "user")

    def __init__(
        self, find: Callable[[], Any], user: Optional[str], task: Any, event: tuple[Any, ...]
    ) -> None:
        self.find = find
        self.user = user
        self.task = None if task is None else ref(task)
        self.event = event
        self.owner = ref(mine.tallies)
        self.time = self.count = self.taken = 0
        self.is_over = False


class ThreadTallies(dict[CallSite, Tally]):
    """The tallies of a thread. They are gone when it is."""

    __slots__ = ("__weakref__",)


class _Mine(_local):
    def __init__(self) -> None:
        self.tallies = ThreadTallies()


mine = _Mine()
"""`mine.tallies` are those of the thread that asks."""

_open: deque[Tally] = deque()
"""The tallies of all threads, for the recorder."""


def begin(known: InstanceRef, task: Any, event: tuple[Any, ...]) -> None:
    """Count the calls that are like this one from now on, in the thread that asks.

    Args:
        known: what was handed out.
        task: the asyncio task that runs, None where none does.
        event: the call, which has been recorded.
    """
    tallies, (site, _, user, *_) = mine.tallies, event
    before = tallies.pop(site, None)
    if before is not None:
        before.is_over = True
    if len(tallies) >= MOST_OF_A_THREAD:
        for tally in tallies.values():
            tally.is_over = True
        tallies.clear()
    if len(_open) < MOST_TALLIES:
        tallies[site] = tally = Tally(known, user, task, event)
        _open.append(tally)


def grown() -> Iterator[tuple[tuple[Any, ...], int]]:
    """Yield, of each tally that has grown, an event like those in it, with the latest time, and how many."""
    for _ in range(len(_open)):
        tally = _open.popleft()
        is_over = tally.is_over or tally.owner() is None  # asked before the count is read: that is the last
        count = tally.count
        if not is_over:
            _open.append(tally)
        if count > tally.taken:
            added, tally.taken = count - tally.taken, count
            yield (*tally.event[:-1], tally.time), added


def interrupt() -> None:
    """Let the next call of each kind be recorded as any other: it may have to wake the recorder."""
    for tally in list(_open):
        tally.find = _nothing


def forget() -> None:
    """Forget all tallies: in a forked child what they count is the parent's."""
    interrupt()
    _open.clear()


def _nothing() -> None:
    return None
