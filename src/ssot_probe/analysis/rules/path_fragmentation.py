"""SSOT104: one class is imported along more paths than its concept allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.fetches import Fetch
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.places import capped_groups, importers
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import split

RULE = Rule(
    code="SSOT104",
    name="path-fragmentation",
    severity=Severity.WARNING,
    claim="One class is imported along more paths than allowed (`max_paths`, by default one). The "
    "canonical path counts as one of them, whether somebody uses it or not.",
    proof="For each path the executed imports that fetched this very class object from it, with file, line "
    "and count.",
    silent="Imports that a re-exporting module makes for others, the canonical package's `__init__` among "
    "them; imports that failed, that were never executed, or that a tool made while it walked the modules.",
    fix="Let the importers that are named use the canonical path. A path that has to stay for a while can "
    "be declared `legacy` or waived with a date.",
    example='canonical = "chat.ws:WebSocketManager"\nmax_paths = 1',
)

Fetched = Mapping[Path, list[Fetch]]


def check(case: Case) -> Iterator[Finding]:
    """Count the paths along which each class of each concept is imported."""
    for members in case.concepts:
        worst: dict[str, tuple[ClassObject, Fetched]] = {}
        for cls in members.judged:
            paths = _paths(members, cls, _fetched(case.recording, cls))
            if len(paths) > len(worst.get(cls.name, (cls, {}))[1]):
                worst[cls.name] = (cls, paths)
        for cls, paths in worst.values():
            if len(paths) > members.concept.max_paths:
                yield _finding(members, cls, paths, _fetched(case.recording, cls))


def _fetched(recording: Recording, cls: ClassObject) -> Fetched:
    found: dict[Path, list[Fetch]] = defaultdict(list)
    for fetch in recording.fetches_of(cls):
        found[fetch.path].append(fetch)
    return found


def _paths(members: Members, cls: ClassObject, fetched: Fetched) -> Fetched:
    """Return the paths that somebody imports the class by for their own use, and the canonical one."""
    canonical = Path(*split(members.concept.canonical)) if cls in members.canonical else None
    re_exporters = {
        path.module
        for path, fetches in fetched.items()
        if any(f.record.site.module != path.module for f in fetches)
    }
    if canonical is not None:
        re_exporters.add(canonical.module)
    paths = {
        path: [fetch for fetch in fetches if fetch.record.site.module not in re_exporters]
        for path, fetches in fetched.items()
    }
    return {
        **({} if canonical is None else {canonical: []}),
        **{path: fetches for path, fetches in paths.items() if fetches},
    }


def _finding(members: Members, cls: ClassObject, paths: Fetched, fetched: Fetched) -> Finding:
    canonical = members.concept.canonical
    ranked = sorted(paths, key=lambda path: (str(path) != canonical, -_count(paths[path]), path))
    groups = [importers(paths[path]) or [_unused(path, fetched)] for path in ranked]
    return RULE.finding(
        cls.name,
        f"{cls.label} is imported along {number(len(paths), 'path')}, {members.concept.max_paths} allowed: "
        f"{listing([str(path) for path in ranked])}.",
        capped_groups(groups),
        concept=members.concept,
        count=len(paths),
        settle=f'canonical = "{ranked[0]}"',
    )


def _unused(path: Path, fetched: Fetched) -> Evidence:
    by_whom = "by modules that pass it on, and by nobody else" if fetched.get(path) else "by nobody"
    return Evidence(f"canonical path {path}, imported {by_whom}")


def _count(fetches: list[Fetch]) -> int:
    return sum(fetch.record.count for fetch in fetches)
