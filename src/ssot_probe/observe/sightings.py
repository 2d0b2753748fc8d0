"""Knows when users were last seen, and whose work is over.

Work is over when its request, job or `bind_user()` block has ended, or the tasks and threads of its own in
which the user was seen; else when neither the user nor any use of their instances has been seen for a while,
in which others came.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Collection
from typing import Any

from ssot_probe.context import work
from ssot_probe.observe.modules import namespace_of

GRACE = 60_000_000_000
"""Nanoseconds after which a user who is not seen any more is gone, if others were."""

TURNOVER = 5
"""New users since somebody was last seen after whom that one is gone, if no thread or task tells."""

MOST_USERS = 100_000
"""Users that are remembered; beyond it all start anew."""

MOST_THREADS = 1_000
"""Names of threads that serve many, as far as they are remembered."""

_SHARED_THREADS = re.compile(
    r"MainThread|ThreadPoolExecutor-.*|asyncio_\d+|AnyIO worker.*|waitress-\d+|Dummy-.*"
)


class _Sighting:
    """What is known of one user.

    Attributes:
        last: when they were seen, in nanoseconds since the epoch.
        gap: the longest time between two sightings.
        used: when an instance of theirs was used last, by whomever.
        homes: names of tasks and threads of their own in which they were seen.
    """

    __slots__ = ("gap", "homes", "last", "used")

    def __init__(self, time: int) -> None:
        self.last = time
        self.gap = self.used = 0
        self.homes: set[tuple[str, str]] = set()


class Sightings:
    """All users of a process."""

    def __init__(self) -> None:
        self._users: dict[str, _Sighting] = {}
        self._arrivals: list[int] = []  # when each user was first seen
        self._newest = 0
        self._shared_threads: set[str] = set()

    def see(self, user: str, thread: str, task: str, time: int) -> None:
        """Note that a user was seen."""
        known = self._users.get(user)
        if known is None:
            if len(self._users) >= MOST_USERS:
                self._users.clear()
                self._arrivals.clear()
            known = self._users[user] = _Sighting(time)
            self._arrivals.append(time)
        elif time > known.last:
            gap = time - known.last
            if gap > known.gap:
                known.gap = gap
            known.last = time
        if time > self._newest:
            self._newest = time
        if task:
            known.homes.add(("", task))
        elif thread not in self._shared_threads:
            if not _SHARED_THREADS.fullmatch(thread):
                known.homes.add((thread, ""))
            elif len(self._shared_threads) < MOST_THREADS:
                self._shared_threads.add(thread)

    def use(self, user: str, time: int) -> None:
        """Note that an instance of a user was used, by whomever."""
        known = self._users.get(user)
        if known is not None:
            known.used = max(known.used, time)

    def last_seen(self, user: str) -> int:
        """Return when a user was last seen or had work that ended; 0 for never."""
        known = self._users.get(user)
        return max(0 if known is None else known.last, work.ended.get(user, 0))

    def over(self, users: Collection[str], now: int) -> set[str]:
        """Return those of the users whose work is over."""
        if not users:
            return set()
        at_work, homes = work.users_at_work(), living_homes()
        return {user for user in users if user not in at_work and self._is_over(user, homes, now)}

    def _is_over(self, user: str, living: Collection[tuple[str, str]], now: int) -> bool:
        known = self._users.get(user)
        if known is None or not known.homes.isdisjoint(living):
            return False
        ended = work.ended.get(user, 0)
        if ended >= known.last:  # who has come back before may come back after as long a while
            return now - ended > 2 * work.gaps.get(user, 0)
        if known.homes:
            return True
        last = max(known.last, known.used)
        if len(self._arrivals) - bisect_right(self._arrivals, last) >= TURNOVER:
            return True
        return self._newest - last > max(GRACE, 2 * known.gap)


def living_homes() -> set[tuple[str, str]]:
    """Return the names of all threads and unfinished tasks, as `see` keeps them."""
    threading = namespace_of(sys.modules.get("threading")).get("_active", {})
    found = {(str(thread._name), "") for thread in list(threading.values())}
    tasks = namespace_of(sys.modules.get("asyncio.tasks"))
    for name in ("_all_tasks", "_scheduled_tasks", "_eager_tasks"):
        found.update(("", task.get_name()) for task in _members(tasks.get(name)) if not task.done())
    return found


def _members(tasks: Any) -> list[Any]:
    """Return what a set holds to which other threads add."""
    for _ in range(100):
        try:
            return list(tasks or ())
        except RuntimeError:
            continue
    return []
