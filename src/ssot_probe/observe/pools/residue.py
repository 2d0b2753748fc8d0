"""Decides what a user leaves on a resource, and what of it is still there for the next one.

A request that was sent and not answered, or an answer that was not read, belongs to the user who asked.
Whoever gets the connection next reads it instead of their own.
"""

from __future__ import annotations

from ssot_probe.observe.pools.channels import Reading
from ssot_probe.observe.pools.interruptions import Interruption
from ssot_probe.observe.pools.resources import Left

ANSWERED = 3
"""Uses of a pool that have to be answered before one that was not is held against anybody."""


JUST_NOW = 10
"""Milliseconds within which what was sent and received belongs to giving a resource back."""


class Manners:
    """How a pool's resources are used as a rule: not every protocol answers.

    Attributes:
        answered: uses in which something was sent and something came.
        unanswered: those in which something was sent, nothing came, and nobody was interrupted.
    """

    __slots__ = ("answered", "unanswered")

    def __init__(self) -> None:
        self.answered = self.unanswered = 0


def left_behind(before: Reading, now: Reading, interrupted: Interruption | None, manners: Manners) -> str:
    """Return what is left on a resource that is given back, "" for nothing.

    Args:
        before: what was known of its channel when it was handed out; nothing where it is another one now.
        now: what is known of it.
        interrupted: the exception in flight.
        manners: of the pool; what is seen is added to them.
    """
    has_counts = before.sent >= 0 and now.sent >= 0
    has_sent = has_counts and now.sent > before.sent
    has_received = has_counts and now.received > before.received
    if interrupted is None and has_sent:
        if has_received:
            manners.answered += 1
        else:
            manners.unanswered += 1
    if now.is_closed:
        return ""
    if now.unread > 0:
        return "unread"
    if interrupted is not None:
        return _after_interruption(now, interrupted, has_counts, has_sent, has_received)
    is_odd = manners.answered >= ANSWERED and manners.unanswered == 1
    return "abandoned" if has_sent and not has_received and is_odd else ""


def _after_interruption(
    now: Reading, interrupted: Interruption, has_counts: bool, has_sent: bool, has_received: bool
) -> str:
    if not has_counts:
        return "interrupted" if interrupted.is_inside else ""
    if not has_sent or not has_received:
        return "unanswered" if has_sent else ""  # else nothing was asked
    if not interrupted.is_inside or now.since_received < now.since_sent:
        return ""  # what came last answered what was sent last: it was read before anybody else got here
    if now.since_received > now.since_sent:
        return "unanswered"
    # Both within one tick of the clock: long ago, the user waited for more; just now, the library cleaned up.
    return "interrupted" if now.since_sent > JUST_NOW else ""


def still_there(left: Left, now: Reading) -> str:
    """Return what is on a resource that is handed out again, through the same channel, "" for nothing.

    Args:
        left: what was left on it.
        now: what is known of its channel.
    """
    if now.is_closed:
        return ""
    if now.unread > 0:
        return "unread"
    if left.residue == "unread":
        return ""  # somebody has read it since, and it was not the next user
    if now.received < 0 or left.reading.received < 0:
        return "interrupted" if left.interruption else ""
    return left.residue if now.received == left.reading.received else ""


def came_late(given_back: Reading | None, now: Reading) -> bool:
    """Has something come, unasked for, while nobody had the resource?"""
    return given_back is not None and given_back.unread == 0 and now.unread > 0 and not now.is_closed
