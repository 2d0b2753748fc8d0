"""A judged path, as plain values: what is written after a verdict needs nothing else."""

from __future__ import annotations

from typing import NamedTuple, Optional

from ssot_probe.analysis.retirement.residue import Residue

BANNED = frozenset({"LOADED-BUT-UNUSED", "RESOLVED-NOT-LOADED", "NEVER-LOADED"})
"""The verdicts after which a path may be banned. After any other the reason is told instead."""


class JudgedPath(NamedTuple):
    """A watched path with its verdict."""

    path: str  # as the policy writes it
    kind: str  # one of `path_records.KINDS`
    verdict: str
    grade: str
    sentence: str  # what the silence proves and what it does not, or who uses it
    missing: tuple[str, ...] = ()  # what the verdict still lacks
    witnesses: tuple[str, ...] = ()  # of its uses, each as one line
    replacement: str = ""  # the canonical path of its concept
    residue: Optional[Residue] = None  # None: its source was not scanned

    @property
    def is_banned(self) -> bool:
        """May a ban be written for it?"""
        return self.verdict in BANNED

    @property
    def dotted(self) -> str:
        """The path as an import writes it."""
        return self.path.replace(":", ".")


class EvidenceSummary(NamedTuple):
    """What verdicts rest on."""

    first_day: str  # ISO dates; "" where nothing was recorded
    last_day: str
    days: int  # with evidence
    processes: int
    roles: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    void: tuple[str, ...] = ()  # why silence does not count, where it does not
    unmatched: int = 0  # pieces of code that ran and that the scan does not know
    command: str = ""  # that gives the same verdicts again
    commit: str = ""  # of the source that was scanned; "" where it is unknown

    @property
    def window(self) -> str:
        """The days from the first to the last one, in words."""
        if not self.first_day:
            return "nothing recorded"
        return self.first_day if self.first_day == self.last_day else f"{self.first_day} to {self.last_day}"
