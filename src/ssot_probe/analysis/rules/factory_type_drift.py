"""SSOT202: the factories of one concept, or one of them, hand out instances of different classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.factories import made_by_factories
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.places import capped_groups
from ssot_probe.analysis.recording import Make
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.records import NOWHERE, MakeRecord

RULE = Rule(
    code="SSOT202",
    name="factory-type-drift",
    severity=Severity.ERROR,
    claim="The factories of one concept, or one factory, hand out instances of classes that do not inherit "
    "from each other.",
    proof="For each factory the class objects of the instances that it returned, where it is defined, and a "
    "place that called it.",
    silent="Subclasses of the canonical class; without a canonical class, those of one class that matches "
    "the concept, abstract ones included. What a factory does with those that only it calls. As many classes "
    "as `max_classes` allows.",
    fix="Let every factory hand out the canonical class or subclasses of it. Where the "
    "classes are meant to be interchangeable, give them one base that matches the concept.",
    example='canonical = "chat.ws.manager:WebSocketManager"',
)


def check(case: Case) -> Iterator[Finding]:
    """Compare the classes that the factories of each concept handed out to their callers."""
    for members in case.concepts:
        by_maker = _called_from_outside(made_by_factories(case.recording, members))
        family_of = _families({make.cls for makes in by_maker.values() for make in makes}, members)
        families = set(family_of.values())
        if len(families) <= members.concept.max_classes:
            continue
        verb = "hands" if len(by_maker) == 1 else "hand"
        yield RULE.finding(
            members.subject,
            f"{number(len(by_maker), 'factory')} of {members.concept.name} {verb} out instances of "
            f"{number(len(families), 'class')} that do not inherit from each other: "
            f"{listing(sorted(cls.label for cls in family_of))}.",
            capped_groups([_lines(maker, makes) for maker, makes in sorted(by_maker.items())]),
            concept=members.concept,
            count=len(families),
            settle=f'canonical = "{members.subject}"',
        )


def _called_from_outside(makes: Sequence[Make]) -> Mapping[str, list[Make]]:
    """Return what each factory handed out to callers that are no factories of the concept themselves."""
    factories = {make.record.maker for make in makes}
    by_maker: dict[str, list[Make]] = defaultdict(list)
    for make in makes:
        if factories.isdisjoint(make.record.chain):
            by_maker[make.record.maker].append(make)
    return by_maker


def _families(classes: Collection[ClassObject], members: Members) -> Mapping[ClassObject, ClassObject]:
    """Return for each class the one that stands for it and for all that it may be exchanged with."""
    known = sorted({*classes, *members.all})
    found = {}
    for cls in sorted(classes):
        family = _family(cls, members)
        found[cls] = cls if family == cls.name else next(top for top in known if top.name == family)
    return found


def _family(cls: ClassObject, members: Members) -> str:
    """Return the name of the canonical class, or of the outermost base, that matches the concept."""
    canonical = {top.name for top in members.canonical}
    for name in (cls.name, *cls.bases):
        if name in canonical:
            return name
    matching = {other.name for other in members.all}
    return next((base for base in reversed(cls.bases) if base in matching), cls.name)


def _lines(maker: str, makes: Sequence[Make]) -> list[Evidence]:
    """Tell which classes a factory handed out, and who called it."""
    counts: dict[ClassObject, int] = defaultdict(int)
    for _, cls, record in makes:
        counts[cls] += record.count
    definition = min((record.definition for _, _, record in makes), default=NOWHERE)
    lines = [
        Evidence(f"{maker} handed out {_described(cls)}, {times(count)}", definition.file, definition.line)
        for cls, count in sorted(counts.items())
    ]
    first: MakeRecord = min((record for _, _, record in makes), key=lambda record: (record.first, record))
    return [
        *lines,
        Evidence(f"calls {maker}", first.site.file, first.site.line, first.thread, first.task),
    ]


def _described(cls: ClassObject) -> str:
    return f"{cls.label} ({cls.file}:{cls.line})" if cls.file and cls.line else cls.label
