"""When a fact that grew is told again: soon while it is young or all is quiet, ever more seldom as it ages.

A process that is killed loses what was counted since a fact was last told. Waiting for a share of the fact's
age bounds that loss to this share, and the number of tellings to the logarithm of the age.
"""

from __future__ import annotations

SHORTEST = 100_000_000
"""Nanoseconds between two tellings of one fact at least."""

BUSY_SHARE = 20  # a twentieth of its age
QUIET_SHARE = 200

HEARTBEAT = 10_000_000_000
"""Nanoseconds between two signs of life of a young process, and between two tellings of metrics."""

LONGEST_HEARTBEAT = 3_600_000_000_000
"""The same of an old one."""

DAY = 86_400_000_000_000
"""Of Coordinated Universal Time."""


def is_due(now: int, first: int, told_at: int, is_quiet: bool) -> bool:
    """Is a fact that grew to be told now?

    Args:
        now: nanoseconds since the epoch.
        first: when the fact was first seen.
        told_at: when it was last told, 0 for never.
        is_quiet: nothing has happened since the last cycle.
    """
    share = QUIET_SHARE if is_quiet else BUSY_SHARE
    if now < told_at:
        return True  # the clock was set back
    return not told_at or now - told_at >= max(SHORTEST, (now - first) // share)


def next_heartbeat(now: int, armed: int) -> int:
    """Return when a process is to give its next sign of life, after one at `now`.

    The time between two is a twentieth of its age, within bounds, and each day that it lives has one at
    least: who judges long recordings counts days.
    """
    age = max(0, now - armed)
    interval = min(max(HEARTBEAT, age // BUSY_SHARE), LONGEST_HEARTBEAT)
    return min(now + interval, now - now % DAY + DAY)
