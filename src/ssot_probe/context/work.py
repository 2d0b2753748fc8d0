"""Pieces of work with a beginning and an end: jobs in a pool, requests, blocks of `bind_user()`.

Whoever runs one notes it here. What it found around itself when it began tells later what was left over by
work before it; whose work has ended tells which instances have outlived their user's.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from itertools import count
from time import time_ns
from typing import Optional

MOST_USERS = 100_000
"""Users whose last work is remembered."""


class Work:
    """A job or a request.

    Attributes:
        kind: "job" or "request".
        found: the user whose context was there when it began, None for nobody's.
        for_user: the user for whom it was handed in, where that is known.
        user: the user for whom something observed ran in it, None before that.
        is_over: it has ended; a task that it started may still find it in its context.
    """

    __slots__ = ("for_user", "found", "is_over", "kind", "serial", "user")

    def __init__(self, kind: str, found: str | None, for_user: str | None) -> None:
        self.kind = kind
        self.found = found
        self.for_user = for_user
        self.user: Optional[str] = None
        self.is_over = False
        self.serial = _serial()


_serial = count(1).__next__
_current: ContextVar[Work | None] = ContextVar("ssot_probe_work", default=None)

current_work = _current.get
"""Return the innermost piece of work that this runs in, or was started from; None outside of any."""

active: dict[int, Work] = {}
"""Work that has begun and not ended, by its serial."""

blocks: dict[int, str] = {}
"""Users of the `bind_user()` blocks that are open, by a serial of the block."""

ended: dict[str, int] = {}
"""When the last work of a user ended."""

gaps: dict[str, int] = {}
"""The longest time between two pieces of work of a user, in nanoseconds."""

is_noted = [False]
"""Is there anybody who wants to know? Nothing is noted where the probe is off."""


def begin(
    kind: str, found: str | None = None, for_user: str | None = None
) -> tuple[Work, Token[Work | None]]:
    """Note that a piece of work begins here; give what is returned to `end`."""
    work = Work(kind, found, for_user)
    active[work.serial] = work
    return work, _current.set(work)


def end(begun: tuple[Work, Token[Work | None]]) -> Work:
    """Note that a piece of work has ended."""
    work, token = begun
    work.is_over = True
    active.pop(work.serial, None)
    try:
        _current.reset(token)
    except ValueError:  # it ends in another context than it began in
        _current.set(None)
    user = work.user or work.for_user
    if user is not None:
        note_ended(user)
    return work


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
    for noted in (active, blocks, ended, gaps):
        noted.clear()
