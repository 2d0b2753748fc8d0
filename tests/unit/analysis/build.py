"""Builds the records of small programs, so that a test reads like the program that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from ssot_probe.analysis.inventory import inventory_of
from ssot_probe.analysis.judge import Judgement, judge
from ssot_probe.analysis.recording import Loss, Process, Recording, Skipped
from ssot_probe.model.finding import Finding
from ssot_probe.model.path_records import DefinitionRecord, WatchedPathRecord
from ssot_probe.model.policy import Boundary, Concept, Policy, Waiver
from ssot_probe.model.records import (
    NOWHERE,
    AccessRecord,
    BindingRecord,
    BlindRecord,
    BoundaryRecord,
    ClassRecord,
    ContextRecord,
    CycleRecord,
    HolderRecord,
    ImportRecord,
    LookRecord,
    MakeRecord,
    ModuleRecord,
    OverlapRecord,
    PopulationRecord,
    ProcessRecord,
    RaceRecord,
    Record,
    ReferenceRecord,
    SharedObjectRecord,
    SharingRecord,
    Site,
    ThreadRecord,
    UserSourceRecord,
)

START = 1_767_600_000_000_000_000  # 2026-01-05 08:00:00Z
SECOND = 1_000_000_000
TODAY = date(2026, 1, 6)
MANAGER = "chat.ws.manager:WebSocketManager"
GET_MANAGER = "chat.ws.manager:get_manager"


def file_of(module: str) -> str:
    """Return the file that a module of the program lies in."""
    return module.replace(".", "/") + ".py"


def site(place: str, function: str = "<module>") -> Site:
    """Return a place that is written as `chat/views.py:9`."""
    file, _, line = place.rpartition(":")
    return Site(
        file, int(line), function, file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    )


class Program:
    """The records of one process. Every method adds to them; a second of the clock passes with each."""

    def __init__(self, process: str = "p1", policy: str = "", user_key: str = "k1") -> None:
        self.process = process
        self.user_key = user_key
        self.records: list[Record] = []
        self.serials: dict[str, int] = {}
        self._time = START
        self.state("started", policy=policy)

    def now(self) -> int:
        """Return the time, which then moves on."""
        self._time += SECOND
        return self._time

    def add(self, record: Record) -> None:
        """Add any record."""
        self.records.append(record)

    def state(self, state: str, emitted: int = 0, dropped: tuple[str, ...] = (), policy: str = "") -> None:
        """Let the probe say how it is."""
        time = self.now()
        self.add(
            ProcessRecord(
                state, time, START, "3.12.1", ("chat",), policy, ("finder",), self.user_key, emitted, dropped
            )
        )

    def stop(self, dropped: tuple[str, ...] = ()) -> None:
        """Let the probe say goodbye."""
        self.state("stopped", len(self.records), dropped)

    def module(self, name: str, preloaded: bool = False, watched: bool = False) -> None:
        """Load a module."""
        self.add(ModuleRecord(name, file_of(name), "", preloaded, self.now(), watched))

    def cls(
        self,
        name: str,
        line: int = 10,
        bases: tuple[str, ...] = (),
        traits: tuple[str, ...] = (),
        bound: bool = True,
        file: str = "",
    ) -> int:
        """Define a class and load its module; a second time of the same name is a second class object."""
        module, _, qualname = name.partition(":")
        serial = len(self.records)
        self.serials[name] = serial
        self.module(module, watched=True)
        self.add(ClassRecord(name, serial, file or file_of(module), line, bases, traits, self.now()))
        if bound:
            self.bind(f"{module}:{qualname}", name)
        return serial

    def bind(self, path: str, target: str, serial: int | None = None) -> None:
        """Bind a name to a class."""
        module, _, name = path.partition(":")
        serial = self.serials[target] if serial is None else serial
        self.add(BindingRecord(module, name, "class", target, serial, self.now()))

    def function(self, name: str, bound_in: str = "") -> None:
        """Define a function, or bind one in another module than its own."""
        module, _, qualname = name.partition(":")
        self.add(BindingRecord(bound_in or module, qualname, "function", name, 0, self.now()))

    def imports(
        self,
        place: str,
        target: str,
        count: int = 1,
        outcome: str = "cached",
        origin: str = "application",
        inside: str = "<module>",
    ) -> None:
        """Import at a place: `module`, `module:Name` or `module:*`."""
        module, _, names = target.partition(":")
        time = self.now()
        self.add(
            ImportRecord(
                module=module,
                names=tuple(names.split(",")) if names else (),
                outcome=outcome,
                origin=origin,
                at_load=inside == "<module>",
                site=site(place, inside),
                thread="MainThread",
                count=count,
                first=time,
                last=time + (count - 1) * SECOND,
            )
        )

    def sees_half_initialised(self, place: str, target: str) -> None:
        """Import at a place, written as `module:Name`, what a module will hold that is still being loaded."""
        module, _, name = target.partition(":")
        where = site(place)
        chain = ((module, where.module), (where.module, module), (f"{file_of(module)}:2", place))
        names = (name,) if name else ()
        self.add(CycleRecord(module, names, "cached", *chain, where, "MainThread", self.now()))

    def constructs(
        self,
        place: str,
        cls: str = MANAGER,
        count: int = 1,
        chain: tuple[str, ...] = (),
        unattributed: int = 0,
        inside: str = "handler",
        within: tuple[str, ...] = (),
    ) -> None:
        """Call the constructor of a class at a place; `within` what others construct, as `m:f@file:9`."""
        made = ("constructor", "constructed", cls, chain, "", "", count, unattributed, inside, within)
        self._make(place, cls, *made)

    def hands_out(
        self,
        place: str,
        maker: str = GET_MANAGER,
        cls: str = MANAGER,
        count: int = 1,
        origin: str | None = None,
        born: str = "",
        kind: str = "function",
        chain: tuple[str, ...] = (),
        unattributed: int = 0,
        inside: str = "handler",
        within: tuple[str, ...] = (),
        found: bool = False,
    ) -> None:
        """Call a factory at a place; `within` what functions construct, as `module:function@file:line`."""
        first = maker if origin is None else origin
        made = (kind, "returned", cls, chain, first, born, count, unattributed, inside, within, found)
        self._make(place, maker, *made)

    def _make(
        self,
        place: str,
        maker: str,
        kind: str,
        outcome: str,
        cls: str,
        chain: tuple[str, ...],
        origin: str,
        born: str,
        count: int,
        unattributed: int,
        inside: str,
        within: tuple[str, ...],
        found: bool = False,
    ) -> None:
        time = self.now()
        definition = Site(file_of(maker.partition(":")[0]), 40, "", "")
        self.add(
            MakeRecord(
                *(maker, kind, outcome, cls, self.serials.get(cls, 0), chain, origin, born, definition),
                *(site(place, inside), "MainThread", "", count, unattributed, time, time + SECOND),
                callers=tuple(entry.partition("@")[0] for entry in within),
                calls=tuple(entry.partition("@")[2] for entry in within),
                found=found,
            )
        )

    def gives(
        self,
        user: str,
        instance: str = "p1-1",
        cls: str = MANAGER,
        maker: str = GET_MANAGER,
        place: str = "chat/views.py:12",
        outcome: str = "returned",
        thread: str = "MainThread",
        task: str = "",
        concept: str = "websocket-manager",
    ) -> None:
        """Give an instance to a user for the first time."""
        time = self.now()
        where = site(place, "handler")
        self.add(AccessRecord(instance, concept, cls, maker, outcome, where, user, thread, task, time, ""))

    def reaches(self, *users: str, instance: str = "p1-1", cls: str = MANAGER, user_count: int = 0) -> None:
        """Judge in the process that an instance has reached several users."""
        where = site("chat/views.py:12", "handler")
        most = user_count or len(users)
        concept = "websocket-manager"
        self.add(SharingRecord(instance, concept, cls, users, most, "error", where, self.now(), "", ""))

    def holds(self, *path: str, instance: str = "p1-1", cls: str = MANAGER) -> None:
        """Tell what keeps an instance alive."""
        self.add(HolderRecord(instance, cls, path, self.now()))

    def shares(
        self,
        *users: str,
        verdict: str = "mixed",
        type_name: str = "builtins:list",
        path: str = f"{MANAGER}._rows",
        cls: str = MANAGER,
        concept: str = "websocket-manager",
        data_of: int = 2,
        user_count: int = 0,
        holder: str = "",
        drawing: str = "",
    ) -> None:
        """See that instances of these users lead to one object; without a path, that a module holds it."""
        found = users if path else ()
        self.add(
            SharedObjectRecord(
                type=type_name,
                verdict=verdict,
                concepts=(concept,),
                classes=(cls,) if path else (),
                users=users,
                user_count=user_count or len(found),
                data_of=data_of,
                instances=tuple(f"p1-{number}" for number, _ in enumerate(found)),
                paths=tuple(path for _ in found),
                holder=holder,
                objects=3,
                drawing=drawing,
                severity="error",
                count=1,
                time=self.now(),
            )
        )

    def looks(
        self,
        users: int = 2,
        users_seen: int = 2,
        trigger: str = "end",
        stopped: str = "",
        longest_slice: int = 0,
    ) -> None:
        """Look at what is shared."""
        seen = (users_seen, users_seen, 10, 1, longest_slice, 5_000_000)
        self.add(LookRecord(trigger, stopped, *seen, users, users_seen, 1, self.now()))

    def brings_together(
        self, *labels: str, code: str = "SSOT301", subject: str = MANAGER, unlabelled: int = 0
    ) -> None:
        """Learn the labels of users who share something."""
        concept = "websocket-manager"
        self.add(BoundaryRecord(code, subject, concept, labels, unlabelled, "error", self.now()))

    def turns(
        self,
        user: str,
        number: int,
        instance: str = "p1-1",
        cls: str = MANAGER,
        outcome: str = "used",
        is_job: bool = False,
        beside: int = 0,
        place: str = "chat/views.py:14",
    ) -> None:
        """Let a thread use an instance for a user, or get hold of it, for the first time."""
        maker = f"{cls}.send" if outcome == "used" else GET_MANAGER
        concept, thread = "websocket-manager", f"Thread-{number}"
        where = site(place, "handler")
        self.add(
            ThreadRecord(
                *(instance, concept, cls, maker, outcome, where, user, number, thread, "", is_job, beside),
                self.now(),
            )
        )

    def overlaps(
        self,
        *users: str,
        instance: str = "p1-1",
        cls: str = MANAGER,
        methods: tuple[str, str] = ("send", "close"),
        count: int = 1,
        is_over: bool = True,
    ) -> None:
        """Let two users be inside an instance's methods at the same time."""
        entered, time = self.now(), self.now()
        self.add(
            OverlapRecord(
                instance=instance,
                concept="websocket-manager",
                cls=cls,
                methods=tuple(f"{cls}.{method}" for method in methods),
                users=users,
                threads=("Thread-1", "Thread-2"),
                tasks=("", ""),
                places=("chat/views.py:21", "chat/admin.py:22"),
                entered=entered,
                time=time,
                until=self.now() if is_over else 0,
                severity="warning",
                count=count,
                site=site("chat/admin.py:22", "handler"),
                request="",
                request_span="",
            )
        )

    def races(
        self,
        user: str = "u-1",
        maker: str = GET_MANAGER,
        cls: str = MANAGER,
        kept: int = 1,
        count: int = 1,
    ) -> None:
        """Let two calls of a factory overlap that give out two instances, of which it keeps one."""
        entered, time = self.now(), self.now()
        instances = (f"{self.process}-7", f"{self.process}-8")
        self.add(
            RaceRecord(
                maker=maker,
                kind="function",
                concept="websocket-manager",
                cls=cls,
                user=user,
                instances=instances,
                threads=("Thread-1", "Thread-2"),
                tasks=("", ""),
                places=("chat/views.py:31", "chat/views.py:31"),
                entered=entered,
                time=time,
                left=(str(self.now()), str(self.now())),
                kept=instances[kept],
                slot="_managers",
                severity="error",
                count=count,
                site=site("chat/views.py:31", "handler"),
                request="",
                request_span="",
            )
        )

    def asks(self, source: str, state: str, kind: str = "policy") -> None:
        """Tell what has become of asking a source who the user is."""
        self.add(UserSourceRecord(source, kind, state, self.now()))

    def runs_with(
        self,
        carried: str,
        user: str,
        place: str = "chat/views.py:12",
        cls: str = MANAGER,
        count: int = 1,
        moment: str = "call",
        since: str = "",
        said_by: str = "argument user_id",
        concept: str = "websocket-manager",
    ) -> None:
        """Run work for one user with the context of another."""
        time = self.now()
        where = site(place, "handler") if place else NOWHERE
        carrier = "contextvar chat.auth:current_user"
        self.add(
            ContextRecord(
                moment=moment,
                carrier=carrier,
                said_by=said_by,
                carried=carried,
                user=user,
                pairs=1,
                concept=concept,
                cls=cls,
                maker=GET_MANAGER,
                since=since,
                site=where,
                thread="MainThread",
                task="",
                severity="error" if moment == "call" else "warning",
                count=count,
                first=time,
                last=time,
            )
        )

    def counts(self, orphans: int = 12, users: int = 12, **values: Any) -> None:
        """Count the instances that outlived their users, all of them unless other values are given."""
        self.add(
            PopulationRecord(
                "websocket-manager",
                *(MANAGER, GET_MANAGER, orphans, 0, orphans, 0, 0, orphans, users, orphans // 2),
                *(5 * SECOND, SECOND, True, 1, orphans, 0, "p1-1", site("chat/views.py:12"), self.now()),
            )._replace(**values)
        )

    def watches(self, path: str, kind: str = "unknown") -> None:
        """Say how a path is watched that somebody wants to delete, and that nothing of it was used."""
        file = file_of(path.partition(":")[0])
        self.add(WatchedPathRecord(path, kind, file, "", "", 0, "", 0, 0, 0, 0, self.now()))

    def is_blind_to(self, subject: str, reason: str) -> None:
        """Tell what cannot be observed."""
        self.add(BlindRecord(subject, reason, self.now()))


class Source:
    """The records of a scan of source code, all of one time."""

    def __init__(self, name: str = "scan-chat", time: int = 0, policy: str = "") -> None:
        self.name = name
        self.policy = policy
        self.records: list[Record] = []
        self._time = time

    def module(self, name: str, file: str = "") -> None:
        """Find a file that holds a module."""
        self.records.append(ModuleRecord(name, file or file_of(name), "", False, START))

    def cls(
        self, name: str, line: int = 10, bases: tuple[str, ...] = (), traits: tuple[str, ...] = ()
    ) -> None:
        """Find a class statement."""
        module, _, qualname = name.partition(":")
        self.module(module)
        self.records.append(ClassRecord(name, 0, file_of(module), line, bases, traits, START))
        self.bind(f"{module}:{qualname}", name)

    def bind(self, path: str, target: str) -> None:
        """Find that a module binds a name to a class."""
        module, _, name = path.partition(":")
        self.records.append(BindingRecord(module, name, "class", target, 0, START))

    def imports(self, place: str, target: str, guard: str = "", inside: str = "<module>") -> None:
        """Find an import statement: of `module`, `module:Name` or `module:*`."""
        module, _, names = target.partition(":")
        where = site(place, inside)
        self.module(where.module, where.file)
        self.records.append(
            ImportRecord(
                module=module,
                names=tuple(names.split(",")) if names else (),
                outcome="declared",
                origin="static",
                at_load=inside == "<module>",
                site=where,
                thread="",
                count=1,
                first=START,
                last=START,
                guard=guard,
            )
        )

    def names(self, place: str, target: str, kind: str = "string", inside: str = "<module>") -> None:
        """Find a name of a module or class that is no import; "" for one that is computed."""
        self.records.append(ReferenceRecord(target, kind, site(place, inside), START))

    def defines(self, path: str, name: str, line: int, digest: str = "", kind: str = "function") -> None:
        """Find a definition of a watched path."""
        module, _, qualname = name.partition(":")
        defined = site(f"{file_of(module)}:{line}", qualname)
        self.records.append(DefinitionRecord(path, kind, digest, defined, START))

    def cannot_read(self, file: str, why: str) -> None:
        """Find a file that does not parse."""
        self.records.append(BlindRecord(file, why, START))

    def finished(self) -> list[tuple[str, Record]]:
        """Return the records with the scan's own word at the end."""
        rest = (("static",), "", len(self.records), ())
        done = ProcessRecord("scanned", START, START, "3.12.1", ("chat",), self.policy, *rest)
        return [(self.name, _at(record, self._time)) for record in (*self.records, done)]


def _at(record: Record, time: int) -> Record:
    """Return the record as of another time, where one is given."""
    if not time:
        return record
    names = [name for name in ("time", "first", "last") if name in record._fields]
    return record._replace(**dict.fromkeys(names, time))  # type: ignore[arg-type]  # fields of time


def recording_of(
    *programs: Program,
    losses: Iterable[Loss] = (),
    skipped: Iterable[Skipped] = (),
    source: Source | None = None,
) -> Recording:
    """Return the recording of some processes, all of one service, with a scan of its source."""
    records = [(program.process, record) for program in programs for record in program.records]
    processes = [Process(program.process, "chat", number) for number, program in enumerate(programs, 11)]
    inventory = inventory_of(source.finished(), [Process(source.name)]) if source is not None else None
    return Recording(records, processes, losses, skipped, inventory=inventory)


def concept(
    name: str = "websocket-manager",
    classes: tuple[str, ...] = ("*WebSocketManager*",),
    canonical: str = "",
    factories: tuple[str, ...] = (),
    legacy: tuple[str, ...] = (),
    isolation: str = "user",
    max_classes: int = 1,
    max_paths: int = 1,
    shared_ok: tuple[str, ...] = (),
) -> Concept:
    """Return a declared concept."""
    return Concept(name, classes, canonical, factories, legacy, isolation, max_classes, max_paths, shared_ok)


def policy(
    *concepts: Concept,
    packages: tuple[str, ...] = (),
    waivers: tuple[Waiver, ...] = (),
    boundary: Boundary | None = None,
) -> Policy:
    """Return a policy; without concepts given, one with a concept for WebSocket managers."""
    return Policy(packages, concepts=concepts or (concept(),), boundary=boundary, waivers=waivers)


def judged(
    *programs: Program,
    by: Policy | None = None,
    source: Source | None = None,
    baseline: Recording | None = None,
) -> Judgement:
    """Judge programs by a policy, by default by one that declares WebSocket managers."""
    recording = recording_of(*programs, source=source)
    return judge(recording, policy() if by is None else by, baseline=baseline, today=TODAY)


def findings(
    code: str, *programs: Program, by: Policy | None = None, source: Source | None = None
) -> list[Finding]:
    """Return the findings of one rule."""
    return [finding for finding in judged(*programs, by=by, source=source).findings if finding.code == code]


def told(finding: Finding) -> list[str]:
    """Return the evidence of a finding as `file:line what`."""
    return [f"{line.file}:{line.line} {line.what}" if line.file else line.what for line in finding.evidence]
