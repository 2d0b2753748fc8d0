"""How bad a finding is. The process under observation needs to know this much of findings, and no more."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """How bad a finding is; ordered, so that severities compare."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word that reports and telemetry use: `note`, `warning`, `error`."""
        return self.name.lower()
