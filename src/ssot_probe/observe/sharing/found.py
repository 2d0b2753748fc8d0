"""What a look at references starts from, and what it found. Nothing of this leaves the process as it is."""

from __future__ import annotations

from typing import Any, NamedTuple


class Root(NamedTuple):
    """An instance whose user is known: the traversal begins there, and never walks through one."""

    instance: Any
    owner: str  # the application's id of the user
    serial: int  # of the instance
    cls: str  # qualified name of its class
    concept: str


class Path(NamedTuple):
    """The shortest way that was found from one user's instance, or from a module, to a shared object."""

    owner: str  # "" where it begins at a module
    serial: int  # of the instance that it begins at, 0 where it begins at a module
    steps: tuple[str, ...]  # such as ("chat.ws:Manager", "._pool", "._sockets", "[a value]")


class SharedObject(NamedTuple):
    """A mutable object that users share: the first one on the way, none of those that are below it."""

    type: str  # qualified name
    verdict: str  # one of VERDICTS
    owner_count: int  # at least so many users' instances lead to it; 0 where only a module does
    data_of: int  # users whose data was found in it or below it; their ids or instances alone are none
    paths: tuple[Path, ...]  # one from each of the first owners; empty where only a module leads to it
    holder: tuple[str, ...]  # from a module down to it; empty where none was found
    objects: int  # looked at below it, itself included
    drawing: str  # the paths as a graph in the DOT language, types and names only
    alike: int = 1  # objects of the same type and verdict at the ends of the same steps
    data_owners: tuple[str, ...] = ()  # the application's ids of the first users whose data was found
    data_steps: tuple[str, ...] = ()  # from it down to the nearest data; empty where that lies in itself


class Look(NamedTuple):
    """What one traversal saw, and how far it came."""

    found: tuple[SharedObject, ...]  # the worst verdicts first
    roots: int
    owners: int
    objects: int
    slices: int
    longest_slice: int  # nanoseconds
    duration: int  # nanoseconds, pauses included
    stopped: str  # why it ended early; "" where it is complete
    sampled: int = 0  # containers that were too large to be looked at in full
    moved: int = 0  # shared objects that were gone, or held otherwise, before they could be described


VERDICTS = (
    "mixed",  # data of two users or more
    "contaminated",  # data of one user, within reach of another
    "never-share",  # of a type that nobody may share, such as a database session
    "handed-over",  # it was one user's at the last look and is another's now, with the first one's data
    "mutated",  # no user's data is known to be in it, and it has changed since the last look
    "root",  # one user's instance within reach of another's
    "seen-once",  # no user's data is known to be in it; whether it changes only another look can tell
    "partitioned",  # every entry says whose it is
    "resource",  # of a library, which users commonly share, such as a connection pool
    "unchanged",  # nobody has changed it between two looks
)
"""What a shared object amounts to, the worst first."""
