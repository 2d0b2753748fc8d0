"""Notes whenever a pool's resource is handed out and taken back. Runs in the application's threads."""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable
from sys import _getframe
from time import time_ns
from types import CodeType
from typing import Any, Optional

from ssot_probe.context.current import bound_user, thread_and_task
from ssot_probe.context.request import current_request, mark_request
from ssot_probe.context.sources import reading
from ssot_probe.model.sharing import residue_severity
from ssot_probe.observe.census import qualified_name
from ssot_probe.observe.pools.attributes import stored
from ssot_probe.observe.pools.channels import UNKNOWN, Channels, Reading, read
from ssot_probe.observe.pools.events import Handover, ObservedPool, PoolEvent
from ssot_probe.observe.pools.interruptions import interruption
from ssot_probe.observe.pools.known import STANDS_FOR
from ssot_probe.observe.pools.residue import came_late, left_behind, still_there
from ssot_probe.observe.pools.resources import Left, ResourceRef, Resources

_OWN_PACKAGE = "ssot_probe."

MOST_CALLERS = 40
"""Frames between a pool and the application's own code that are passed over."""


class Checkouts:
    """Follows the resources of all pools.

    Args:
        append: takes one event; must neither block nor raise.
        is_own_code: is a module, in a file, the application's own? Places are told of that code.
        owner_of: which user does an instance belong to?
        on_blind: told once of a class of resources that cannot be followed, and why.
    """

    def __init__(
        self,
        append: Callable[[PoolEvent], None],
        is_own_code: Callable[[str, str], bool],
        owner_of: Callable[[object], Optional[str]],
        on_blind: Callable[[str, str], None],
    ) -> None:
        self._append = append
        self._is_own_code = is_own_code
        self._owner_of = owner_of
        self._on_blind = on_blind
        self._resources = Resources()
        self._channels = Channels()
        self._own: dict[int, tuple[CodeType, bool]] = {}
        self._names: dict[type, str] = {}  # of the classes of resources
        self._blind: set[type] = set()

    def forget(self) -> None:
        """Know of no resource any more, in a forked child."""
        self._resources.forget_all()

    def handed_out(
        self, pool: ObservedPool, resource: Any, holder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Note that a resource was handed out, and whether it is clean."""
        if resource is None or (reading and get_ident() in reading):
            return
        resource = behind(resource)
        user = bound_user()
        if user is None:
            user = pool.maker.user_of(holder, args, kwargs) or self._calling_owner()
        anchor = self._anchor(resource)
        cls = self._names.get(type(resource))
        if cls is None:
            cls = self._names[type(resource)] = qualified_name(type(resource))
        if anchor is None:
            self._append(PoolEvent(pool, cls, user is not None, False, time_ns()))
            return
        known = self._resources.follow(anchor)
        if known.is_out and known.user == user:
            return  # told by the function that this one was called from, or to
        channel, now = self._look_at(resource, known.given_back)
        if not known.talks_through(channel):
            known.connect(channel)
        before, known.user = known.user, user
        is_handover = before is not None and user is not None and before != user
        handover = None
        if known.left is not None or now.unread > 0:
            handover = self._unclean(pool, cls, known, before, now)
        known.is_out = True
        known.reading = now
        self._append(PoolEvent(pool, cls, user is not None, is_handover, time_ns(), handover))

    def taken_back(self, pool: ObservedPool, resource: Any, error: Optional[BaseException]) -> None:
        """Note that a resource is being taken back while `error` is in flight, and what is left on it."""
        resource = behind(resource)
        known = self._resources.find(self._anchor(resource))
        if known is None or not known.is_out:
            return
        known.is_out = False
        channel, now = self._look_at(resource, None)
        before, is_same = known.reading, known.talks_through(channel)
        if not is_same:
            known.connect(channel)
            before = UNKNOWN
        known.given_back = now
        if channel is None:
            return  # it was disconnected, or nothing can be known of it
        interrupted = interruption(error, resource, channel, is_same)
        residue = left_behind(before, now, interrupted, pool.manners)
        if known.is_asking and not residue and not now.is_closed:
            residue = "unanswered"
        if known.left is not None:
            known.left = known.left._replace(reading=now)  # as it was, if one request further on
        elif residue:
            name = "" if interrupted is None else interrupted.name
            known.left = Left(known.user, residue, name, now, *self._place(), *thread_and_task())

    def _look_at(self, resource: Any, before: Reading | None) -> tuple[Any, Reading]:
        channel = self._channels.of(resource)
        return channel, UNKNOWN if channel is None else read(channel, before)

    def asks(self, resource: Any, is_question: bool) -> None:
        """Note that a resource has asked, or that it has read a reply."""
        known = self._resources.find(self._anchor(resource)) if type(resource) in self._names else None
        if known is not None:
            known.is_asking = is_question

    def find(self, values: tuple[Any, ...]) -> Any:
        """Return the first of the values that is a resource, None where none is."""
        for value in values:
            if type(behind(value)) in self._names:
                return value
        return None

    def _anchor(self, resource: Any) -> Any:
        """Return what a resource is known again by: itself, or its channel where it allows none weakly.

        The connections of redis-py 4.5 allow none. What is left lies in the channel in any case.
        """
        if type(resource).__weakrefoffset__:
            return resource
        channel = self._channels.of(resource)
        if channel is not None and type(channel).__weakrefoffset__:
            return channel
        if type(resource) not in self._blind and not self._channels.is_known(resource):
            self._blind.add(type(resource))
            self._on_blind(qualified_name(type(resource)), "its class allows no weak references")
        return None

    def _unclean(
        self, pool: ObservedPool, cls: str, known: ResourceRef, before: str | None, now: Reading
    ) -> Handover | None:
        """Return what another user left on a resource, unless that was told already."""
        left = known.left
        if left is not None:
            residue = still_there(left, now)
            if known.is_asking and left.residue == "unanswered" and residue != "unread":
                residue = left.residue
            if not residue:
                known.left = None
        elif came_late(known.given_back, now):
            residue, left = "late", Left(before, "late")
        else:
            return None
        user = known.user
        if left is None or not residue or known.is_told or None in (user, left.user) or left.user == user:
            return None
        known.is_told = True
        request = ("", "")
        if "opentelemetry.trace" in sys.modules:
            request = current_request()
            mark_request("SSOT301", residue_severity(residue).label, pool.name, cls)
        return Handover(
            residue,
            max(0, now.unread),
            known.serial,
            left,
            str(user),
            *self._place(),
            *thread_and_task(),
            request,
        )

    def _calling_owner(self) -> str | None:
        """Return the user of the nearest instance whose method asks, where the instance is one user's."""
        frame: Any = _getframe(2)
        for _ in range(MOST_CALLERS):
            if frame is None:
                return None
            code = frame.f_code
            if code.co_argcount and code.co_varnames[0] == "self" and self._is_own(frame):
                user = self._owner_of(frame.f_locals.get("self"))
                if user is not None:
                    return user
            frame = frame.f_back
        return None

    def _place(self) -> tuple[CodeType, int]:
        """Return the nearest place in the application's own code, else the first outside of the probe's."""
        frame: Any = _getframe(1)
        while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(_OWN_PACKAGE):
            frame = frame.f_back
        nearest = frame
        for _ in range(MOST_CALLERS):
            if frame is None:
                break
            if self._is_own(frame):
                return frame.f_code, frame.f_lasti
            frame = frame.f_back
        return nearest.f_code, nearest.f_lasti

    def _is_own(self, frame: Any) -> bool:
        code = frame.f_code
        known = self._own.get(id(code))
        if known is None or known[0] is not code:
            if len(self._own) > 4096:
                self._own.clear()
            known = self._own[id(code)] = (
                code,
                self._is_own_code(str(frame.f_globals.get("__name__")), code.co_filename),
            )
        return known[1]


def behind(resource: Any) -> Any:
    """Return what is pooled, where a library makes a new object around it for each user."""
    name = STANDS_FOR.get((type(resource).__module__, type(resource).__name__))
    inner = None if name is None else stored(resource, name)
    return resource if inner is None else inner
