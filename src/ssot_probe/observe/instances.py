"""Gives each observed instance a serial, without keeping it alive and without trusting `id()`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, Optional
from weakref import ref

from ssot_probe.observe.call_sites import CallSite

if TYPE_CHECKING:
    from ssot_probe.observe.makers import Maker
    from ssot_probe.observe.overlaps import InstanceUse


Access = tuple[CallSite, str, str, tuple[str, str]]
"""How a user got hold of an instance: call site, thread, task, trace and span."""


class InstanceRef(ref):  # type: ignore[type-arg]
    """A weak reference to an instance, with what is known of it.

    Attributes:
        serial: number of the instance in its process.
        user: the first user that it was made for or handed to, None before there is one.
        others: all further users, None while there are none.
        origin: the factory that first handed it out, None while none did.
        born: where it was constructed; None where that was not seen, or where it happened inside its origin.
        key: the instance's `id()`; once it was freed, minus the serial of the newest instance at that moment.
        first: by which thread, and how, it was handed out first; None before it was.
        touched: when a method of it ran for which no user was known, in nanoseconds since the epoch; not set
            before that.
        use: who is inside its methods, and which threads use it; None before it was used.
        access, time: how, and when, its user got hold of it, where the recorder keeps that to tell it later;
            None, and not set, before.
        made: where it was constructed or handed out first, as the recorder has it; None before.
    """

    __slots__ = (
        *("access", "born", "first", "key", "made", "origin", "others"),
        *("serial", "time", "touched", "use", "user"),
    )

    key: int
    serial: int
    user: Optional[str]
    others: Optional[set[str]]
    origin: Optional[Maker]
    born: Optional[CallSite]
    touched: int
    first: Optional[tuple[Any, ...]]
    use: Optional[InstanceUse]
    access: Optional[Access]
    time: int
    made: Optional[CallSite]

    @property
    def released(self) -> int:
        """Serial of the newest instance at the moment when this one was freed, 0 while it lives."""
        return max(0, -self.key)


_nothing: Any = None

NOT_CONSTRUCTED = CallSite(_nothing, "constructed", _nothing, _nothing, 0)
"""The `born` of an instance that existed when it was first met, though its constructor is observed: it was
copied, unpickled, loaded from a database, or made before its class was observed."""

MOST_USERS = 4096
"""Bound on the users that one instance remembers."""

MOST_KNOWN_USERS = 10_000
"""Bound on the users that are remembered at all."""


class InstanceTable:
    """All observed instances that are alive.

    `id()` is reused as soon as an object is gone, so an entry counts only while its weak reference still
    leads to the very object; the reference's callback removes it before the id can be used again.

    Attributes:
        by_id: what is known of each instance, by its `id()`.
        newest: serial of the last one that was added.
        add: starts to follow an instance that was made for a user, or handed to them, and returns what is
            known of it; raises a TypeError where its class allows no weak references.
        serials: the numbers that instances get.
        forget: called with the weak reference of an instance that is being freed.
        users: everybody who got hold of an instance, and None.
        on_user: called when there is another one of them, with the instance that existed before and that they
            got hold of, if they did so in that way; must not raise.
        give_way: called after a call of an instance's method, None where nobody waits for one.
    """

    def __init__(self) -> None:
        self.by_id: dict[int, InstanceRef] = {}
        self.newest = 0
        self.users: set[Optional[str]] = {None}
        self.on_user: Optional[Callable[[Optional[InstanceRef]], None]] = None
        self.give_way: Optional[Callable[[], None]] = None
        self.serials = count(1)
        self.forget = _forgetting(self)
        self.add = self._adding()

    def find(self, instance: object) -> InstanceRef | None:
        """Return what is known of the instance, None when it was never seen."""
        known = self.by_id.get(id(instance))
        return known if known is not None and known() is instance else None

    def _adding(self) -> Callable[..., InstanceRef]:
        by_id, users, welcome = self.by_id, self.users, self.welcome  # looked up for every call
        serials, forget, table = self.serials, self.forget, self

        def add(instance: Any, user: str | None = None) -> InstanceRef:
            known = InstanceRef(instance, forget)
            known.key = key = id(instance)
            known.serial = table.newest = next(serials)
            known.user = user
            known.others = known.origin = known.born = known.first = known.use = None
            known.made = known.access = None
            by_id[key] = known
            if user not in users:
                welcome(user)
            return known

        return add

    def is_alive(self, known: InstanceRef) -> bool:
        """Is the instance still there? Asking the reference itself would make it live on for a moment."""
        return self.by_id.get(known.key) is known

    def meets(self, known: InstanceRef, user: str) -> bool:
        """Note that the user got hold of the instance. Is it the first time?"""
        if known.user == user:
            return False
        if user not in self.users:
            self.welcome(user, known)
        if known.user is None:
            known.user = user
            return True
        if known.others is None:
            known.others = {user}
            return True
        if user in known.others or len(known.others) >= MOST_USERS:
            return False
        known.others.add(user)
        return True

    def forget_users(self) -> None:
        """Forget who met which instance: a forked child has served nobody yet."""
        for known in list(self.by_id.values()):
            known.user = known.others = known.first = known.use = known.access = None
        self.users.clear()
        self.users.add(None)

    def welcome(self, user: str | None, known: InstanceRef | None = None) -> None:
        """Take in a user who is not among `users`, and who may have got hold of what was there before."""
        if len(self.users) <= MOST_KNOWN_USERS:
            self.users.add(user)
            if self.on_user is not None:
                self.on_user(known)


def _forgetting(table: InstanceTable) -> Callable[[InstanceRef], None]:
    """Return what is called with the weak reference of an instance that is being freed."""
    pop = table.by_id.pop

    def forget(gone: InstanceRef) -> None:
        pop(gone.key, None)  # the id is still taken: no other instance can stand there
        gone.key = -table.newest

    return forget
