"""When a fact that grew is told again: soon while it is young or all is quiet, ever more seldom as it ages.

A process that is killed loses what was counted since a fact was last told. Waiting for a share of the fact's
age bounds that loss to this share, and the number of tellings to the logarithm of the age.
"""

from __future__ import annotations

SHORTEST = 100_000_000
"""Nanoseconds between two tellings of one fact at least."""

BUSY_SHARE = 20  # a twentieth of its age
QUIET_SHARE = 200


def is_due(now: int, first: int, told_at: int, is_quiet: bool) -> bool:
    """Is a fact that grew to be told now?

    Args:
        now: nanoseconds since the epoch.
        first: when the fact was first seen.
        told_at: when it was last told, 0 for never.
        is_quiet: nothing has happened since the last cycle.
    """
    share = QUIET_SHARE if is_quiet else BUSY_SHARE
    return not told_at or now - told_at >= max(SHORTEST, (now - first) // share)
