"""What a rule gets to see: the recording, the policy, the classes of its concepts, the worth of it all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple, Optional

from ssot_probe.analysis.evidence import Worth
from ssot_probe.analysis.join import Join
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.rows import Retirement
from ssot_probe.model.finding import Finding
from ssot_probe.model.policy import Policy


class Case(NamedTuple):
    """Everything that a rule may judge by."""

    recording: Recording
    policy: Policy
    concepts: tuple[Members, ...]
    worth: Worth
    today: date  # waivers expire
    joined: Join | None = None  # the recording's join with its source, where that was scanned
    declared: tuple[Members, ...] = ()  # the classes of its concepts in that source
    retirement: Optional[Retirement] = None  # verdicts about what the policy declares legacy
    findings: tuple[Finding, ...] = ()  # of the rules before this one


Check = Callable[[Case], Iterable[Finding]]
