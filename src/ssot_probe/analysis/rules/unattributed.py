"""SSOT904: for a share of the observed makers' calls no user was known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ssot_probe.analysis.attribution import wording
from ssot_probe.analysis.case import Case
from ssot_probe.analysis.places import capped
from ssot_probe.analysis.recording import Make
from ssot_probe.analysis.rule import Rule
from ssot_probe.model.finding import Evidence, Finding, Severity

RULE = Rule(
    code="SSOT904",
    name="unattributed",
    severity=Severity.NOTE,
    claim="For some calls of factories and constructors no user was known; these prove no isolation.",
    proof="Calls counted by maker, with and without a user; which sources were asked, and whether each has "
    "ever answered. A warning where the policy names sources and not one call in the whole recording had a "
    "user: then nothing is known of what users share.",
    silent='Concepts with `isolation = "process"`. Concepts all of whose calls had a user.',
    fix="Tell the probe who the current user is: a `user` source in the policy, or "
    "`ssot_probe.bind_user()` around the work of one user. Calls at start-up have no user and need none.",
    example='user = [{ contextvar = "chat.auth:current_user" }]',
)


def check(case: Case) -> Iterator[Finding]:
    """Add up the calls without a user, concept by concept."""
    is_unknown = bool(case.policy.user) and case.worth.attribution.is_missing
    for members in case.concepts:
        concept = members.concept
        makes = case.recording.makes_of(members.judged)
        total = sum(make.record.count for make in makes)
        unattributed = sum(make.record.unattributed for make in makes)
        if concept.isolation == "process" or not unattributed:
            continue
        yield RULE.finding(
            members.subject,
            f"{unattributed} of {total} calls ({_percent(unattributed, total)}) had no known user: "
            f"{_advice(case)}",
            capped(_lines(makes)),
            concept=concept,
            count=unattributed,
            severity=Severity.WARNING if is_unknown and concept.declared else None,
        )


def _advice(case: Case) -> str:
    asked = wording(case.worth.attribution.sources)
    if case.policy.user:
        return f"{asked}." if asked else "no `user` source of the policy answered."
    told = f"{asked}; " if asked else ""
    return f"{told}a `user` source in the policy would attribute them."


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole if whole else 100.0
    return "under 1 %" if share < 1 else f"{share:.0f} %"


def _lines(makes: Sequence[Make]) -> list[Evidence]:
    total: Counter[str] = Counter()
    unattributed: Counter[str] = Counter()
    definitions: dict[str, tuple[str, int]] = {}
    for _, _, record in makes:
        total[record.maker] += record.count
        unattributed[record.maker] += record.unattributed
        place = (record.definition.file, record.definition.line)
        definitions[record.maker] = max(definitions.get(record.maker, place), place)
    ranked = sorted(((-count, maker) for maker, count in unattributed.items() if count))
    return [
        Evidence(f"{-count} of {total[maker]} calls of {maker} had no user", *definitions[maker])
        for count, maker in ranked
    ]
