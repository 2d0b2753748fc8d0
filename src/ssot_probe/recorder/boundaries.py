"""Says which labels meet where users share something. Only labels that the policy names leave the process."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from time import time_ns
from typing import TYPE_CHECKING

from ssot_probe.model.policy import Boundary, Concept
from ssot_probe.model.process_records import BlindRecord
from ssot_probe.model.sharing import boundary_severity
from ssot_probe.recorder.user_labels import UserLabels

if TYPE_CHECKING:
    from ssot_probe.model.sharing_records import BoundaryRecord

SETTLE_SECONDS = 0.4
"""Of the time for ending, what the last answers about labels may take."""

MOST_SHARED = 1_000
MOST_USERS = 4_096
"""Bounds on the shared things that are remembered, and on the users of each."""


class _Shared:
    """One thing that users share."""

    __slots__ = ("concepts", "told", "users")

    def __init__(self, concepts: tuple[Concept, ...]) -> None:
        self.concepts = concepts
        self.users: set[str] = set()
        self.told: BoundaryRecord | None = None


class Boundaries:
    """Collects who shares what, and tells which labels that brings together.

    Args:
        boundary: the labels that may not meet; None where the policy has none.
    """

    def __init__(self, boundary: Boundary | None) -> None:
        self._boundary = boundary
        self.forget()

    def forget(self) -> None:
        """Be as new: a forked child has shared nothing yet."""
        boundary = self._boundary
        self._apart = () if boundary is None else boundary.apart
        self._named = {label for pair in self._apart for label in pair}
        self._blind: list[BlindRecord] = []
        self._shared: dict[tuple[str, str, str], _Shared] = {}
        self._labels: UserLabels | None = None
        self.findings: dict[tuple[str, str], int] = {}
        if boundary is not None and self._apart:
            self._labels = UserLabels(boundary.label, self._note_blind)
            self._subject = f"labels from {boundary.label}"

    @property
    def is_on(self) -> bool:
        """Does the policy say which labels may not meet?"""
        return self._labels is not None

    def prepare(self) -> None:
        """Be ready to ask: there are two users."""
        if self._labels is not None:
            self._labels.start()

    def pause(self, seconds: float) -> None:
        """End the thread that asks, before a fork."""
        if self._labels is not None:
            self._labels.pause(seconds)

    def share(
        self, code: str, key: str, subject: str, concepts: tuple[Concept, ...], users: Collection[str]
    ) -> None:
        """Take in that these users share something.

        Args:
            code: of the finding that it is.
            key: which one of its subject it is; it does not leave the process.
            subject: of that finding.
            concepts: which it belongs to.
            users: the application's ids.
        """
        if self._labels is None:
            return
        shared = self._shared.get((code, subject, key))
        if shared is None:
            if len(self._shared) >= MOST_SHARED:
                return
            shared = self._shared[code, subject, key] = _Shared(concepts)
        if len(shared.users) < MOST_USERS:
            shared.users.update(user for user in users if user)
        for user in users:
            if user:
                self._labels.ask(user)

    def due(self, is_final: bool) -> Iterator[BoundaryRecord | BlindRecord]:
        """Yield what has become known; with the last cycle, after the answers that are still to come."""
        if self._labels is None:
            return
        if is_final:
            self._labels.settle(SETTLE_SECONDS)
        else:
            self._labels.look_after()
        for (code, subject, _), shared in self._shared.items():
            record = self._record(code, subject, shared)
            if record is not None and record._replace(time=0) != shared.told:
                shared.told = record._replace(time=0)
                if record.severity:
                    key = ("SSOT305", record.severity)
                    self.findings[key] = self.findings.get(key, 0) + 1
                yield record
        blind, self._blind = self._blind, []
        yield from blind

    def _note_blind(self, reason: str) -> None:
        self._blind.append(BlindRecord(self._subject, reason, time_ns()))

    def _record(self, code: str, subject: str, shared: _Shared) -> BoundaryRecord | None:
        if self._labels is None:
            return None
        from ssot_probe.model.sharing_records import BoundaryRecord  # where there are labels only

        known = self._labels.known
        if not (self._labels.is_given_up or all(user in known for user in shared.users)):
            return None  # an answer is still to come
        found = [known.get(user) for user in shared.users]
        labels = tuple(sorted({label for label in found if label is not None and label in self._named}))
        severity = boundary_severity(shared.concepts, labels, self._apart)
        return BoundaryRecord(
            code=code,
            subject=subject,
            concept=shared.concepts[0].name if shared.concepts else "",
            labels=labels,
            unlabelled=sum(label is None or label not in self._named for label in found),
            severity="" if severity is None else severity.label,
            time=time_ns(),
        )
