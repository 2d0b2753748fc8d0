"""The one definition of what users may not share, used in the process and again by the analyst."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Optional

from ssot_probe.model.policy import Concept
from ssot_probe.model.severity import Severity

_IN_BRACKETS = re.compile(r"[\[(][^\])]*[\])]")


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


REFERENCES = {
    "mixed": Severity.ERROR,
    "contaminated": Severity.ERROR,
    "never-share": Severity.ERROR,
    "handed-over": Severity.ERROR,
    "mutated": Severity.WARNING,
    "root": Severity.WARNING,
}
"""How bad a shared object of each verdict is. All other verdicts say that it was looked at, and is none."""

_WITH_DATA = frozenset({"mixed", "contaminated", "handed-over"})
"""Verdicts that a user's own data was seen in another user's reach."""


def reference_severity(concepts: Sequence[Concept], type_name: str, verdict: str) -> Optional[Severity]:
    """How bad it is that users of these concepts share an object; None where it is no finding.

    Args:
        concepts: of the instances that the object was reached from, or whose users' data is in it.
        type_name: qualified name of the object's type.
        verdict: what was seen in it.

    Concepts that were inferred have no declared isolation: then it is a note, or a warning where a user's own
    data was seen in another's reach.
    """
    severity = REFERENCES.get(verdict)
    apart = [concept for concept in concepts if concept.isolation != "process"]
    if severity is None or not apart or any(type_name in concept.shared_ok for concept in concepts):
        return None
    if any(concept.declared for concept in apart):
        return severity
    return Severity.WARNING if verdict in _WITH_DATA else Severity.NOTE


def crossings(labels: Collection[str], apart: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of labels that may not meet and are among these."""
    return tuple((one, other) for one, other in apart if one in labels and other in labels and one != other)


def boundary_severity(
    concepts: Sequence[Concept], labels: Collection[str], apart: Iterable[tuple[str, str]]
) -> Optional[Severity]:
    """How bad it is that users with these labels share something; None where they may."""
    if not crossings(labels, apart):
        return None
    return Severity.ERROR if any(concept.declared for concept in concepts) else Severity.WARNING


def place_of(paths: Iterable[str], holder: str) -> str:
    """Return the name of a shared object in findings: where it hangs, as `module:Name.attribute`.

    Args:
        paths: from the instances of users, or from a module.
        holder: the path from a module, "" where none is known; it counts where there are no others.

    It is free of users, keys and positions, so that the same place has the same name in every run.
    """
    path = min((path for path in paths if path), key=lambda path: (len(path), path), default=holder)
    return _IN_BRACKETS.sub("", path)


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
