"""A judged fact with its evidence: what a rule returns and a report shows."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple, Optional

from ssot_probe.model.severity import Severity as Severity


class Evidence(NamedTuple):
    """One observation that supports a finding, with the place to look at."""

    what: str
    file: str = ""
    line: int = 0
    thread: str = ""
    task: str = ""
    user: str = ""  # keyed hash


class Finding(NamedTuple):
    """A claim about the service that was observed to be true."""

    code: str
    rule: str
    severity: Severity
    subject: str  # `module` or `module:QualName`
    message: str
    evidence: tuple[Evidence, ...]
    concept: str = ""
    count: int = 1  # type: ignore[assignment]  # occurrences
    users: int = 0  # distinct users involved
    status: str = "new"  # "new" | "waived"
    waiver: Optional[str] = None  # the reason given by the waiver

    @property
    def fingerprint(self) -> str:
        """Identity of the finding over runs: free of counts, lines, users and times. 16 hex digits."""
        text = "\0".join((self.code, self.concept, self.subject))
        return sha256(text.encode()).hexdigest()[:16]
