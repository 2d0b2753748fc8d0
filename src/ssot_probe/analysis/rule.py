"""A rule's explanation of itself, as data, and the findings that it words alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.policy import Concept


class Rule(NamedTuple):
    """What a rule claims and on what grounds: the source of `explain` and of the documentation."""

    code: str
    name: str
    severity: Severity  # of a declared concept
    claim: str
    proof: str
    silent: str  # the look-alikes that it says nothing about
    fix: str
    example: str = ""  # lines of policy that settle it

    def finding(
        self,
        subject: str,
        message: str,
        evidence: Sequence[Evidence],
        *,
        concept: Concept | None = None,
        severity: Severity | None = None,
        count: int = 1,
        users: int = 0,
        settle: str = "",
    ) -> Finding:
        """Return a finding of this rule.

        Nobody has said what an inferred concept should be: its findings are at most warnings, and say with
        which line of policy (`settle`) that would be settled.
        """
        severity = self.severity if severity is None else severity
        if concept is not None and not concept.declared:
            severity = min(severity, Severity.WARNING)
            if settle:
                message = f"{message} {undeclared(concept, settle)}"
        return Finding(
            code=self.code,
            rule=self.name,
            severity=severity,
            subject=subject,
            message=message,
            evidence=tuple(evidence),
            concept=concept.name if concept is not None else "",
            count=count,
            users=users,
        )


def undeclared(concept: Concept, settle: str) -> str:
    """Return the sentence that says how to declare a concept that was inferred."""
    return (
        f'Inferred from class names: declare [[concept]] name = "{concept.name}" with {settle} to settle it.'
    )
