"""One use of a path: what was done with it, where and for what, as each kind of record tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssot_probe.analysis.retirement.reaching_imports import FAILED
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.model.names import split
from ssot_probe.model.path_records import (
    APPLICATION,
    CALLED,
    CONSTRUCTED,
    INHERITED,
    LOADED,
    RESOLVED,
    SWEEP,
    PathUseRecord,
)
from ssot_probe.model.records import ClassRecord, ImportRecord, ModuleRecord, Site

UNPICKLING = "unpickling"

_MODULE_LEVEL = "<module>"
_EVENT_LOOP = "asyncio"


class Use(NamedTuple):
    """Something of a path was used at one place of one process."""

    first: int
    last: int
    rung: str
    site: Site
    what: str  # in words, without how often
    origin: str
    process: str
    thread: str
    by_user: bool
    count: int  # type: ignore[assignment]
    is_at_least: bool
    through: str  # a subclass, or the alias by which it was fetched
    is_need: bool  # whoever did that needs the path; else it shows only that it is there
    is_own: bool  # the path itself, or what is deleted with it, did it while it was loaded
    subject: str  # qualified name of what was used
    digest: str  # of its source; "" where that is unknown
    names: tuple[str, ...] = ()  # that an import fetched


def is_program(record: PathUseRecord) -> bool:
    """Does it tell that a module was run as the program?"""
    return record.rung == CALLED and not split(record.subject)[1] and not record.site.file


def use_told(subject: Subject, process: str, record: PathUseRecord) -> Use:
    """Return what a process has told as a use of a watched path."""
    return Use(
        record.first,
        record.last,
        record.rung,
        record.site,
        _told_as(record),
        record.origin,
        process,
        record.thread,
        record.by_user,
        record.count,
        record.is_at_least,
        record.through,
        record.rung != RESOLVED,
        record.site.function == _MODULE_LEVEL and subject.is_within_dead_set(record.site),
        record.subject,
        record.digest,
    )


def use_by_import(
    subject: Subject,
    process: str,
    record: ImportRecord,
    names: Sequence[str],
    rung: str,
    is_alias: bool,
) -> Use:
    """Return what an import does with a path.

    Args:
        subject: the path.
        process: that ran the import.
        record: of the import.
        names: of those that it fetches, the ones that reach the path.
        rung: how far it gets.
        is_alias: the path is bound to something of another module: to fetch it is to use it.
    """
    is_unpickled = record.origin == UNPICKLING
    what = f"imports {', '.join(names)} from {record.module}" if names else f"imports {record.module}"
    if is_unpickled:
        what = f"unpickles something that says it is from {record.module}"
    if record.outcome == FAILED:
        what += ", in vain"
    return Use(
        record.first,
        record.last,
        CONSTRUCTED if is_unpickled and rung == LOADED else rung,
        record.site,
        what,
        SWEEP if record.origin == "sweep" else APPLICATION,
        process,
        record.thread,
        False,
        record.count,
        is_at_least=False,
        through="",
        is_need=rung == LOADED and (is_unpickled or is_alias),
        is_own=record.at_load and subject.is_within_dead_set(record.site),
        subject=record.module,
        digest="",
        names=tuple(names),
    )


def use_by_subclass(subject: Subject, process: str, record: ClassRecord, base: str) -> Use:
    """Return what a class elsewhere does with a path: it inherits from `base` in it."""
    site = Site(record.file, record.line, _MODULE_LEVEL, split(record.name)[0])
    return Use(
        record.time,
        record.time,
        INHERITED,
        site,
        _inherits(record.name, base),
        APPLICATION,
        process,
        thread="",
        by_user=False,
        count=1,
        is_at_least=False,
        through=record.name,
        is_need=True,
        is_own=subject.is_within_dead_set(site),
        subject=base,
        digest="",
    )


def use_by_presence(process: str, record: ModuleRecord) -> Use:
    """Return what shows that a path was loaded where no import was seen that did it."""
    file, _, line = record.importer.rpartition(":")
    site = Site(file, int(line), "", "") if file and line.isdecimal() else Site("", 0, "", "")
    return Use(
        record.time,
        record.time,
        LOADED,
        site,
        f"loads {record.module}" if site.file else f"{record.module} is loaded",
        APPLICATION,
        process,
        thread="",
        by_user=False,
        count=1,
        is_at_least=False,
        through="",
        is_need=False,
        is_own=False,
        subject=record.module,
        digest="",
    )


def _inherits(cls: str, base: str) -> str:
    return f"{cls} inherits from {base}"


def _told_as(record: PathUseRecord) -> str:
    """Return a use in words; who has no place in Python source is told as well as can be."""
    if is_program(record):
        return f"{record.subject} runs as the program"
    if record.rung == INHERITED and record.through:
        return _inherits(record.through, record.subject)
    verbs = {
        RESOLVED: "looks for",
        LOADED: "loads",
        CONSTRUCTED: "constructs",
        CALLED: "calls",
        INHERITED: "inherits from",
    }
    what = f"{verbs.get(record.rung, record.rung)} {record.subject}"
    if record.through:
        what += f" through {record.through}"
    if not record.site.file:
        return f"the interpreter or C code {what}"
    if record.site.module.partition(".")[0] == _EVENT_LOOP:
        return f"{what}, run by {_EVENT_LOOP}"
    return what
