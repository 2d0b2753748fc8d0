"""Judges a recording by a policy: all rules, in declared order, their findings sorted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import NamedTuple

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.coverage import Coverage, coverage
from ssot_probe.analysis.evidence import Worth, weigh
from ssot_probe.analysis.join import Join, join
from ssot_probe.analysis.looks import Looks, looks_of
from ssot_probe.analysis.membership import concepts_in_force, members_of
from ssot_probe.analysis.migration import Progress, migration
from ssot_probe.analysis.path_table import PathRow, path_table
from ssot_probe.analysis.pool_residue import PoolUse, pool_uses
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.retirement import retire
from ssot_probe.analysis.retirement.rows import Retirement
from ssot_probe.analysis.rules import REGISTRY, Entry
from ssot_probe.analysis.waivers import waived
from ssot_probe.model.finding import Finding, Severity
from ssot_probe.model.policy import Policy


class Judgement(NamedTuple):
    """What a recording shows, by a policy, and what it is worth as evidence."""

    findings: tuple[Finding, ...]
    evidence: Worth
    paths: tuple[PathRow, ...]
    migration: tuple[Progress, ...]
    joined: Join | None  # with the source, where that was scanned
    concepts: tuple[Coverage, ...]  # as declared, or as inferred
    looks: Looks  # at shared references
    pools: tuple[PoolUse, ...] = ()
    retirement: Retirement | None = None  # of what the policy declares legacy

    def at_least(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of this severity and worse that nobody waived."""
        return tuple(
            finding
            for finding in self.findings
            if finding.severity >= severity and finding.status != "waived"
        )


def judge(
    recording: Recording,
    policy: Policy,
    *,
    baseline: Recording | None = None,
    today: date | None = None,
    registry: Sequence[Entry] = REGISTRY,
) -> Judgement:
    """Judge a recording.

    Args:
        recording: what ran, and what its source declares where that was scanned.
        policy: what should be.
        baseline: an earlier recording, to say how far a migration has come since.
        today: decides which waivers have expired; by default it is today, in UTC.
        registry: the rules.
    """
    in_force = concepts_in_force(recording, policy)
    concepts = members_of(recording, in_force)
    worth = weigh(recording, concepts)
    joined = join(recording)
    declared = members_of(recording.inventory, in_force) if recording.inventory is not None else ()
    now = today or datetime.now(timezone.utc).date()
    retired = retire(recording, policy, joined, today=now) if _has_legacy(policy) else None
    case = Case(recording, policy, concepts, worth, now, joined, declared, retired)
    for entry in registry:
        case = case._replace(findings=(*case.findings, *entry.check(case)))
    covered = coverage(recording, concepts)
    findings = [waived(finding, policy.waivers, case.today) for finding in case.findings]
    return Judgement(
        tuple(sorted(findings, key=_rank)),
        worth,
        path_table(recording, (*concepts, *declared), joined),
        migration(recording, concepts, joined, baseline),
        joined,
        covered,
        looks_of(recording, covered),
        pool_uses(recording),
        retired,
    )


def _has_legacy(policy: Policy) -> bool:
    return any(concept.legacy for concept in policy.concepts)


def _rank(finding: Finding) -> tuple[int, str, str, str]:
    return -finding.severity, finding.code, finding.concept, finding.subject
