"""SSOT204: one factory or caller obtains a concept in two ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from ssot_probe.analysis.accesses import CONSTRUCTOR, Access, accesses
from ssot_probe.analysis.case import Case
from ssot_probe.analysis.factories import declared_factories, is_among
from ssot_probe.analysis.places import capped_groups
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number, times
from ssot_probe.model.finding import Evidence, Finding, Severity

RULE = Rule(
    code="SSOT204",
    name="dual-access",
    severity=Severity.ERROR,
    claim="One function, or one factory class, obtains instances of the concept in two ways: by two "
    "factories that do not get theirs from each other, or by a factory and by the constructor.",
    proof="Calls of both under the same caller, each with its line: made by the function itself, inside "
    "something that it constructs, or anywhere below it where it is a factory.",
    silent="A factory that passes on what another made. One call that reaches methods of three classes or "
    "more, as a dispatcher's does. A getter that gives back what the same caller "
    "constructed. Several declared factories. Ways that lead to different concepts. The top level of a "
    "module.",
    fix="Keep one way: pass on the instance that was obtained first, or call the declared factory in both "
    "places.",
    example='factories = ["chat.ws.manager:get_manager"]',
)

DISPATCHES = 3
"""Classes whose methods one line calls: with two, it may also hold two calls."""


def check(case: Case) -> Iterator[Finding]:
    """Look for callers that obtain each concept in more ways than one."""
    for members in case.concepts:
        declared = declared_factories(case.recording, members)
        own_classes = {cls.name for cls in members.all}
        told: set[str] = set()
        for caller, found in _callers(accesses(case.recording, members), own_classes):
            ways = _ways(found)
            is_near = any(access.is_near for calls in ways.values() for access in calls)
            if len(ways) < 2 or not is_near or all(_is_declared(calls, declared) for calls in ways.values()):
                continue
            places = {access.place for calls in ways.values() for access in calls}
            own = {access.place for calls in ways.values() for access in calls if access.depth == 0}
            if own <= told and not told.isdisjoint(places):
                continue  # the caller around it adds nothing of its own
            told |= places
            quoted = [f'"{way}"' for way in sorted(ways) if way != CONSTRUCTOR]
            yield RULE.finding(
                caller,
                f"Obtains {members.concept.name} in {number(len(ways), 'way')}: "
                f"{listing(sorted(ways, key=_rank))}.",
                capped_groups([_lines(calls) for calls in ways.values()]),
                concept=members.concept,
                count=sum(access.record.count for calls in ways.values() for access in calls),
                settle=f"factories = [{', '.join(quoted)}]",
            )


def _callers(found: Sequence[Access], own_classes: Collection[str]) -> Iterator[tuple[str, Sequence[Access]]]:
    """Yield each function with its accesses, then each factory class with those of its methods."""
    functions: dict[str, list[Access]] = defaultdict(list)
    classes: dict[str, list[Access]] = defaultdict(list)
    for access in found:
        functions[access.caller].append(access)
        if access.factory_class and access.factory_class not in own_classes:
            classes[access.factory_class].append(access._replace(caller=access.factory_class))
    yield from sorted(functions.items(), key=_depth)
    yield from sorted(classes.items())


def _depth(item: tuple[str, Sequence[Access]]) -> tuple[int, str]:
    return min(access.depth for access in item[1]), item[0]


def _ways(found: Sequence[Access]) -> Mapping[str, list[Access]]:
    """Return the accesses by what the instances come from, without those that give back the caller's own."""
    made_here = {access.place for access in found if access.is_construction}
    dispatched = _dispatched(found)
    ways: dict[str, list[Access]] = defaultdict(list)
    for access in sorted(found):
        is_own = access.way == access.caller or access.way.startswith(access.caller + ".")
        if not is_own and access.record.born not in made_here:
            ways[dispatched.get(access.place, access.way)].append(access)
    return ways


def _dispatched(found: Sequence[Access]) -> Mapping[str, str]:
    """Return the calls that reach methods of many classes, each with one way for all: it is one call."""
    methods: dict[str, dict[str, str]] = defaultdict(dict)
    for access in sorted(found):
        owner = access.record.maker.rpartition(".")[0]
        if not access.is_construction and ":" in owner:
            methods[access.place].setdefault(owner, access.way)
    return {
        place: next(iter(owners.values())) for place, owners in methods.items() if len(owners) >= DISPATCHES
    }


def _is_declared(calls: Sequence[Access], declared: Collection[str]) -> bool:
    return not calls[0].is_construction and all(
        is_among(access.record.maker, declared) or is_among(access.way, declared) for access in calls
    )


def _rank(way: str) -> tuple[bool, str]:
    return way == CONSTRUCTOR, way


def _lines(calls: Sequence[Access]) -> list[Evidence]:
    lines = []
    for (place, what), counted in sorted(_counted(calls).items()):
        file, _, line = place.rpartition(":")
        lines.append(Evidence(f"{what}, {times(counted)}", file, int(line)))
    return lines


def _counted(calls: Sequence[Access]) -> Mapping[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for access in calls:
        counts[access.place, access.what] += access.record.count
    return counts
