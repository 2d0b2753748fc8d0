"""Builds the records of many processes over many days, so that a test reads like the fleet it is about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from unit.analysis.build import Source, concept, file_of, policy, site

from ssot_probe.analysis.inventory import inventory_of
from ssot_probe.analysis.join import join
from ssot_probe.analysis.recording import Loss, Process, Recording
from ssot_probe.analysis.retirement.days import NANOSECONDS, start_of
from ssot_probe.analysis.retirement.retirement import retire
from ssot_probe.analysis.retirement.rows import Retirement, Row
from ssot_probe.model.path_records import (
    APPLICATION,
    CALLED,
    ForkRecord,
    PathUseRecord,
    SourceRecord,
    WatchedPathRecord,
)
from ssot_probe.model.policy import Dead, Policy
from ssot_probe.model.records import (
    BindingRecord,
    BlindRecord,
    ClassRecord,
    ImportRecord,
    MakeRecord,
    ModuleRecord,
    ProcessRecord,
    Record,
)
from ssot_probe.policy_json import policy_to_json

FIRST_DAY = date(2026, 1, 5)
OLD = "chat.ws.old"
FULL = Dead(environments=("production",), roles=("web",), min_days=7, cycles=("week",))
HOUR = 3600 * NANOSECONDS


def day(number: int) -> date:
    """Return the day of that number, from 0."""
    return FIRST_DAY + timedelta(days=number)


class Worker:
    """The records of one process. It starts at eight on its first day, and ends at six on its last.

    It says every day at ten that it lives, until it ends or until the day that a test lets it say that.
    How many are listed it knows when it ends: those that begin later can be among them.
    """

    def __init__(
        self,
        name: str = "p1",
        *,
        role: str = "web",
        environment: str = "production",
        first: int = 0,
        days: int = 40,
        control: str = "seen",
        release: str = "",
        number: int = 1,
        listed: int = 1,
        parent: str = "",
        watched: Iterable[str] = (OLD,),
    ) -> None:
        self.name = name
        self.about = Process(name, "chat", number + 10, role, environment, "", "host-1", release)
        self.start = start_of(day(first)) + 8 * HOUR
        self.end = start_of(day(first + days - 1)) + 18 * HOUR
        self.records: list[Record] = []
        self._list, self._number, self._listed = "list-1" if number else "", number, listed
        self._control, self._parent = control, parent
        self._days, self._told = days, 0
        self._state("started", self.start, policy=policy_to_json(terms(*watched)))
        self.records.append(ModuleRecord("chat.app", "chat/app.py", "", False, self.start))
        for path in watched:
            self.watches(path)

    def _state(self, state: str, time: int, closed: str = "", policy: str = "") -> None:
        emitted = len(self.records)
        listed = self._listed if state == "stopped" else self._number
        self.records.append(
            ProcessRecord(
                *(state, time, self.start, "3.12.1", ("chat",), policy, ("finder",), "k1", emitted, ()),
                *(self._parent, self._control, closed, self._list, self._number, listed),
            )
        )

    def at(self, days: int = 0, hours: int = 1) -> int:
        """Return a time, so many days after the start."""
        return self.start + days * 24 * HOUR + hours * HOUR

    def watches(
        self, path: str, kind: str = "unknown", digest: str = "", unheard: str = "", target: str = ""
    ) -> Worker:
        """Say how a path is watched, with zeros."""
        counts = (0, 0, 0, 0)
        self.records.append(
            WatchedPathRecord(
                path, kind, file_of(path.partition(":")[0]), target, digest, 0, unheard, *counts, self.end
            )
        )
        return self

    def loads(self, module: str, preloaded: bool = False) -> Worker:
        """Load a module, without anybody who was seen to import it."""
        self.records.append(ModuleRecord(module, file_of(module), "", preloaded, self.at()))
        return self

    def imports(
        self,
        place: str,
        target: str,
        *,
        days: int = 0,
        outcome: str = "loaded",
        origin: str = "application",
        inside: str = "<module>",
    ) -> Worker:
        """Import `module` or `module:Name` at a place."""
        module, _, names = target.partition(":")
        if outcome == "loaded":
            self.loads(module)
        time = self.at(days)
        self.records.append(
            ImportRecord(
                *(module, tuple(names.split(",")) if names else (), outcome, origin, inside == "<module>"),
                *(site(place, inside), "MainThread", 1, time, time),
            )
        )
        return self

    def uses(
        self,
        place: str = "chat/views.py:9",
        path: str = OLD,
        *,
        days: int = 0,
        rung: str = CALLED,
        subject: str = "",
        origin: str = APPLICATION,
        through: str = "",
        inside: str = "handler",
        digest: str = "",
        count: int = 1,
        is_at_least: bool = False,
    ) -> Worker:
        """Use something of a watched path."""
        time = self.at(days)
        what = subject or (path if ":" in path else f"{path}:serve")
        module, _, name = what.partition(":")
        self.records.append(
            PathUseRecord(
                *(path, rung, what, through, origin, True, "MainThread", count, is_at_least, time, time),
                *(digest, site(f"{file_of(module)}:1", name or "<module>"), site(place, inside)),
            )
        )
        return self

    def makes(self, place: str, cls: str, bases: tuple[str, ...] = (), inside: str = "handler") -> Worker:
        """Construct an instance of a class of a concept."""
        time, module = self.at(), cls.partition(":")[0]
        self.records.append(ClassRecord(cls, 1, file_of(module), 10, bases, (), time))
        self.records.append(
            MakeRecord(
                *(cls, "constructor", "constructed", cls, 1, (), "", "", site(f"{file_of(module)}:10")),
                *(site(place, inside), "MainThread", "", 1, 0, time, time),
            )
        )
        return self

    def binds(self, path: str, target: str) -> Worker:
        """Bind a name in a module to a class of another."""
        module, _, name = path.partition(":")
        self.records.append(BindingRecord(module, name, "class", target, 1, self.at()))
        return self

    def is_blind_to(self, subject: str, reason: str) -> Worker:
        """Tell what cannot be observed."""
        self.records.append(BlindRecord(subject, reason, self.at()))
        return self

    def loaded_source(self, file: str, digest: str, days: int = 0) -> Worker:
        """Tell the content of a file."""
        self.records.append(SourceRecord(file, digest, self.at(days)))
        return self

    def forks(self, child: str, is_expected: bool = True) -> Worker:
        """Fork another process."""
        self.records.append(ForkRecord(child, is_expected, self.at()))
        return self

    def alive(self, days: int) -> Worker:
        """Let the probe say how it is, on each day until that one."""
        for number in range(self._told, days + 1):
            self._state("alive", self.at(number, 2))
        self._told = max(self._told, days + 1)
        return self

    def stops(self, closed: str = "exit") -> Worker:
        """Let the probe say goodbye."""
        self.alive(self._days - 1)
        self._state("stopped", self.end, closed)
        return self


def fleet(*workers: Worker, source: Source | None = None, losses: Iterable[Loss] = ()) -> Recording:
    """Return the recording of all of them."""
    inventory = inventory_of(source.finished(), [Process(source.name)]) if source is not None else None
    records = [(worker.name, record) for worker in workers for record in worker.records]
    return Recording(records, [worker.about for worker in workers], losses, inventory=inventory)


def terms(*legacy: str, dead: Dead = FULL) -> Policy:
    """Return a policy with legacy paths; one module by default."""
    return policy(concept(legacy=legacy or (OLD,)))._replace(dead=dead)


def judged(
    recording: Recording,
    by: Policy | None = None,
    *paths: str,
    since: date | None = None,
    today: date | None = None,
) -> Retirement:
    """Judge a recording, on the day after the 40 that a worker lives by default."""
    return retire(
        recording, by or terms(), join(recording), paths=paths or None, since=since, today=today or day(40)
    )


def verdict(
    *workers: Worker,
    by: Policy | None = None,
    source: Source | None = None,
    path: str = OLD,
    since: date | None = None,
    losses: Iterable[Loss] = (),
    today: date | None = None,
) -> Row:
    """Return what is said of one path."""
    found = judged(fleet(*workers, source=source, losses=losses), by, path, since=since, today=today)
    return found.rows[0]
