"""SSOT105: a module passes a concept on and defines nothing of its own for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.fetches import Fetch
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.places import capped, importers
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import is_within, split
from ssot_probe.model.records import BindingRecord

RULE = Rule(
    code="SSOT105",
    name="facade",
    severity=Severity.NOTE,
    claim="A module binds classes of the concept, defines nothing of its own for it, and others import the "
    "concept through it.",
    proof="What the module binds and from where it has that, and the executed imports that fetched it from "
    "there.",
    silent="Modules that nobody imports the concept from; modules that define a class or a factory of the "
    "concept; the module of the canonical path, and the packages that the class lies in.",
    fix="Let the importers that are named use the path that the class is defined on, and delete the module; "
    "or declare its path canonical.",
    example='canonical = "chat.ws.manager:WebSocketManager"',
)


def check(case: Case) -> Iterator[Finding]:
    """Look for modules that stand between the concept and those who import it."""
    makers = {
        record.module
        for _, record in case.recording.of(BindingRecord)
        if record.kind == "function" and split(record.target)[0] == record.module
    }
    for members in case.concepts:
        for module, (passed_on, received) in sorted(_passing_on(case.recording, members).items()):
            if module not in makers and not any(_is_home(module, cls, members) for cls in passed_on):
                yield _finding(members, module, passed_on, received)


def _passing_on(
    recording: Recording, members: Members
) -> dict[str, tuple[set[ClassObject], tuple[list[Fetch], list[Fetch]]]]:
    """Return module -> the classes that others got through it, what it fetched itself, what they fetched."""
    found: dict[str, tuple[set[ClassObject], tuple[list[Fetch], list[Fetch]]]] = {}
    own: dict[str, list[Fetch]] = defaultdict(list)
    defining = {split(cls.name)[0] for cls in members.all}
    for cls in members.judged:
        for fetch in recording.fetches_of(cls):
            importer = fetch.record.site.module
            own[importer].append(fetch)
            if fetch.path.module not in (importer, *defining):
                classes, (_, theirs) = found.setdefault(
                    fetch.path.module, (set(), (own[fetch.path.module], []))
                )
                classes.add(cls)
                theirs.append(fetch)
    return found


def _is_home(module: str, cls: ClassObject, members: Members) -> bool:
    canonical = members.concept.canonical
    homes = (split(cls.name)[0], *([split(canonical)[0]] if canonical else []))
    return any(is_within(home, module) for home in homes)


def _finding(
    members: Members, module: str, passed_on: set[ClassObject], fetches: tuple[list[Fetch], list[Fetch]]
) -> Finding:
    own, theirs = fetches
    names = listing(sorted(cls.label for cls in passed_on))
    received = [line._replace(what=f"{line.what}, to pass it on") for line in importers(own)]
    return RULE.finding(
        module,
        f"{module} passes on {names} and defines nothing of its own for {members.concept.name}.",
        [*(received or [Evidence(f"{module} binds {names}")]), *capped(importers(theirs))],
        concept=members.concept,
        count=sum(fetch.record.count for fetch in theirs),
        settle=f'canonical = "{members.subject}"',
    )
