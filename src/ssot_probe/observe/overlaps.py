"""Knows which calls are inside an instance's methods, and notices when two users are in there at once.

A call of a plain method is noted in an object that its thread uses for all its calls of the instance; one of
an async method has an object of its own, as it waits in between. A generator is inside from its first step
on until it ends: nothing stands in its place, it is asked how far it is when somebody else comes in. So is a
coroutine that its caller awaits at once; as long as an instance has one user, a tuple is all that it leaves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count
from time import time_ns
from types import CodeType, CoroutineType, GeneratorType
from typing import Any, NamedTuple, Optional
from weakref import ref

from ssot_probe.context.current import thread_and_task
from ssot_probe.context.request import current_request, mark_request
from ssot_probe.model.sharing import concurrency_severity
from ssot_probe.observe.actors import Thread, current_task, here
from ssot_probe.observe.instances import InstanceRef
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.unseen_frames import caller_of

TOLD_ONE_BY_ONE = 3
"""Overlaps of one pair of methods that are told, each with its places and times; the rest is counted."""

MOST_OPEN = 1_000
"""Overlaps that may wait for their end."""

CALLS_UNSETTLED = 16
"""Awaited calls of one instance that are kept before those that are over are let go."""

AWAITED = "ssot_probe_awaited_method"
"""The function whose variable `visit` is the call that it awaits."""

PASSING_ON = "ssot_probe_method"
"""The function whose variable `presence` is the call that it passes on."""

_NOWHERE = (compile("", "", "exec"), 0)


class Visit:
    """A call that is, or was, inside a method of an instance.

    Attributes:
        user: for whom it runs.
        thread: where it began.
        method: what was called.
        code, offset: from where, for a call that may wait.
        entered: nanoseconds since the epoch.
        depth: calls of this user and thread that are inside, one in another; 0 when it is over.
        task: leads to that of asyncio; None where none runs or the call cannot wait.
        waits: may others run in the same thread while it is inside?
        generator: where the call is a generator's, what leads to that.
        coroutine: where its caller awaits the call at once, what leads to the coroutine.
        start: where a generator stands that has not begun.
        open: overlaps that end when it does, None while there are none.
        is_watched: does the policy want an instance for each thread?
    """

    code: CodeType
    offset: int
    method: Maker
    generator: Callable[[], Any] | None = None
    coroutine: Callable[[], Any] | None = None
    open: list[int] | None = None
    task: Callable[[], Any] | None = None
    depth = entered = start = 0
    is_watched = waits = False

    def __init__(self, user: str, thread: Thread) -> None:
        self.user = user
        self.thread = thread

    def begin(self) -> None:
        """Take down in which thread and task it begins, and when."""
        self.thread = here.thread
        task = current_task()
        if task is not None:
            self.task = ref(task)
        self.entered = time_ns()

    def caller(self) -> tuple[CodeType, int]:
        """Return code and offset of the place that it was called from, while it is inside."""
        if self.waits:
            return self.code, self.offset
        found = None
        frame: Any = sys._current_frames().get(self.thread.ident)
        while frame is not None:
            if frame.f_code.co_name == PASSING_ON and frame.f_locals.get("presence") is self:
                found = frame
            frame = frame.f_back
        if found is None:
            return _NOWHERE
        caller = caller_of(found)
        return caller.f_code, caller.f_lasti

    @property
    def is_inside(self) -> bool:
        """Has it begun, and not ended?"""
        if self.coroutine is not None:
            return has_begun(self.coroutine())
        return self.depth > 0 if self.generator is None else _is_under_way(self.generator(), self.start)


class AwaitedCall(NamedTuple):
    """A call that its caller awaited at once, as it is kept (as a plain tuple) while there is one user."""

    coroutine: Callable[[], Any]
    user: str
    thread: Thread
    task: Optional[Callable[[], Any]]
    method: Maker
    code: CodeType
    offset: int
    entered: int


class InstanceUse:
    """Who uses one instance.

    Attributes:
        presences: the calls of plain methods, by thread.
        visits: the calls that may wait inside.
        calls: those of which nothing but the coroutine knows whether they are over, see `AwaitedCall`.
        most_calls: so many are kept before those that are over are let go.
        last: the thread that used it, or got hold of it, most recently.
        threads: what was noted of threads so far, see `thread_use`.
    """

    __slots__ = ("calls", "last", "most_calls", "presences", "threads", "visits")

    def __init__(self) -> None:
        self.presences: dict[Thread, Visit] = {}
        self.visits: dict[Visit, None] = {}
        self.calls: dict[int, tuple[Any, ...]] = {}
        self.most_calls = CALLS_UNSETTLED
        self.last: Any = None
        self.threads: Any = None

    def others(self, mine: Visit) -> Iterator[Visit]:
        """Yield the calls of other users that are inside, and that this one is not made by."""
        for other in (*list(self.presences.values()), *list(self.visits)):
            if other.user != mine.user and other.is_inside and not _is_around(other, mine):
                yield other

    def keep(self, call: tuple[Any, ...]) -> None:
        """Keep an awaited call; now and then, forget those that are over."""
        self.calls[_number()] = call
        if len(self.calls) > self.most_calls:
            for number, kept in list(self.calls.items()):
                if kept[0]() is None:
                    self.calls.pop(number, None)
            self.most_calls = CALLS_UNSETTLED + 2 * len(self.calls)

    def follow(self, close: Callable[[Visit], None]) -> None:
        """Make visits of the awaited calls: there is a second user. `close` is called when one is over."""
        for number in list(self.calls):
            call = self.calls.pop(number, None)
            coroutine = None if call is None else call[0]()
            if call is not None and coroutine is not None:
                follow_coroutine(coroutine, AwaitedCall(*call), self.visits, close)


_number = count(1).__next__


class Side(NamedTuple):
    """One of two calls that overlap."""

    method: Maker
    user: str
    thread: str
    task: str
    code: CodeType
    offset: int
    entered: int


class OverlapEvent(NamedTuple):
    """Two users were inside one instance's methods at the same time."""

    cls: ObservedClass
    instance: InstanceRef
    first: Side
    second: Side
    until: int  # when the first of them left, 0 where neither did
    request: tuple[str, str]  # of the second
    count: int  # type: ignore[assignment]  # overlaps of these methods since the last one that was told


