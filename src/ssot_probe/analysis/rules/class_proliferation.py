"""SSOT109: in the whole source tree, more classes match a concept than its policy allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.places import capped
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number, times
from ssot_probe.model.finding import Evidence, Finding, Severity

RULE = Rule(
    code="SSOT109",
    name="class-proliferation",
    severity=Severity.WARNING,
    claim="In the whole source tree more classes match the concept than its policy allows (`max_classes`, by "
    "default one), whether they were ever loaded or not.",
    proof="The class statements that `ssot-probe scan` found, each with its file and line, joined with the "
    "recording: which of them were loaded, and how many instances of each were constructed.",
    silent="The classes that SSOT101 does not count either: abstract bases, Protocols, exceptions, enums, "
    "test doubles, factory classes, and subclasses of a class that counts. Where nothing was recorded, or "
    "none of the classes was loaded, the finding rests on source alone, says so, and is a note.",
    fix="Delete the classes that never load, once `ssot-probe dead` agrees; move the callers of the others "
    "over to the canonical one. Narrow `classes` where a class only happens to be called alike.",
    example='classes = ["*WebSocketManager"]\nmax_classes = 1',
)


def check(case: Case) -> Iterator[Finding]:
    """Count the classes of each concept in the inventory."""
    existing = {cls.name: cls for cls in case.recording.classes}
    for members in case.declared:
        concept, counted = members.concept, members.counted
        if len(counted) <= concept.max_classes:
            continue
        loaded = {cls.name for cls in counted if cls.name in existing}
        constructed = _constructed(case.recording)
        yield RULE.finding(
            members.subject,
            f"{number(len(counted), 'class')} in the source {'match' if len(counted) > 1 else 'matches'} "
            f"{concept.name}, {concept.max_classes} allowed; {_of_these(counted, loaded, constructed)}",
            capped([_line(cls, members, loaded, constructed) for cls in _ranked(members, constructed)], 40),
            concept=concept,
            severity=RULE.severity if loaded else Severity.NOTE,
            count=len(counted),
            settle=f'canonical = "{members.subject}"',
        )


def _constructed(recording: Recording) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for cls, count in recording.constructed.items():
        counts[cls.name] += count
    return counts


def _of_these(counted: tuple[ClassObject, ...], loaded: set[str], constructed: Mapping[str, int]) -> str:
    if not loaded:
        return "none of them was loaded while recording (origin: static)."
    made = sum(1 for cls in counted if constructed.get(cls.name))
    rest = len(counted) - len(loaded)
    never = f", {rest} never loaded (origin: static)" if rest else ""
    return f"{len(loaded)} loaded, {made} of them constructed{never}."


def _ranked(members: Members, constructed: Mapping[str, int]) -> list[ClassObject]:
    return sorted(
        members.counted,
        key=lambda cls: (cls not in members.canonical, -constructed.get(cls.name, 0), cls),
    )


def _line(cls: ClassObject, members: Members, loaded: set[str], constructed: Mapping[str, int]) -> Evidence:
    count = constructed.get(cls.name, 0)
    fate = f"constructed {times(count)}" if count else "loaded, never constructed"
    canonical = " (canonical)" if cls in members.canonical else ""
    return Evidence(
        f"{cls.name}, {fate if cls.name in loaded else 'never loaded'}{canonical}", cls.file, cls.line
    )
