"""The verdict about a path: one decision over a handful of facts. One use beats any amount of silence."""

from __future__ import annotations

from typing import NamedTuple

LIVE = "LIVE"
LIVE_NON_APP = "LIVE-NON-APP"
LOADED_BUT_UNUSED = "LOADED-BUT-UNUSED"
RESOLVED_NOT_LOADED = "RESOLVED-NOT-LOADED"
NEVER_LOADED = "NEVER-LOADED"
INSUFFICIENT = "INSUFFICIENT"
NO_EVIDENCE = "NO-EVIDENCE"
VOID = "VOID"
CONTRADICTED = "CONTRADICTED"

DEAD = frozenset({LOADED_BUT_UNUSED, RESOLVED_NOT_LOADED, NEVER_LOADED})
"""The verdicts that say that the application does not use the path."""

UNPROVED = frozenset({VOID, NO_EVIDENCE})
"""The verdicts that say nothing about the path, only about the evidence."""


class Facts(NamedTuple):
    """What a verdict is made of."""

    is_needed: bool  # the application used it, and not only an older version of it
    is_used_otherwise: bool  # tests, tools, sweeps or health checks did
    has_evidence: bool  # a process whose silence would count watched it
    is_void: bool  # something may have gone unseen in a process that counts
    is_contradicted: bool  # source and recording cannot both be right
    is_lacking: bool  # the policy's terms are not met yet
    is_loaded: bool
    is_looked_for: bool  # by a finder that ran nothing, or by an import that failed


def verdict_of(facts: Facts) -> str:
    """Return the first verdict whose condition holds."""
    decisions = (
        (LIVE, facts.is_needed),
        (LIVE_NON_APP, facts.is_used_otherwise),
        (NO_EVIDENCE, not facts.has_evidence),
        (VOID, facts.is_void),
        (CONTRADICTED, facts.is_contradicted),
        (INSUFFICIENT, facts.is_lacking),
        (LOADED_BUT_UNUSED, facts.is_loaded),
        (RESOLVED_NOT_LOADED, facts.is_looked_for),
        (NEVER_LOADED, True),
    )
    return next(verdict for verdict, holds in decisions if holds)
