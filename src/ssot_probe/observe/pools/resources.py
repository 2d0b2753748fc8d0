"""What is known of each resource of a pool: who had it last, and what they left on it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from types import CodeType
from typing import Any, NamedTuple, Optional
from weakref import ref

from ssot_probe.observe.pools.channels import UNKNOWN, Reading


class Left(NamedTuple):
    """What a user left on a resource, and where they gave it back."""

    user: Optional[str]
    residue: str  # as seen when it came back
    interruption: str = ""
    reading: Reading = UNKNOWN
    code: Optional[CodeType] = None  # None where it was not noted
    offset: int = -1
    thread: str = ""
    task: str = ""


class ResourceRef(ref):  # type: ignore[type-arg]
    """A weak reference to a resource, with what is known of it.

    Attributes:
        serial: its number in the process.
        user: who has it, or had it last; None where nobody that is known did.
        is_out: it was handed out and has not come back.
        channel: weak reference to what it talks through, else its id; None for nothing.
        reading: what was known of that when it was handed out last.
        left: what was left on it, by whom; None for nothing.
        given_back: what was known of the channel when it came back last, None where it did not.
        is_told: what was left on this channel was told already.
        is_asking: it has asked and read no reply since, as far as its library is known.
    """

    __slots__ = (
        *("channel", "given_back", "is_asking", "is_out", "is_told"),
        *("key", "left", "reading", "serial", "user"),
    )

    key: int
    serial: int
    user: Optional[str]
    is_out: bool
    channel: Any
    reading: Reading
    left: Optional[Left]
    given_back: Optional[Reading]
    is_told: bool
    is_asking: bool

    def talks_through(self, channel: Any) -> bool:
        """Is it the channel that it had when it was looked at last?"""
        if type(self.channel) is int:
            return id(channel) == self.channel
        return channel is (None if self.channel is None else self.channel())

    def connect(self, channel: Any) -> None:
        """Note that it talks through another channel: nothing of what was left on the old one counts."""
        try:
            self.channel = None if channel is None else ref(channel)
        except TypeError:  # its class allows no weak references
            self.channel = id(channel)
        self.left = self.given_back = None
        self.is_told = self.is_asking = False


class Resources:
    """All resources of all pools that are alive."""

    def __init__(self) -> None:
        self._by_id: dict[int, ResourceRef] = {}
        self._serial = count(1).__next__
        self._forget = _forgetting(self._by_id)

    def find(self, resource: object) -> ResourceRef | None:
        """Return what is known of a resource, None where it was never handed out."""
        known = self._by_id.get(id(resource))
        return known if known is not None and known() is resource else None

    def follow(self, resource: Any) -> ResourceRef:
        """Return what is known of a resource, from now on.

        Raises:
            TypeError: its class allows no weak references.
        """
        known = self.find(resource)
        if known is None:
            known = ResourceRef(resource, self._forget)
            known.key = id(resource)
            known.serial = self._serial()
            known.user = known.channel = known.left = known.given_back = None
            known.reading = UNKNOWN
            known.is_out = known.is_told = known.is_asking = False
            self._by_id[known.key] = known
        return known

    def forget_all(self) -> None:
        """Know nobody any more: a forked child has served no user yet."""
        self._by_id.clear()


def _forgetting(by_id: dict[int, ResourceRef]) -> Callable[[ResourceRef], None]:
    def forget(gone: ResourceRef) -> None:
        if by_id.get(gone.key) is gone:
            del by_id[gone.key]

    return forget
