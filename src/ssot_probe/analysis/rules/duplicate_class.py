"""SSOT101: more class objects play one concept than its policy allows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import split

RULE = Rule(
    code="SSOT101",
    name="duplicate-class",
    severity=Severity.ERROR,
    claim="More classes play the concept than its policy allows (`max_classes`, by default one).",
    proof="Distinct class objects that a loaded module binds or that were constructed, each with its file "
    "and line and how many instances of it were constructed.",
    silent="Abstract bases, Protocols, exceptions, enums and TypedDicts; test doubles, unless a pattern "
    "without a wildcard names them; subclasses of the canonical class, or, where none is declared, of "
    "another class that counts; factory classes of the concept. All of these are listed apart in the "
    "evidence. The same class in several processes is one class.",
    fix="Decide on one class, declare it as `canonical`, move its callers over and delete the others. "
    "Where several are meant to exist, raise `max_classes`, narrow `classes`, or give each a concept of "
    "its own.",
    example='canonical = "chat.ws.manager:WebSocketManager"\nmax_classes = 1',
)


def check(case: Case) -> Iterator[Finding]:
    """Count the class objects of each concept."""
    for members in case.concepts:
        concept, counted = members.concept, members.counted
        if len(counted) <= concept.max_classes:
            continue
        yield RULE.finding(
            members.subject,
            f"{number(len(counted), 'class')} {'play' if len(counted) > 1 else 'plays'} {concept.name}, "
            f"{concept.max_classes} allowed.{_several_objects(members)}",
            [*_lines(case.recording, members), *_set_aside(members)],
            concept=concept,
            count=len(counted),
            settle=f'canonical = "{members.subject}"',
        )


def _lines(recording: Recording, members: Members) -> list[Evidence]:
    ranked = sorted(
        members.counted,
        key=lambda cls: (cls not in members.canonical, -recording.constructed.get(cls, 0), cls),
    )
    return [
        Evidence(f"{cls.label}, {_constructed(recording, cls)}{_canonical(members, cls)}", cls.file, cls.line)
        for cls in ranked
    ]


def _constructed(recording: Recording, cls: ClassObject) -> str:
    count = recording.constructed.get(cls, 0)
    return f"constructed {times(count)}" if count else "never constructed"


def _canonical(members: Members, cls: ClassObject) -> str:
    return " (canonical)" if cls in members.canonical else ""


def _set_aside(members: Members) -> Iterator[Evidence]:
    tops = members.canonical or members.counted
    for cls in members.derived:
        base = next((top.name for top in tops if top.name in cls.bases), "a class that counts")
        yield Evidence(f"not counted: {cls.label} (subclass of {base})", cls.file, cls.line)
    for cls, reason in members.aside:
        yield Evidence(f"not counted: {cls.label} ({reason})", cls.file, cls.line)


def _several_objects(members: Members) -> str:
    """Say which names stand for several class objects, and which files were loaded under several names."""
    names = Counter(cls.name for cls in members.counted)
    modules: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    for cls in members.counted:
        module, qualname = split(cls.name)
        if cls.file:
            modules[cls.file, cls.line, qualname].add(module)
    again = [
        f" {name} exists as {count} class objects: its class statement ran again, as a reload makes it."
        for name, count in sorted(names.items())
        if count > 1
    ]
    doubled = [
        f" {file} was loaded under the module names {listing(sorted(found))}."
        for (file, _, _), found in sorted(modules.items())
        if len(found) > 1
    ]
    return "".join(dict.fromkeys([*again, *doubled]))
