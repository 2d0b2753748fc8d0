"""SSOT203: an instance of a concept was constructed outside the factories that may do it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.factories import (
    construction_sites,
    declared_factories,
    is_among,
    made_by_factories,
    not_constructed,
    origins,
)
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.places import at_sites, capped
from ssot_probe.analysis.recording import Make, Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, times
from ssot_probe.model.finding import Finding, Severity
from ssot_probe.model.names import qualify
from ssot_probe.model.records import MakeRecord

RULE = Rule(
    code="SSOT203",
    name="factory-bypass",
    severity=Severity.WARNING,
    claim="Instances of the concept were constructed outside the factories that may do it.",
    proof="Each place that called the constructor while none of the allowed factories was running around it.",
    silent="Construction inside an allowed factory, however deep in the same call. An instance that was "
    "constructed elsewhere and that an allowed factory then was the first to hand out, such as a singleton "
    "at the top of a module.",
    fix="Call the factory at the places that are named. Where a place is right, declare the factory around "
    "it.",
    example='factories = ["chat.ws.manager:get_manager"]',
)

Place = tuple[str, int, str]  # file, line, what happened there


def check(case: Case) -> Iterator[Finding]:
    """Look for constructions that no allowed factory had a part in, class by class."""
    for members in case.concepts:
        declared = declared_factories(case.recording, members)
        allowed_of = _allowed(case.recording, members, declared)
        for name, places in sorted(_outside(case.recording, members, allowed_of).items()):
            count, allowed = sum(places.values()), sorted(allowed_of[name])
            yield RULE.finding(
                name,
                f"Constructed {times(count)} outside {listing(allowed)}."
                + ("" if declared else f" {_undeclared(members, allowed)}"),
                [*capped(at_sites(places)), *not_constructed(_handed_out(case.recording, members, name))],
                concept=members.concept,
                severity=RULE.severity if declared else Severity.NOTE,
                count=count,
            )


def _handed_out(recording: Recording, members: Members, name: str) -> list[Make]:
    return [make for make in made_by_factories(recording, members) if make.cls.name == name]


def _allowed(
    recording: Recording, members: Members, declared: Collection[str]
) -> Mapping[str, Collection[str]]:
    """Return for each class by name the factories that may construct it."""
    makes: dict[str, list[Make]] = defaultdict(list)
    for make in made_by_factories(recording, members):
        makes[make.cls.name].append(make)
    return {cls.name: declared or origins(makes[cls.name]) for cls in members.judged}


def _undeclared(members: Members, allowed: list[str]) -> str:
    factories = ", ".join(f'"{factory}"' for factory in allowed)
    where = "" if members.concept.declared else f' in a [[concept]] with name = "{members.concept.name}"'
    return f"No factory is declared: factories = [{factories}]{where} would settle which may construct it."


def _outside(
    recording: Recording, members: Members, allowed_of: Mapping[str, Collection[str]]
) -> Mapping[str, Counter[Place]]:
    adopted = _adopted(recording, members, allowed_of)
    found: dict[str, Counter[Place]] = defaultdict(Counter)
    for _, cls, record in construction_sites(recording, members.judged):
        allowed = allowed_of[cls.name]
        # A function that was passed on before its module had run, as to FastAPI's Depends, is not heard.
        around = (*record.chain, qualify(record.site.module, record.site.function))
        if not allowed or any(is_among(factory, allowed) for factory in around):
            continue
        count = record.count
        if not record.chain:
            born = (cls.name, f"{record.site.file}:{record.site.line}")
            taken = min(count, adopted[born])
            adopted[born] -= taken
            count -= taken
        if count:
            inside = f" inside {' -> '.join(record.chain)}" if record.chain else ""
            file, line = _place(record)
            found[cls.name][file, line, f"constructs {cls.name}{inside}"] += count
    return found


def _place(record: MakeRecord) -> tuple[str, int]:
    """Return where the constructor was called; where generated code did it, who called that."""
    if not record.site.file.startswith("<") or not record.calls:
        return record.site.file, record.site.line
    file, _, line = record.calls[0].rpartition(":")
    return file, int(line)


def _adopted(
    recording: Recording, members: Members, allowed_of: Mapping[str, Collection[str]]
) -> Counter[tuple[str, str]]:
    """Count, by class and birthplace, what allowed factories handed out first and had not constructed."""
    adopted: Counter[tuple[str, str]] = Counter()
    for _, cls, record in made_by_factories(recording, members):
        is_first_hand = record.outcome == "returned" and record.maker == record.origin
        if record.born and is_first_hand and is_among(record.origin, allowed_of[cls.name]):
            adopted[cls.name, record.born] += record.count
    return adopted