class Overlaps:
    """Notices overlaps.

    Args:
        append: takes one event; must neither block nor raise.
    """

    def __init__(self, append: Callable[[Any], None]) -> None:
        self._append = append
        self._counts: dict[tuple[str, str, str], list[int]] = {}  # of all, and of those told
        self._open: dict[int, OverlapEvent] = {}
        self._opened = 0

    def look_around(self, known: InstanceRef, observed: ObservedClass, mine: Visit) -> None:
        """Note that a call has come in, where another user's is inside already."""
        if known.use is None:
            return
        known.use.follow(self.close)
        other = next(known.use.others(mine), None)
        if other is None:
            return
        request = ("", "")
        if "opentelemetry.trace" in sys.modules:
            request = current_request()
            severity = concurrency_severity(observed.concept).label
            mark_request("SSOT306", severity, observed.concept.name, observed.name)
        first, second = sorted((other.method.name, mine.method.name))
        counts = self._counts.setdefault((observed.name, first, second), [0, 0])
        counts[0] += 1
        is_told = counts[0] <= TOLD_ONE_BY_ONE or counts[0] & (counts[0] - 1) == 0
        if is_told and len(self._open) < MOST_OPEN:
            more, counts[1] = counts[0] - counts[1], counts[0]
            event = OverlapEvent(observed, known, _side(other), _side(mine, True), 0, request, more)
            self._opened += 1
            self._open[self._opened] = event
            for visit in (other, mine):
                visit.open = [*(visit.open or ()), self._opened]

    def close(self, visit: Visit) -> None:
        """Note that a call has left: the overlaps that it was part of are over."""
        numbers, visit.open = visit.open, None
        for number in numbers or ():
            event = self._open.pop(number, None)
            if event is not None:
                self._append(event._replace(until=time_ns()))

    def stop(self) -> None:
        """Tell of the overlaps that are not over, and of those that were counted only."""
        while self._open:
            _, event = self._open.popitem()
            self._append(event)

    def forget(self) -> None:
        """Forget everything: what overlaps in the parent of a forked process is told there."""
        self._open.clear()
        self._counts.clear()


def _side(visit: Visit, is_here: bool = False) -> Side:
    if is_here:
        thread, task = thread_and_task()
    else:
        found = None if visit.task is None else visit.task()
        thread, task = _name_of(visit.thread), "" if found is None else str(found.get_name())
    return Side(visit.method, visit.user, thread, task, *visit.caller(), visit.entered)


def _name_of(thread: Thread) -> str:
    threading = sys.modules.get("threading")
    found = None if threading is None else threading._active.get(thread.ident)
    return "" if found is None else str(found._name)


def _is_around(other: Visit, mine: Visit) -> bool:
    """Is the other call one that this one is made by, so that it merely waits for it?"""
    if other.thread is not mine.thread:
        return False
    if not other.waits:
        return True  # its thread is here, further in
    task = current_task()
    if task is not None and other.task is not None:
        return bool(other.task() is task)
    if other.generator is not None:
        return True  # who steps it is not known
    coroutine = None if other.coroutine is None else other.coroutine()
    awaiting = None if coroutine is None else coroutine.cr_frame
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame is awaiting:
            return True
        if frame.f_code.co_name == AWAITED and frame.f_locals.get("visit") is other:
            return True
        frame = frame.f_back
    return False


def follow_generator(
    generator: Any, visit: Visit, visits: dict[Visit, None], close: Callable[[Visit], None]
) -> None:
    """Let a visit last as long as a generator that was just made."""

    def left(_: Any) -> None:
        visits.pop(visit, None)
        if visit.open is not None and visit.method.is_enabled:
            close(visit)

    visit.start = _frame_of(generator).f_lasti
    visit.generator = ref(generator, left)
    visits[visit] = None


def follow_coroutine(
    coroutine: CoroutineType[Any, Any, Any],
    call: AwaitedCall,
    visits: dict[Visit, None],
    close: Callable[[Visit], None],
) -> Visit:
    """Let a visit last as long as a coroutine whose caller awaits it at once, and so keeps it no longer."""
    _, user, thread, task, method, code, offset, entered = call
    visit = Visit(user, thread)
    visit.waits = True
    visit.task, visit.method, visit.code, visit.offset, visit.entered = task, method, code, offset, entered

    def left(_: Any) -> None:
        visits.pop(visit, None)
        if visit.open is not None and method.is_enabled:
            close(visit)

    visit.coroutine = ref(coroutine, left)
    visits[visit] = None
    return visit


def has_begun(coroutine: Any) -> bool:
    """Does a coroutine run, or wait?"""
    if coroutine is None:
        return False
    if _SAYS_SO:
        return bool(coroutine.cr_running or coroutine.cr_suspended)
    return coroutine.cr_frame is not None and coroutine.cr_frame.f_lasti != -1


_SAYS_SO = sys.version_info >= (3, 11)


def _is_under_way(generator: Any, start: int) -> bool:
    frame = None if generator is None else _frame_of(generator)
    return frame is not None and frame.f_lasti != start


def _frame_of(generator: Any) -> Any:
    return generator.gi_frame if type(generator) is GeneratorType else generator.ag_frame
