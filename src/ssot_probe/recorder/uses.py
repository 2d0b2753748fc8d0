"""Turns what was noted of threads, overlaps and races into records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CodeType
from typing import Union

from ssot_probe.context.labels import task_label, thread_label
from ssot_probe.model.records import OverlapRecord, RaceRecord, Record, ThreadRecord
from ssot_probe.model.sharing import concurrency_severity, race_severity
from ssot_probe.observe.overlaps import OverlapEvent, Side
from ssot_probe.observe.races import RaceEvent
from ssot_probe.observe.thread_use import ThreadEvent
from ssot_probe.recorder.allowance import Allowance
from ssot_probe.recorder.places import Places

UseEvent = Union[ThreadEvent, OverlapEvent, RaceEvent]
USE_EVENTS = (ThreadEvent, OverlapEvent, RaceEvent)

_KINDS = {ThreadEvent: "threads in instances", OverlapEvent: "overlaps in instances", RaceEvent: "races"}


class UseLedger:
    """Remembers nothing but how many findings there were: what is told was chosen before.

    Args:
        process: unique prefix for the ids of instances.
        places: turns code and offsets into places.
        hash_user: user id -> keyed hash.
        findings: (code, severity) -> how many; counted on.
        allowance: says how many of them are told.
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

    def take(self, event: UseEvent) -> Iterator[Record]:
        """Yield the record of an event."""
        record: ThreadRecord | OverlapRecord | RaceRecord
        if isinstance(event, ThreadEvent):
            record = self._thread(event)
        elif isinstance(event, OverlapEvent):
            record = self._overlap(event)
        else:
            record = self._race(event)
        if self._allowance.may_tell(f"{_KINDS[type(event)]} of {event.cls.name}", record.time):
            yield record

    def _thread(self, event: ThreadEvent) -> ThreadRecord:
        return ThreadRecord(
            instance=f"{self._process}-{event.instance.serial}",
            concept=event.cls.concept.name,
            cls=event.cls.name,
            maker=event.maker.name,
            outcome=event.outcome,
            site=self._places.site(event.code, event.offset),
            user=self._hash_user(event.user),
            number=event.number,
            thread=thread_label(event.thread),
            task=task_label(event.task),
            is_job=event.is_job,
            beside=event.beside,
            time=event.time,
        )

    def _overlap(self, event: OverlapEvent) -> OverlapRecord:
        severity = concurrency_severity(event.cls.concept).label
        self._count("SSOT306", severity, event.count)
        sides: tuple[Side, ...] = (event.first, event.second)
        return OverlapRecord(
            instance=f"{self._process}-{event.instance.serial}",
            concept=event.cls.concept.name,
            cls=event.cls.name,
            methods=tuple(side.method.name for side in sides),
            users=tuple(self._hash_user(side.user) for side in sides),
            threads=tuple(thread_label(side.thread) for side in sides),
            tasks=tuple(task_label(side.task) for side in sides),
            places=tuple(self._place(side.code, side.offset) for side in sides),
            entered=event.first.entered,
            time=event.second.entered,
            until=event.until,
            severity=severity,
            count=event.count,
            site=self._places.site(event.second.code, event.second.offset),
            request=event.request[0],
            request_span=event.request[1],
        )

    def _race(self, event: RaceEvent) -> RaceRecord:
        severity = race_severity(event.cls.concept).label
        self._count("SSOT205", severity, event.count)
        calls = (event.first, event.second)
        numbers = [call.serial or f"unknown{position}" for position, call in enumerate(calls)]
        instances = tuple(f"{self._process}-{number}" for number in numbers)
        user = event.second.user
        return RaceRecord(
            maker=event.maker.name,
            kind=event.maker.kind,
            concept=event.cls.concept.name,
            cls=event.cls.name,
            user=self._hash_user(user) if user else "",
            instances=instances,
            threads=tuple(thread_label(call.thread) for call in calls),
            tasks=tuple(task_label(call.task) for call in calls),
            places=tuple(self._place(call.code, call.offset) for call in calls),
            entered=event.first.entered,
            time=event.second.entered,
            left=tuple(str(call.left) for call in calls),
            kept=instances[event.kept],
            slot=event.slot,
            severity=severity,
            count=event.count,
            site=self._places.site(event.second.code, event.second.offset),
            request=event.request[0],
            request_span=event.request[1],
        )

    def _count(self, code: str, severity: str, count: int) -> None:
        self._findings[code, severity] = self._findings.get((code, severity), 0) + count

    def _place(self, code: CodeType, offset: int) -> str:
        site = self._places.site(code, offset)
        return f"{site.file}:{site.line}"
