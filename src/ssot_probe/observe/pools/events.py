"""A pool that is listened to, and the event that each of its resources leaves when it is handed out."""

from __future__ import annotations

from types import CodeType
from typing import NamedTuple, Optional

from ssot_probe.observe.makers import Maker
from ssot_probe.observe.pools.residue import Manners
from ssot_probe.observe.pools.resources import Left


class ObservedPool:
    """A pool's pair of functions.

    Attributes:
        name: of the pool.
        maker: what hands out, with the sources of the user.
        release: qualified name of what takes back, "" where leaving a context manager does.
        manners: how its resources are used as a rule.
    """

    __slots__ = ("maker", "manners", "name", "release")

    def __init__(self, name: str, maker: Maker, release: str) -> None:
        self.name = name
        self.maker = maker
        self.release = release
        self.manners = Manners()


class Handover(NamedTuple):
    """A resource was handed to a user with something on it that another had left."""

    residue: str
    unread: int
    serial: int  # of the resource
    left: Left
    user: str  # the application's id: hashed before it leaves the process
    code: CodeType
    offset: int
    thread: str
    task: str
    request: tuple[str, str]


class PoolEvent(NamedTuple):
    """A resource was handed out."""

    pool: ObservedPool
    cls: str
    is_attributed: bool
    is_handover: bool  # another user had it before
    time: int
    handover: Optional[Handover] = None  # where that one left something
