"""What the probe may say about a process: one frozen record per kind of fact.

A record holds names, numbers and serials, never an observed object, and no user id: `user` is always
a keyed hash. Times are nanoseconds since the Unix epoch. `count` is how many times the fact happened
between `first` and `last`; records of one fact add up, so a reader sums counts over records.
"""

from __future__ import annotations

from typing import NamedTuple, Union


class Site(NamedTuple):
    """A place in source code: where somebody imported, called or constructed something."""

    file: str  # relative to the project where it lies inside, else as the interpreter knows it
    line: int  # 1-based; 0 where the interpreter knows none
    function: str  # qualified name of the enclosing function, "<module>" at the top of a module
    module: str  # name of the enclosing module


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
    kind: str  # "constructor" | "function" | "coroutine" | "method"
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
    """What keeps a shared instance alive: the chain from a module down to it."""

    instance: str
    cls: str
    path: tuple[str, ...]  # such as ("module chat.ws.manager", "_manager")
    time: int


class ReferenceRecord(NamedTuple):
    """Source or configuration names a module, or something in it, without importing it there.

    Of kind "deprecated", the module itself warns, whenever it is loaded, that it should not be used.
    """

    target: str  # `module` or `module:Name`; "" where the name is computed at run time
    kind: str  # "string" | "configuration" | "entry-point" | "pickle" | "computed-import" | "deprecated"
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
    ReferenceRecord,
    UserSourceRecord,
    BlindRecord,
]

NOWHERE = Site(file="", line=0, function="", module="")
