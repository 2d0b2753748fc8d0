"""Which factories the instances of a concept come out of, and which of these the policy allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.recording import Make, Recording
from ssot_probe.analysis.wording import times
from ssot_probe.model.finding import Evidence
from ssot_probe.model.names import split
from ssot_probe.model.records import Site


def made_by_factories(recording: Recording, members: Members) -> list[Make]:
    """Return the records of factories, not of constructors, that gave out instances of the concept."""
    return [make for make in recording.makes_of(members.judged) if make.record.kind != "constructor"]


def origins(makes: Iterable[Make]) -> list[str]:
    """Return the factories that instances first came out of; those that pass them on are none."""
    return sorted({make.record.origin for make in makes} - {""})


def declared_factories(recording: Recording, members: Members) -> frozenset[str]:
    """Return the names of the declared factories, as written and as the functions call themselves."""
    names = set(members.concept.factories)
    for factory in members.concept.factories:
        target = recording.namespaces.target(Path(*split(factory)))
        if target:
            names.add(target)
    return frozenset(names)


def is_among(maker: str, allowed: Collection[str]) -> bool:
    """Is the maker allowed, itself or as a method of an allowed factory class?"""
    return maker in allowed or any(maker.startswith(name + ".") for name in allowed)


def not_constructed(makes: Iterable[Make]) -> list[Evidence]:
    """Return a line for each factory that handed out instances whose construction was not seen."""
    counts: Counter[str] = Counter()
    definitions: dict[str, Site] = {}
    for _, cls, record in makes:
        if record.found and record.maker == record.origin:
            what = f"{record.maker} handed out {cls.name} that was not constructed here"
            counts[what] += record.count
            definitions[what] = record.definition
    return [
        Evidence(
            f"{what}, {times(count)}: copied, unpickled, loaded from a store, or older than the observation",
            definitions[what].file,
            definitions[what].line,
        )
        for what, count in sorted(counts.items())
    ]


def construction_sites(recording: Recording, classes: Collection[ClassObject]) -> list[Make]:
    """Return the records of constructors that constructed instances of these classes."""
    return [
        make
        for make in recording.makes_of(classes)
        if make.record.kind == "constructor" and make.record.outcome == "constructed"
    ]
