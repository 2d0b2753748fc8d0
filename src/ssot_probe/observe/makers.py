"""What the wrappers know of a maker and of a class, and the event that a call leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple, Optional

from ssot_probe.context.sources import UserReader
from ssot_probe.model.policy import Concept
from ssot_probe.model.sharing import wants_one_per_thread
from ssot_probe.observe.call_sites import CallSite
from ssot_probe.observe.instances import InstanceRef


class ObservedClass:
    """A class object whose instances are followed.

    Attributes:
        name: qualified name.
        serial: number of the class object in its process.
        concept: what it plays.
        is_shareable: users may share its instances, so no request is marked.
        is_seen_constructed: its constructor is observed: an instance that did not pass there is no new one.
        is_followed: which threads use its instances is noted.
        is_guarded: each thread is to have an instance of its own.
    """

    __slots__ = (
        *("concept", "is_followed", "is_guarded", "is_seen_constructed", "is_shareable"),
        *("name", "serial"),
    )

    def __init__(self, name: str, serial: int, concept: Concept, is_shareable: bool) -> None:
        self.name = name
        self.serial = serial
        self.concept = concept
        self.is_shareable = is_shareable
        self.is_seen_constructed = False
        self.is_followed = concept.declared and not is_shareable
        self.is_guarded = self.is_followed and wants_one_per_thread(concept)


class Maker:
    """A constructor or factory that is observed.

    Attributes:
        name: qualified name of the factory, or of the class whose constructor it is.
        kind: "constructor", "function", "coroutine" or "method".
        code: of the maker, for the place of its definition; None where it has none.
        readers: who is the user, asked in order.
        is_enabled: False once it failed or the probe stopped: then a call is only passed on.
        check: looks whether a call runs with somebody else's context; None where nothing could say so.
        names_user: the policy says that one of its arguments is the user.
        trials: calls that may still hand out nothing before it is let go; 0 for one that never is.
        is_proven: it has handed out or constructed something while it was on trial.
        is_resting: it was let go, and calls are only passed on.
        has_rested: it was let go at some time.
    """

    __slots__ = (
        *("check", "code", "has_rested", "is_enabled", "is_proven", "is_resting", "kind", "name"),
        *("names_user", "readers", "trials"),
    )

    def __init__(self, name: str, kind: str, code: CodeType | None, readers: tuple[UserReader, ...]) -> None:
        self.name = name
        self.kind = kind
        self.code = code
        self.readers = readers
        self.is_enabled = True
        self.check: Optional[Callable[..., None]] = None
        self.names_user = False
        self.trials = 0
        self.is_proven = self.is_resting = self.has_rested = False

    def prove(self) -> None:
        """Know that it is a maker: it is observed for good."""
        self.trials, self.is_proven = 0, True

    def fail(self) -> None:
        """Know that a call has handed out nothing, and constructed nothing."""
        self.trials -= 1
        if self.trials <= 0:
            self.is_resting = self.has_rested = True

    def user_of(self, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Return the user that the first of the readers finds, None where none does."""
        for read in self.readers:
            user = read(instance, args, kwargs)
            if user is not None:
                return user
        return None


class MakeEvent(NamedTuple):
    """One call of a maker that produced an instance, as the hot path leaves it (as a plain tuple)."""

    site: CallSite
    instance: Optional[InstanceRef]  # None where its class allows no weak references
    user: Optional[str]  # the application's id: hashed before it leaves the process
    is_first_meeting: bool  # of this user and this instance
    thread: str
    task: str
    origin: Optional[Maker]
    born: Optional[CallSite]
    request: tuple[str, str]
    time: int
