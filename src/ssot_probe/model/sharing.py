"""The one definition of what users may not share, used in the process and again by the analyst."""

from __future__ import annotations

from ssot_probe.model.policy import Concept
from ssot_probe.model.severity import Severity


def may_be_shared(concept: Concept, class_name: str) -> bool:
    """May users share one instance of this class, by the policy?"""
    return concept.isolation == "process" or class_name in concept.shared_ok


def sharing_severity(concept: Concept) -> Severity:
    """How bad it is that two users share an instance of the concept.

    A concept that was inferred from names has no declared isolation: then it is a note.
    """
    return Severity.ERROR if concept.declared else Severity.NOTE


def is_cross_user(concept: Concept, class_name: str, users: int) -> bool:
    """Is an instance of this class that served so many attributed users a finding?"""
    return users >= 2 and not may_be_shared(concept, class_name)


def concurrency_severity(concept: Concept) -> Severity:
    """How bad it is that two users were inside one instance of the concept at the same time."""
    return Severity.WARNING if concept.declared else Severity.NOTE


def wants_one_per_thread(concept: Concept) -> bool:
    """Is each thread of a user to have an instance of its own?"""
    return concept.declared and concept.isolation == "user+thread"


def race_severity(concept: Concept) -> Severity:
    """How bad it is that a factory made two instances where it keeps one."""
    return Severity.ERROR if concept.declared else Severity.WARNING


RESIDUES = (
    "unread",  # bytes that the first user had asked for, or that had come while they had it, are there
    "unanswered",  # they were interrupted after asking, and the reply has not come yet
    "abandoned",  # they asked, gave it back without a reply, and it has not come yet
    "late",  # bytes have come since it was given back
    "interrupted",  # they were interrupted in a call of it; whether it was cleaned since cannot be seen
)
"""What a user may leave on a resource of a pool, such as a connection, for the next one."""


def residue_severity(residue: str) -> Severity:
    """How bad it is that a resource was handed to another user with this on it."""
    return Severity.ERROR if residue in ("unread", "unanswered") else Severity.WARNING
