"""SSOT903: something that the policy asks for could not be observed."""

from __future__ import annotations

from collections.abc import Iterator

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import moment, number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.records import BlindRecord

RULE = Rule(
    code="SSOT903",
    name="blind-spot",
    severity=Severity.NOTE,
    claim="A watched class or path cannot be observed here, so its silence means nothing.",
    proof="The probe tried and says why: instances made by C code, a class without weak references, a "
    "module that is frozen or was replaced; or imports that come too often to listen to each of them.",
    silent="What the policy does not ask for.",
    fix="Follow the reason: add `__weakref__` to `__slots__`, or watch the class that wraps the C type. An "
    "import in a hot loop belongs in front of the loop.",
)


def check(case: Case) -> Iterator[Finding]:
    """Report blind spots, one finding for each thing that could not be observed."""
    since: dict[tuple[str, str], int] = {}
    for _, record in case.recording.of(BlindRecord):
        key = (record.subject, record.reason)
        since[key] = min(record.time, since.get(key, record.time))
    for subject in sorted({blind.subject for blind in case.worth.blind}):
        found = [blind for blind in case.worth.blind if blind.subject == subject]
        concepts = [
            members.concept for members in case.concepts if subject in {cls.name for cls in members.all}
        ]
        yield RULE.finding(
            subject,
            f"Cannot be observed: {'; '.join(blind.reason for blind in found)}.",
            [
                Evidence(
                    f"{blind.reason}, in {number(blind.processes, 'process')}, "
                    f"since {moment(since[blind.subject, blind.reason])}"
                )
                for blind in found
            ],
            concept=concepts[0] if concepts else None,
            count=max(blind.processes for blind in found),
        )
