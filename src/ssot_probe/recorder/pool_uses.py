"""Adds up how often pools handed resources out, and tells of each that was not clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ssot_probe.context.labels import task_label, thread_label
from ssot_probe.model.records import (
    NOWHERE,
    AccessRecord,
    HandoverRecord,
    PoolRecord,
    Record,
    SharingRecord,
)
from ssot_probe.model.sharing import residue_severity
from ssot_probe.observe.pools.events import Handover, PoolEvent
from ssot_probe.recorder.allowance import Allowance
from ssot_probe.recorder.pacing import is_due
from ssot_probe.recorder.places import Places


class _Uses:
    """What one pool did with resources of one class, and how much of it was told already."""

    __slots__ = ("born", "count", "handovers", "pool", "time", "told_at", "unattributed", "unclean")

    def __init__(self, pool: str, time: int) -> None:
        self.pool = pool
        self.born = self.time = time
        self.told_at = self.count = self.unattributed = self.handovers = self.unclean = 0


class PoolLedger:
    """Turns events of pools into records.

    Args:
        process: unique prefix for the ids of resources.
        places: turns code and offsets into places.
        hash_user: user id -> keyed hash.
        findings: (code, severity) -> how many were judged in the process; added to.
    """

    def __init__(
        self,
        process: str,
        places: Places,
        hash_user: Callable[[str], str],
        findings: dict[tuple[str, str], int],
        allowance: Allowance,
    ) -> None:
        self._process = process
        self._places = places
        self._hash_user = hash_user
        self._findings = findings
        self._allowance = allowance
        self._uses: dict[tuple[str, str], _Uses] = {}

    def take(self, event: PoolEvent) -> Iterator[Record]:
        """Add one event; yield what must be told at once because of it."""
        key = (event.pool.maker.name, event.cls)
        uses = self._uses.get(key)
        if uses is None:
            uses = self._uses[key] = _Uses(event.pool.name, event.time)
        uses.count += 1
        uses.unattributed += not event.is_attributed
        uses.handovers += event.is_handover
        uses.unclean += event.handover is not None
        uses.time = event.time
        if event.handover is not None:
            yield from self._handover(event, event.handover)

    def due(self, now: int, is_final: bool, is_quiet: bool = False) -> Iterator[Record]:
        """Yield what was added up and is to be told."""
        for key, uses in self._uses.items():
            if uses.count and (is_final or is_due(now, uses.born, uses.told_at, is_quiet)):
                counts = (uses.count, uses.unattributed, uses.handovers, uses.unclean)
                yield PoolRecord(uses.pool, *key, *counts, uses.time)
                uses.told_at = now
                uses.count = uses.unattributed = uses.handovers = uses.unclean = 0

    def _handover(self, event: PoolEvent, handover: Handover) -> Iterator[Record]:
        left = handover.left
        severity = residue_severity(handover.residue).label
        self._findings["SSOT301", severity] = self._findings.get(("SSOT301", severity), 0) + 1
        if not self._allowance.may_tell(f"connections of {event.pool.name} with a state", event.time):
            return
        told = HandoverRecord(
            pool=event.pool.name,
            acquire=event.pool.maker.name,
            cls=event.cls,
            instance=f"{self._process}-pooled-{handover.serial}",
            residue=handover.residue,
            unread=handover.unread,
            interruption=left.interruption,
            users=(self._hash_user(str(left.user)), self._hash_user(handover.user)),
            severity=severity,
            given_back=NOWHERE if left.code is None else self._places.site(left.code, left.offset),
            given_back_thread=thread_label(left.thread),
            given_back_task=task_label(left.task),
            site=self._places.site(handover.code, handover.offset),
            thread=thread_label(handover.thread),
            task=task_label(handover.task),
            time=event.time,
            request=handover.request[0],
            request_span=handover.request[1],
        )
        yield told
        yield from _live(told, event.pool.release)


def _live(told: HandoverRecord, release: str) -> Iterator[Record]:
    """Yield the finding as a trace viewer shows it, and the accesses that it links to."""
    first, second = told.users
    access = AccessRecord(
        instance=told.instance,
        concept=told.pool,
        cls=told.cls,
        maker=told.acquire,
        outcome="returned",
        site=told.site,
        user=second,
        thread=told.thread,
        task=told.task,
        time=told.time,
        request=told.request,
    )
    yield access._replace(
        maker=release or told.acquire,
        outcome="used",
        site=told.given_back,
        user=first,
        thread=told.given_back_thread,
        task=told.given_back_task,
        request="",
    )
    yield access
    yield SharingRecord(
        instance=told.instance,
        concept=told.pool,
        cls=told.cls,
        users=told.users,
        user_count=len(told.users),
        severity=told.severity,
        site=told.site,
        time=told.time,
        request=told.request,
        request_span=told.request_span,
    )
