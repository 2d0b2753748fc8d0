"""SSOT201: several factories, independent of each other, hand out instances of one concept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.factories import (
    declared_factories,
    is_among,
    made_by_factories,
    not_constructed,
    origins,
)
from ssot_probe.analysis.places import capped_groups
from ssot_probe.analysis.recording import Make
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.records import NOWHERE

RULE = Rule(
    code="SSOT201",
    name="duplicate-factory",
    severity=Severity.WARNING,
    claim="Several factories hand out instances of one concept, and none of them gets its instances from "
    "another.",
    proof="For each factory where it is defined, how many instances it handed out, and a place that called "
    "it.",
    silent="A factory that passes on what another one made: it is listed behind that one. Constructors: a "
    "call of the class itself is no factory. With declared factories, these among themselves.",
    fix="Keep one factory, declare it in `factories`, and let the others call it until their callers are "
    "gone.",
    example='factories = ["chat.ws.manager:get_manager"]',
)


def check(case: Case) -> Iterator[Finding]:
    """Count the factories that instances of each concept first came out of."""
    for members in case.concepts:
        makes = made_by_factories(case.recording, members)
        makers = origins(makes)
        by_origin: dict[str, list[Make]] = defaultdict(list)
        for make in makes:
            by_origin[make.record.origin].append(make)
        declared = declared_factories(case.recording, members)
        foreign = [maker for maker in makers if not is_among(maker, declared)]
        if len(makers) < 2 or (declared and not foreign):
            continue
        _, most = min((-_handed_out(maker, by_origin[maker]), maker) for maker in makers)
        allowed = f" Not among the declared factories: {listing(foreign)}." if declared else ""
        yield RULE.finding(
            members.subject,
            f"{number(len(makers), 'factory')} hand out {members.concept.name}: {listing(makers)}.{allowed}",
            capped_groups([_lines(maker, by_origin[maker], is_among(maker, declared)) for maker in makers]),
            concept=members.concept,
            count=len(makers),
            settle=f'factories = ["{most}"]',
        )


def _lines(maker: str, makes: Sequence[Make], is_declared: bool) -> list[Evidence]:
    """Tell of one factory, by the records of all instances that first came out of it."""
    records = [make.record for make in makes]
    own = [record for record in records if record.maker == maker]
    handed_out = _handed_out(maker, makes)
    definition = min((record.definition for record in own), default=NOWHERE)
    allowed = " (declared)" if is_declared else ""
    lines = [
        Evidence(
            f"{maker}{allowed} handed out instances {times(handed_out)}", definition.file, definition.line
        )
    ]
    if own:
        first = min(own, key=lambda record: (record.first, record))
        lines.append(Evidence(f"calls {maker}", first.site.file, first.site.line, first.thread, first.task))
    lines += not_constructed(makes)
    delegates = {record.maker: record for record in records}
    for name in sorted(delegates.keys() - {maker}):
        place = delegates[name].definition
        lines.append(Evidence(f"{name} passes on what {maker} made", place.file, place.line))
    return lines


def _handed_out(maker: str, makes: Sequence[Make]) -> int:
    return sum(record.count for _, _, record in makes if record.maker == maker)
