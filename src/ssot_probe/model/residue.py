"""The one definition of a stale context, used in the process and again by the analyst.

What a thread or task *carries* is what it found around itself: a context variable, the answer of a callable,
baggage. Whom its work is *for* is said on purpose: by `bind_user()`, by the framework whose request it is, by
an argument that the policy declares to be the user, by who handed a job in.
"""

from __future__ import annotations

from collections.abc import Collection

from ssot_probe.model.policy import Concept
from ssot_probe.model.severity import Severity

CARRIED = frozenset({"contextvar", "call", "baggage"})
"""Kinds of user sources that say what a thread or task carries."""

NOBODY = frozenset({"anon", "anonymous", "guest", "nobody", "none", "null", "service", "system", "unknown"})
"""Names for no user in particular: whoever carries one of these carries nobody's context."""


def is_stale(carried: str | None, work_of: Collection[str]) -> bool:
    """Does work run with the context of somebody whom it is not for?

    Args:
        carried: the user whose context is carried, None for nobody's.
        work_of: all users that the work is said to be for; one who acts for another is among them with the
            other. Empty where nothing says whom it is for: then nothing is claimed.
    """
    return carried is not None and bool(work_of) and carried not in work_of and carried.lower() not in NOBODY


def context_severity(concept: Concept | None, had_effect: bool) -> Severity:
    """How bad it is that a context was carried over.

    Args:
        concept: of the instance that was made or used with it; None where nothing was.
        had_effect: something that is observed ran with it. Else the next work only began with it.
    """
    is_certain = had_effect and (concept is None or concept.declared)
    return Severity.ERROR if is_certain else Severity.WARNING
