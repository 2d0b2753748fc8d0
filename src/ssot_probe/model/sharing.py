"""The one definition of a cross-user instance, used in the process and again by the analyst."""

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
