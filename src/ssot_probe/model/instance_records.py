"""What the probe may say about instances: who made them, who used them, what became of them."""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.model.site import Site


class MakeRecord(NamedTuple):
    """A maker constructed an instance of a concept or handed one out."""

    maker: str  # qualified name of the factory, or of the class when its constructor was called
    kind: str  # "constructor" | "function" | "coroutine" | "generator" | "method"
    outcome: str  # "constructed" | "returned": an instance that existed before; "declared" in source
    cls: str  # qualified name of the instance's class
    serial: int  # serial of that class object
    chain: tuple[str, ...]  # factories that were running around this call, outermost first
    origin: str  # the factory that first handed the instance out, itself included; "" while none did
    born: str  # "file:line" of a construction that was seen outside of the origin; else ""
    definition: Site  # where the maker is defined
    site: Site  # who called it
    thread: str
    task: str  # "" outside asyncio
    count: int  # type: ignore[assignment]
    unattributed: int  # of these, calls for which no user was known
    first: int
    last: int
    callers: tuple[str, ...] = ()  # of a call out of a constructor: who constructs there, nearest first
    calls: tuple[str, ...] = ()  # "file:line" at which each of them does
    found: bool = False


class AccessRecord(NamedTuple):
    """A user got hold of one certain instance for the first time."""

    instance: str  # unique over processes
    concept: str
    cls: str
    maker: str  # or the method that ran
    outcome: str  # as in MakeRecord, or "used": a method of the instance ran for the user
    site: Site
    user: str  # keyed hash
    thread: str
    task: str
    time: int
    request: str


class ThreadRecord(NamedTuple):
    """A thread used an instance for a user, or got hold of it, for the first time.

    Told of users with several threads only.
    """

    instance: str
    concept: str
    cls: str
    maker: str  # or the method that ran
    outcome: str  # "used" | "returned"
    site: Site
    user: str
    number: int  # of the thread in its process: names repeat
    thread: str
    task: str
    is_job: bool  # a pool's worker was given it to do, and whoever gave it may wait meanwhile
    beside: int  # number of another thread that was in it at the same time, 0 for none
    time: int


class HolderRecord(NamedTuple):
    """What keeps an instance alive that is shared or has leaked: the chain from a module down to it."""

    instance: str
    cls: str
    path: tuple[str, ...]  # such as ("module chat.ws.manager", "_manager")
    time: int


class PopulationRecord(NamedTuple):
    """How many instances of a class one maker has made for users until now, and what became of them.

    An orphan is an instance that is alive though the work of every user who had it is over.
    """

    concept: str
    cls: str
    maker: str  # that first handed them out, or else constructed them
    made: int  # for known users
    gone: int  # of these, no longer there
    alive: int
    evicted: int  # of those released, those that outlived the making of another one
    alive_then: int  # instances when the first of these was released
    orphans: int
    orphan_users: int  # so many users had them
    orphans_earlier: int  # of the orphans, those in the first half of all that were made
    oldest: int  # nanoseconds since an orphan's user was last seen, at most
    median: int  # half of the orphans are past that for longer
    is_collected: bool  # counted after a full garbage collection since
    pause: int  # nanoseconds that a collection of the probe's own took; 0 where there was none
    held: int  # orphans that a module or a running task holds; -1 where nobody has looked yet
    bound: int  # entries that their holder may have at most; 0 where none is known
    instance: str  # the orphan that a HolderRecord tells of; "" where there is none
    site: Site  # where the first orphan was made
    time: int


class PoolRecord(NamedTuple):
    """A pool handed out resources of one class, such as connections."""

    pool: str  # its name, of the policy or of the library
    acquire: str  # qualified name of what hands out
    cls: str  # of the resources; "" in the record that says that the pool is listened to
    count: int  # type: ignore[assignment]
    unattributed: int  # of these, for nobody that was known
    handovers: int  # for another user than the one who had the resource before
    unclean: int  # of these, with something left on it by the one before; each resource once
    time: int
