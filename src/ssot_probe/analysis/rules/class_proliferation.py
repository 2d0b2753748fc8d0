"""SSOT109: in the whole source tree, more classes match a concept than its policy allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.join import Join
from ssot_probe.analysis.places import capped
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import split

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


class Fate(NamedTuple):
    """What became of a class of the source."""

    is_loaded: bool
    constructed: int
    is_told: bool  # every process would have told that its module was loaded


def check(case: Case) -> Iterator[Finding]:
    """Count the classes of each concept in the inventory."""
    if case.joined is None:
        return
    for members in case.declared:
        concept, counted = members.concept, members.counted
        if len(counted) <= concept.max_classes:
            continue
        fates = _fates(case.recording, counted, case.joined)
        loaded = any(fate.is_loaded for fate in fates.values())
        ranked = sorted(counted, key=lambda cls: (cls not in members.canonical, -fates[cls].constructed, cls))
        yield RULE.finding(
            members.subject,
            f"{number(len(counted), 'class')} in the source {'match' if len(counted) > 1 else 'matches'} "
            f"{concept.name}, {concept.max_classes} allowed; {_of_these(list(fates.values()))}",
            capped([_line(cls, fates[cls], cls in members.canonical) for cls in ranked], 40),
            concept=concept,
            severity=RULE.severity if loaded else Severity.NOTE,
            count=len(counted),
            settle=f'canonical = "{members.subject}"',
        )


def _fates(recording: Recording, counted: Sequence[ClassObject], joined: Join) -> Mapping[ClassObject, Fate]:
    """Return what became of each class; a file that ran as the program, or twice, has it by another name."""
    constructed: Counter[tuple[str, str]] = Counter()
    for cls in recording.classes:
        constructed[joined.file(cls.file), split(cls.name)[1]] += recording.constructed.get(cls, 0)
    places = {cls: (cls.file, split(cls.name)[1]) for cls in counted}
    return {
        cls: Fate(place in constructed, constructed[place], joined.tells_of(split(cls.name)[0]))
        for cls, place in places.items()
    }


def _of_these(fates: Sequence[Fate]) -> str:
    loaded = [fate for fate in fates if fate.is_loaded]
    if not loaded:
        return "none of them was seen loaded while recording (origin: static)."
    made = sum(fate.constructed > 0 for fate in loaded)
    never = sum(fate.is_told for fate in fates if not fate.is_loaded)
    unknown = len(fates) - len(loaded) - never
    rest = f", {never} never loaded (origin: static)" if never else ""
    rest += f", {unknown} in files that are not observed (origin: static)" if unknown else ""
    return f"{len(loaded)} loaded, {made} of them constructed{rest}."


def _line(cls: ClassObject, fate: Fate, is_canonical: bool) -> Evidence:
    if fate.is_loaded:
        told = f"constructed {times(fate.constructed)}" if fate.constructed else "loaded, never constructed"
    else:
        told = "never loaded" if fate.is_told else "not observed"
    return Evidence(f"{cls.name}, {told}{' (canonical)' if is_canonical else ''}", cls.file, cls.line)
