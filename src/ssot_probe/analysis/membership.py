"""Which class objects count for a concept, and which are set aside and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.concepts import infer_concepts, matches, plays
from ssot_probe.model.names import split
from ssot_probe.model.policy import Concept, Policy

NO_IMPLEMENTATION = ("abstract", "protocol", "exception", "enum", "typed-dict")
TEST_DOUBLE = "test-double"


class Aside(NamedTuple):
    """A class that matches the concept and is not counted."""

    cls: ClassObject
    reason: str


class Members(NamedTuple):
    """The classes of one concept in one recording."""

    concept: Concept
    counted: tuple[ClassObject, ...] = ()
    derived: tuple[ClassObject, ...] = ()  # subclasses of counted ones: their instances count, they don't
    aside: tuple[Aside, ...] = ()
    canonical: tuple[ClassObject, ...] = ()  # what the canonical path leads to
    subject: str = ""  # what findings about the concept as a whole are about

    @property
    def judged(self) -> tuple[ClassObject, ...]:
        """The classes whose instances are instances of the concept."""
        return (*self.counted, *self.derived)

    @property
    def all(self) -> tuple[ClassObject, ...]:
        """Every class that matches the concept."""
        return (*self.judged, *(cls for cls, _ in self.aside))


def concepts_in_force(recording: Recording, policy: Policy) -> tuple[Concept, ...]:
    """Return the policy's concepts; without any, those that the names of the recorded classes suggest."""
    if policy.concepts:
        return policy.concepts
    declared = recording.inventory.classes if recording.inventory is not None else ()
    return infer_concepts(cls.name for cls in (*recording.classes, *declared))


def members_of(recording: Recording, concepts: Sequence[Concept]) -> tuple[Members, ...]:
    """Return the members of each concept."""
    return tuple(_members(recording, concept, concepts) for concept in concepts)


def _members(recording: Recording, concept: Concept, concepts: Sequence[Concept]) -> Members:
    canonical = _canonical(recording, concept)
    playing = {*canonical, *_playing(recording, concept, concepts)}
    makers = _makers(recording, playing, canonical)
    reasons = {cls: _reason(cls, concept, makers) for cls in sorted(playing)}
    kept = [cls for cls, reason in reasons.items() if not reason]
    names = _names_of(kept)
    tops = _names_of(canonical or (cls for cls in kept if not _is_derived(cls, names)))
    counted = tuple(cls for cls in kept if cls in canonical or not _is_derived(cls, tops))
    # An instance of a subclass is an instance of the concept, whatever the subclass is called.
    roots = tops | _names_of(counted)
    heirs = [
        cls
        for cls in {heir for root in roots for heir in recording.heirs.get(root, ())}
        if cls not in playing
        and not _reason(cls, concept, makers)
        and not any(_plays(other, cls.name) for other in concepts)
    ]
    return Members(
        concept,
        counted,
        derived=tuple(sorted({*kept, *heirs} - {*counted})),
        aside=tuple(Aside(cls, reason) for cls, reason in reasons.items() if reason),
        canonical=canonical,
        subject=_subject(recording, concept, counted),
    )


def _playing(recording: Recording, concept: Concept, concepts: Sequence[Concept]) -> Iterator[ClassObject]:
    if not concept.declared:  # it lists its classes by name
        for name in concept.classes:
            yield from recording.by_name.get(name, ())
        return
    for cls in recording.classes:
        if plays(concept, cls.name) and not _is_named_elsewhere(cls, concept, concepts):
            yield cls


def _plays(concept: Concept, name: str) -> bool:
    # An inferred concept lists its classes by name: looking them up spares a pattern match for each.
    return plays(concept, name) if concept.declared else name in concept.classes


def _canonical(recording: Recording, concept: Concept) -> tuple[ClassObject, ...]:
    if not concept.canonical:
        return ()
    path = Path(*split(concept.canonical))
    # A module may answer for the name without binding it, by `__getattr__`.
    fetched = {fetch.cls for fetch in recording.fetches if fetch.path == path and fetch.cls is not None}
    return tuple(
        cls
        for cls in recording.classes
        if cls.name == concept.canonical or path in recording.paths_of.get(cls, ()) or cls in fetched
    )


def _is_named_elsewhere(cls: ClassObject, concept: Concept, concepts: Iterable[Concept]) -> bool:
    """Does another concept call this class by its name, while this one only has a pattern that fits it?"""
    if _names(concept, cls):
        return False
    return any(_names(other, cls) for other in concepts if other is not concept)


def _names(concept: Concept, cls: ClassObject) -> bool:
    if cls.name == concept.canonical:
        return True
    return any(not set("*?[") & set(pattern) and matches(pattern, cls.name) for pattern in concept.classes)


def _makers(
    recording: Recording, playing: Collection[ClassObject], canonical: Sequence[ClassObject]
) -> dict[str, str]:
    """Return the playing classes that make instances of others, each with one class that it makes."""
    names = {cls.name for cls in playing} - {cls.name for cls in canonical}
    made: dict[str, str] = {}
    for owner, cls in sorted(recording.owners):
        if owner in names and owner != cls.name and owner not in cls.bases and cls in playing:
            made.setdefault(owner, cls.name)
    return made


def _reason(cls: ClassObject, concept: Concept, makers: dict[str, str]) -> str:
    for trait in NO_IMPLEMENTATION:
        if trait in cls.traits:
            return trait
    if TEST_DOUBLE in cls.traits and not (concept.declared and _names(concept, cls)):
        return "test double"
    return f"makes instances of {makers[cls.name]}" if cls.name in makers else ""


def _names_of(classes: Iterable[ClassObject]) -> frozenset[str]:
    return frozenset(cls.name for cls in classes)


def _is_derived(cls: ClassObject, names: frozenset[str]) -> bool:
    return any(base in names and base != cls.name for base in cls.bases)


def _subject(recording: Recording, concept: Concept, counted: Sequence[ClassObject]) -> str:
    if concept.canonical:
        return concept.canonical
    ranked = sorted(
        counted, key=lambda cls: (-recording.constructed.get(cls, 0), split(cls.name)[0] == "__main__", cls)
    )
    return ranked[0].name if ranked else ""
