"""Waivers: which findings the team knows of and accepts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase

from ssot_probe.model.finding import Finding
from ssot_probe.model.policy import Waiver


def is_expired(waiver: Waiver, today: date) -> bool:
    """Has the waiver's last day passed?"""
    return waiver.expires is not None and waiver.expires < today


def covers(waiver: Waiver, finding: Finding) -> bool:
    """Does the waiver mean this finding, expired or not?"""
    return waiver.code == finding.code and fnmatchcase(finding.subject, waiver.subject)


def waived(finding: Finding, waivers: Sequence[Waiver], today: date) -> Finding:
    """Return the finding, marked with the reason of the first waiver in force that covers it."""
    for waiver in waivers:
        if covers(waiver, finding) and not is_expired(waiver, today):
            return finding._replace(status="waived", waiver=waiver.reason)
    return finding
