"""SSOT905: a waiver matched nothing, or has expired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.waivers import covers, is_expired
from ssot_probe.analysis.wording import number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.policy import Waiver

RULE = Rule(
    code="SSOT905",
    name="unused-waiver",
    severity=Severity.WARNING,
    claim="A waiver of the policy matched no finding, or its date has passed, so that it waives nothing.",
    proof="The findings of this report, and today's date.",
    silent="A waiver that matches nothing where the recording is void: there was nothing to match.",
    fix="Delete the waiver, or write a new date and the reason for it.",
    example='[[waiver]]\ncode = "SSOT104"\nsubject = "chat.ws.compat:*"\n'
    'reason = "removed in Q1"\nexpires = 2027-01-31',
)


def check(case: Case) -> Iterator[Finding]:
    """Compare the waivers with the findings of all other rules."""
    mistakes: dict[str, list[Evidence]] = defaultdict(list)
    for waiver in case.policy.waivers:
        matched = sum(covers(waiver, finding) for finding in case.findings)
        what = _mistake(waiver, matched, case.today, is_void=case.worth.void is not None)
        if what:
            mistakes[waiver.subject].append(Evidence(f"{waiver.code}: {what}; its reason: {waiver.reason}"))
    for subject, evidence in sorted(mistakes.items()):
        told = " and ".join(line.what.partition(";")[0] for line in evidence)
        yield RULE.finding(subject, f"The waiver of {told}.", evidence, count=len(evidence))


def _mistake(waiver: Waiver, matched: int, today: date, *, is_void: bool) -> str:
    if is_expired(waiver, today):
        still = f", and {number(matched, 'finding')} would need it" if matched else ""
        return f"expired on {waiver.expires}{still}"
    return "" if matched or is_void else "matched nothing"
