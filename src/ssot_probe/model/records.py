"""What the probe may say about a process: one frozen record per kind of fact.

A record holds names, numbers and serials, never an observed object, and no user id: `user` is always
a keyed hash. Times are nanoseconds since the Unix epoch. `count` is how many times the fact happened
between `first` and `last`; records of one fact add up, so a reader sums counts over records.
"""

from __future__ import annotations

from typing import NamedTuple, Union

from ssot_probe.model.path_records import (
    DefinitionRecord,
    ForkRecord,
    PathUseRecord,
    SourceRecord,
    WatchedPathRecord,
)
from ssot_probe.model.site import NOWHERE as NOWHERE
from ssot_probe.model.site import Site as Site


class ProcessRecord(NamedTuple):
    """The state of the probe in one process, written when it starts, regularly, and when it stops."""

    state: str  # "started" | "alive" | "stopped"; "scanned" for an inventory of source code
    time: int
    armed: int  # since when the probe observed
    python: str  # version of the interpreter, as "3.12.1"
    packages: tuple[str, ...]  # first-party packages; empty where they were inferred file by file
    policy: str  # the policy in force, as JSON; empty in all but the first record
    observers: tuple[str, ...]  # what was listening, such as "finder", "tripwire", "makers:wrapt"
    user_key: str  # which key users are hashed with; hashes of different keys cannot be compared
    emitted: int  # records handed to the exporters so far, this one not counted
    dropped: tuple[str, ...]  # what was lost so far, as "reason=count"
    parent: str = ""  # the process that forked this one, where both are recorded
    control: str = ""  # "seen" | "missed": did the observers see what the probe does itself to try them?
    closed: str = ""  # of a stopped one: "exit" | "failed" | "sigterm" | "stop": its process went on
    directory: str = ""  # name of the list of processes that recorded into one directory; "" for none
    number: int = 0  # of this process in that list, from 1
    listed: int = 0  # so many processes that list has by now


class ModuleRecord(NamedTuple):
    """A first-party module was found loaded."""

    module: str
    file: str
    importer: str  # "file:line" of the statement that loaded it; "" where that is unknown
    preloaded: bool  # it was loaded before the probe, or past it
    time: int
    watched: bool = False  # every import of it was told, from its loading on


class ImportRecord(NamedTuple):
    """An import statement (or call) that was executed, or declared in source, with its place."""

    module: str  # the module that was asked for, absolute
    names: tuple[str, ...]  # names fetched from it by `from module import ...`
    outcome: str  # "loaded": this import ran the module; "cached": it was there; "failed"; "declared"
    origin: str  # "application" | "unpickling" | "sweep" (it walks modules, and uses none) | "static"
    at_load: bool  # executed while the importing module itself was being loaded
    site: Site
    thread: str
    count: int  # type: ignore[assignment]
    first: int
    last: int
    guard: str = (
        ""  # of a declared one: "type-checking" | "try" | "except" | "branch" | "main"; "" always runs
    )


class CycleRecord(NamedTuple):
    """A module was imported while it was being loaded: the importer saw it half initialised.

    Link by link, what led from the module to that import, which is the last one: `importers[i]` imports
    `modules[i]` at `places[i]`.
    """

    module: str  # the half initialised one
    names: tuple[str, ...]  # fetched from it, or asked for in vain; empty where the module itself was bound
    outcome: str  # "cached" | "failed": the names were not there yet
    importers: tuple[str, ...]
    modules: tuple[str, ...]
    places: tuple[str, ...]  # "file:line"
    site: Site  # of the import that saw it
    thread: str
    time: int


class ClassRecord(NamedTuple):
    """A class object that plays a concept, bound in a first-party module or constructed."""

    name: str  # qualified name
    serial: int  # number of the class object in its process: two objects of one name differ in it
    file: str
    line: int
    bases: tuple[str, ...]  # qualified names of all its bases, nearest first, without `object`
    traits: tuple[str, ...]  # of "abstract", "protocol", "exception", "enum", "typed-dict", "test-double"
    time: int
    methods: tuple[str, ...] = ()  # public methods of its own, where it was read in source


class BindingRecord(NamedTuple):
    """A module binds a name to a class of a concept, or to a function that may make its instances."""

    module: str
    attribute: str
    kind: str  # "class" | "function"
    target: str  # qualified name of what it is bound to
    serial: int  # serial of the class object; 0 for functions
    time: int


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
    found: bool = False  # returned and never seen constructed: copied, unpickled, loaded, or older than that


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
    request: str  # trace id of the application's own request, hex; "" when it has none


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
    request_span: str  # span id of the application's own span, hex; "" when it has none


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


class HolderRecord(NamedTuple):
    """What keeps an instance alive that is shared or has leaked: the chain from a module down to it."""

    instance: str
    cls: str
    path: tuple[str, ...]  # such as ("module chat.ws.manager", "_manager")
    time: int


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
    data_at: str = ""  # the path from it down to the nearest data of a user; "" where that lies in itself


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
    time: int  # of the last one


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


SILENT = "silent-use"


class ReferenceRecord(NamedTuple):
    """Source or configuration names a module, or something in it, without importing it there.

    Of kind "deprecated", the module itself warns, whenever it is loaded, that it should not be used. Of kind
    SILENT, a class of a watched path is used there without any of its code being run.
    """

    target: str  # `module` or `module:Name`; "" where the name is computed at run time
    kind: str  # "string", "configuration", "entry-point", "pickle", "computed-import", "deprecated", SILENT
    site: Site
    time: int


class UserSourceRecord(NamedTuple):
    """What has become of asking one source who the user is; the newest record of a source counts."""

    source: str  # as the policy writes it, a framework's name, or "arguments"
    kind: str  # "policy" | "framework" | "arguments"
    state: str  # "answered" | "silent": never yet | "missing": the policy's name is not in its module
    time: int


class BlindRecord(NamedTuple):
    """Something that the policy asks for and that cannot be observed here."""

    subject: str
    reason: str
    time: int


Record = Union[
    ProcessRecord,
    ModuleRecord,
    ImportRecord,
    CycleRecord,
    ClassRecord,
    BindingRecord,
    MakeRecord,
    AccessRecord,
    SharingRecord,
    ThreadRecord,
    OverlapRecord,
    RaceRecord,
    HolderRecord,
    SharedObjectRecord,
    LookRecord,
    BoundaryRecord,
    ContextRecord,
    PopulationRecord,
    PoolRecord,
    HandoverRecord,
    ReferenceRecord,
    UserSourceRecord,
    BlindRecord,
    PathUseRecord,
    WatchedPathRecord,
    DefinitionRecord,
    SourceRecord,
    ForkRecord,
]
