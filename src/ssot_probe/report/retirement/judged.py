"""A judged path, as plain values: what is written after a verdict needs nothing else."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple, Optional

from ssot_probe.analysis.retirement.residue import Residue
from ssot_probe.analysis.retirement.rows import Retirement, Row, Witness
from ssot_probe.analysis.wording import moment, place, times
from ssot_probe.model.names import split
from ssot_probe.model.policy import Concept, Policy

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
    replacement: str = ""  # what there is instead of it; "" where nobody can say
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
    fleet: str = ""  # which Prometheus was asked besides, and when; "" for none

    @property
    def window(self) -> str:
        """The days from the first to the last one, in words."""
        if not self.first_day:
            return "nothing recorded"
        return self.first_day if self.first_day == self.last_day else f"{self.first_day} to {self.last_day}"


def judged_of(row: Row, policy: Policy) -> JudgedPath:
    """Return a verdict as plain values; the policy knows what there is instead of the path."""
    concepts = [concept for concept in policy.concepts if concept.name == row.concept]
    return JudgedPath(
        path=row.path,
        kind=row.kind,
        verdict=row.verdict,
        grade=row.grade,
        sentence=row.sentence,
        missing=tuple(str(missing) for missing in row.missing),
        witnesses=tuple(dict.fromkeys(map(_told, row.witnesses))),
        replacement=_replacement(row, concepts[0]) if concepts else "",
        residue=row.residue,
    )


def _replacement(row: Row, concept: Concept) -> str:
    """Return what a concept has instead of a legacy path: of its class and makers the one that it stands for.

    That is what it is bound to, or what has its name. For any class of the concept it is the canonical one.
    """
    there = [name for name in (concept.canonical, *concept.factories) if name]
    name = split(row.path)[1]
    if not name:
        return ""
    alike = [one for one in there if row.target == one or split(one)[1] == name]
    if alike:
        return alike[0]
    is_of_concept = row.kind == "class" and any(
        fnmatchcase(row.path if ":" in glob else name.rpartition(".")[2], glob) for glob in concept.classes
    )
    return concept.canonical if is_of_concept else ""


def summary_of(retirement: Retirement, command: str) -> EvidenceSummary:
    """Return what verdicts rest on.

    Args:
        retirement: the verdicts.
        command: that gives them.
    """
    window = retirement.window
    return EvidenceSummary(
        first_day=str(min(window.days)) if window.days else "",
        last_day=str(max(window.days)) if window.days else "",
        days=len(window.days),
        processes=retirement.counted,
        roles=tuple(sorted(role for role, days in window.days_of_role.items() if role and days)),
        environments=tuple(sorted({epoch.environment for epoch in window.epochs if epoch.environment})),
        void=tuple(
            dict.fromkeys(f"{doubt.process}: {doubt.cause}".removeprefix(": ") for doubt in retirement.doubts)
        ),
        unmatched=len(retirement.unmatched),
        command=command,
        fleet=f"{retirement.fleet.source}, {moment(retirement.fleet.asked_at)}" if retirement.fleet else "",
    )


def _told(witness: Witness) -> str:
    where = f"{place(witness.file, witness.line)} " if witness.file else ""
    return f"{where}{witness.what}, {times(witness.count, witness.is_at_least)}, {moment(witness.time)}"
