"""SSOT305: users whose labels may not meet share something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.records import BoundaryRecord
from ssot_probe.model.sharing import boundary_severity, crossings

RULE = Rule(
    code="SSOT305",
    name="boundary-crossing",
    severity=Severity.ERROR,
    claim="An instance or an object is shared by users whose labels may not meet.",
    proof="The labels that the policy's `[boundary]` gives these users, asked for once per user in the "
    "running process, and the finding (SSOT301 or SSOT303) that says what they share. Labels that `apart` "
    "does not name, and which user has which label, never leave the process.",
    silent="Users of one label, labels that no pair of `apart` names, users without a label, who are "
    "counted, and whatever is no finding otherwise.",
    fix="Mend the finding below it. Until then keep users of the two labels in different processes.",
    example='[boundary]\nlabel = "chat.auth:compliance_of"\napart = [["hipaa", "free"]]',
)


def check(case: Case) -> Iterator[Finding]:
    """Look for shared things, among those that are a finding, whose users' labels may not meet."""
    apart = case.policy.boundary.apart if case.policy.boundary is not None else ()
    below = {(finding.code, finding.subject): finding for finding in case.findings}
    groups: dict[tuple[str, str], list[BoundaryRecord]] = defaultdict(list)
    for _, record in case.recording.of(BoundaryRecord):
        if (record.code, record.subject) in below and crossings(record.labels, apart):
            groups[record.subject, record.code].append(record)
    subjects = {subject for subject, _ in groups}
    for subject in sorted(subjects):
        records = [record for key, found in sorted(groups.items()) for record in found if key[0] == subject]
        proofs = [below[code, about] for about, code in sorted(groups) if about == subject]
        yield _finding(case, subject, records, proofs)


def _finding(case: Case, subject: str, records: list[BoundaryRecord], below: list[Finding]) -> Finding:
    apart = case.policy.boundary.apart if case.policy.boundary is not None else ()
    pairs = sorted({pair for record in records for pair in crossings(record.labels, apart)})
    concepts = [members.concept for members in case.concepts if members.concept.name == below[0].concept]
    judging = concepts or [members.concept for members in case.concepts]
    labels = {label for pair in pairs for label in pair}
    told = listing([f"{one} with {other}" for one, other in pairs])
    evidence = [Evidence(f"labels {one} and {other}, which may not meet") for one, other in pairs]
    evidence += [Evidence(f"{finding.code} {finding.rule}: {finding.message}") for finding in below]
    unlabelled = max(record.unlabelled for record in records)
    if unlabelled:
        evidence.append(Evidence(f"and {number(unlabelled, 'user')} without one of these labels"))
    return RULE.finding(
        subject,
        f"Users whose labels may not meet share it: {told}.",
        evidence,
        concept=concepts[0] if concepts else None,
        severity=boundary_severity(judging, labels, apart),
        count=len(records),
        users=max(finding.users for finding in below),
    )
