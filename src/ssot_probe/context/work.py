"""Pieces of work with a beginning and an end: jobs in a pool, requests, blocks of `bind_user()`.

Whoever runs one notes it here. What it found around itself when it began tells later what was left over by
work before it; whose work has ended tells which instances have outlived their user's.
"""

from __future__ import annotations

from _thread import get_ident
from contextvars import ContextVar, Token
from itertools import count
from time import time_ns
from types import CodeType
from typing import Any, Optional, Protocol

MOST_USERS = 100_000
"""Users whose last work is remembered."""


class Work:
    """A job or a request.

    Attributes:
        kind: "job" or "request".
        found: the user whose context was there when it began, None for nobody's.
        for_user: the user for whom it was handed in, where that is known.
        user: the user for whom something observed ran in it, None before that.
        said: the user whom something that is observed was said on purpose to be for in it.
        code: of the function that runs as the job, where that is known.
        is_own: it runs in its thread's own context, rather than in a copy that it brings.
        before: what `Watcher.begins` said.
        is_told: it was told already that it ran with the context of somebody else.
        is_over: it has ended; a task that it started may still find it in its context.
    """

    # Defaults of the class: most pieces of work never get other values, and one is made for each job.
    found: Optional[str] = None
    for_user: Optional[str] = None
    user: Optional[str] = None
    said: Optional[str] = None
    code: Optional[CodeType] = None
    is_own = True
    before: Any = None
    is_told = is_over = False

    def __init__(self, kind: str) -> None:
        self.kind = kind


class Watcher(Protocol):
    """What looks at each piece of work where it begins and ends. It must not raise."""

    def begins(self, work: Work) -> None:
        """Set what is `found` and what was there `before`."""

    def ends(self, work: Work) -> None:
        """Look at what is left."""


_serial = count(1).__next__
_current: ContextVar[Work | None] = ContextVar("ssot_probe_work", default=None)

current_work = _current.get
"""Return the innermost piece of work that this runs in, or was started from; None outside of any."""

active: dict[int, Work] = {}
"""Work that has begun and not ended, by its `id`."""

running: dict[int, Work] = {}
"""Jobs that run in a context which they have brought, in which nothing says so: by number of thread."""

blocks: dict[int, str] = {}
"""Users of the `bind_user()` blocks that are open, by a serial of the block."""

ended: dict[str, int] = {}
"""When the last work of a user ended."""

gaps: dict[str, int] = {}
"""The longest time between two pieces of work of a user, in nanoseconds."""

watchers: list[Watcher] = []
"""At most one."""

is_noted = [False]
"""Is there anybody who wants to know? Nothing is noted where the probe is off."""


def begin(
    kind: str, for_user: str | None = None, code: CodeType | None = None, is_own: bool = True
) -> tuple[Work, Token[Work | None]]:
    """Note that a piece of work begins here; give what is returned to `end`. The arguments are Work's."""
    work = Work(kind)
    if code is not None:
        work.code = code
    if for_user is not None:
        work.for_user = for_user
    if not is_own:
        work.is_own = False
        running[get_ident()] = work
    active[id(work)] = work
    if watchers:
        watchers[0].begins(work)
    return work, _current.set(work)


def end(begun: tuple[Work, Token[Work | None]]) -> Work:
    """Note that a piece of work has ended."""
    work, token = begun
    if watchers:
        watchers[0].ends(work)
    work.is_over = True
    active.pop(id(work), None)
    if not work.is_own:
        running.pop(get_ident(), None)
    try:
        _current.reset(token)
    except ValueError:  # it ends in another context than it began in
        _current.set(None)
    user = work.user or work.for_user
    if user is not None:
        note_ended(user)
    return work


def note_user(user: str) -> None:
    """Note that something observed runs for a user, in the work that is done in this thread or context."""
    work = _current.get() or running.get(get_ident())
    if work is not None:
        work.user = user


def enter_block(user: str) -> int:
    """Note that a block of `bind_user()` is entered; give what is returned to `leave_block`."""
    serial = _serial()
    blocks[serial] = user
    note_begun(user)
    return serial


def leave_block(serial: int) -> None:
    """Note that a block of `bind_user()` is left."""
    user = blocks.pop(serial, None)
    if user is not None:
        note_ended(user)


def note_begun(user: str) -> None:
    """Note that work of a user begins, perhaps again."""
    before = ended.get(user)
    if before is not None:
        gaps[user] = max(gaps.get(user, 0), time_ns() - before)


def note_ended(user: str) -> None:
    """Note that work of a user has ended; they may have other work that goes on."""
    if len(ended) >= MOST_USERS:
        ended.clear()
        gaps.clear()
    ended[user] = time_ns()


def users_at_work() -> set[str]:
    """Return the users who have work that goes on."""
    running = {work.user or work.for_user for work in list(active.values())}
    return {user for user in running if user is not None} | set(blocks.values())


def forget() -> None:
    """Forget everything: a forked child has begun nothing yet."""
    for noted in (active, running, blocks, ended, gaps):
        noted.clear()
