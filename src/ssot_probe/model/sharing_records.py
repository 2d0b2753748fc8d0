"""What the probe may say about what users share, or leave to each other."""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.model.site import Site


class SharingRecord(NamedTuple):
    """One instance reached a second user (or one more): the fact behind a cross-user finding."""

    instance: str
    concept: str
    cls: str
    users: tuple[str, ...]  # keyed hashes of the first users, in order of arrival
    user_count: int  # of all users so far
    severity: str
    site: Site
    time: int
    request: str
    request_span: str


class OverlapRecord(NamedTuple):
    """Two users were inside one instance's methods at the same time: the second came in before `until`."""

    instance: str
    concept: str
    cls: str
    methods: tuple[str, ...]  # of the two calls, in the order in which they came in
    users: tuple[str, ...]
    threads: tuple[str, ...]
    tasks: tuple[str, ...]
    places: tuple[str, ...]  # "file:line" of the two calls
    entered: int  # when the first one came in
    time: int  # when the second one did
    until: int  # when one of them left; 0 where neither did as long as it was watched
    severity: str
    count: int  # type: ignore[assignment]  # overlaps of these two methods since the last that was told
    site: Site  # of the second call
    request: str
    request_span: str


class RaceRecord(NamedTuple):
    """Overlapping calls of a factory with one key gave out two instances, of which one was to be kept."""

    maker: str
    kind: str  # as in MakeRecord
    concept: str
    cls: str
    user: str  # keyed hash; "" where the key is the factory itself
    instances: tuple[str, ...]  # of the two calls, in the order in which they began
    threads: tuple[str, ...]
    tasks: tuple[str, ...]
    places: tuple[str, ...]  # "file:line" of the two calls
    entered: int  # when the first call began
    time: int  # when the second one did
    left: tuple[str, ...]  # when each one ended, nanoseconds since the epoch
    kept: str  # the instance that the factory keeps
    slot: str  # the variable or attribute that it is kept in
    severity: str
    count: int  # type: ignore[assignment]  # races of this factory since the last that was told
    site: Site  # of the second call
    request: str
    request_span: str


class SharedObjectRecord(NamedTuple):
    """A mutable object that several users share, as looks at references found it.

    Its paths, instances and the first of its users stand in one order; after them come users whose data was
    found in it. Objects of one type, verdict and shape of paths are one fact, and `count` says how often a
    look saw it.
    """

    type: str  # qualified name
    verdict: str  # one of VERDICTS in `model/sharing.py`
    concepts: tuple[str, ...]  # of the instances that it was reached from
    classes: tuple[str, ...]  # of these instances
    users: tuple[str, ...]  # keyed hashes of the first users
    user_count: int  # whose instances lead to it; 0 where only a module does
    data_of: int  # users whose data was found in it or below it
    instances: tuple[str, ...]  # unique over processes; "" where a path begins at a module
    paths: tuple[str, ...]  # such as "chat.ws:Manager._pool._sockets[a value]"
    holder: str  # the path from a module down to it; "" where none was found
    objects: int  # looked at below it, itself included
    drawing: str  # the paths as a graph in the DOT language
    severity: str  # as judged in the process; "" where it is no finding
    count: int  # type: ignore[assignment]
    time: int
    data_at: str = ""


class LookRecord(NamedTuple):
    """Looks at what is reachable from the instances of users, added up by what led to them and ended them."""

    trigger: str  # "users" | "again" | "end" | "signal" | "call"
    stopped: str  # why they ended early; "" where they were complete
    roots: int  # most in one look
    owners: int  # most in one look
    objects: int  # in all of them
    slices: int  # in all of them
    longest_slice: int  # nanoseconds: so long a look kept the interpreter to itself at most
    duration: int  # nanoseconds, of all of them, pauses included
    users: int  # so many users had instances until now, in the whole process
    users_seen: int  # of these, users with an instance that was in a look
    count: int  # type: ignore[assignment]
    time: int


class BoundaryRecord(NamedTuple):
    """What users of one shared thing are labelled, for a label that the policy keeps apart from others."""

    code: str  # of the finding below it, "SSOT301" or "SSOT303"
    subject: str  # the class or type that is shared
    concept: str
    labels: tuple[str, ...]  # those of its users that the policy names, in order
    unlabelled: int  # users with another label, or none
    severity: str  # as judged in the process; "" where it is no finding
    time: int


class ContextRecord(NamedTuple):
    """Work for one user ran, or began, with the context of another user that was left there.

    The users are those of the first time.
    """

    moment: str  # "call": of a maker or method; "job" | "request": it began so
    carrier: str  # what carried the context, such as "contextvar chat.auth:current_user"
    said_by: str  # what said whom the work is for, such as "argument user_id" or "bind_user"
    carried: str  # keyed hash of the user whose context it was
    user: str  # keyed hash of the user whom the work was for; "" where nothing says so
    pairs: int  # different pairs of these two until now
    concept: str  # of what was made or used; "" where nothing was
    cls: str
    maker: str  # the maker, the method, or the function that ran as the job
    since: str  # "file:line" of what left the context there; "" where that was not seen
    site: Site  # of the call
    thread: str
    task: str
    severity: str
    count: int  # type: ignore[assignment]
    first: int
    last: int
    request: str = ""  # trace id of the application's own request, hex
    request_span: str = ""


class HandoverRecord(NamedTuple):
    """A pool handed a resource to a user with something on it that another user had left."""

    pool: str
    acquire: str
    cls: str
    instance: str  # unique over processes
    residue: str  # one of `model.sharing.RESIDUES`
    unread: int  # bytes, 0 where none were there yet
    interruption: str  # type of the exception in flight when it was given back; "" for none
    users: tuple[str, ...]  # keyed hashes: who left it, and who got it
    severity: str
    given_back: Site  # where the first user gave it back
    given_back_thread: str
    given_back_task: str
    site: Site  # where the second one got it
    thread: str
    task: str
    time: int
    request: str
    request_span: str
