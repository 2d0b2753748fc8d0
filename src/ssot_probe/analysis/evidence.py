"""What a recording is worth as evidence: what was seen, what was lost, what could not be seen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ssot_probe.analysis.attribution import Attribution, attribution
from ssot_probe.analysis.late import Late, late_modules
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Loss, Recording, Skipped, of_newest_state
from ssot_probe.losses import DISK, DISK_LIMIT, EXPORT_FAILED, EXPORT_QUEUE_FULL, EXPORT_REFUSED
from ssot_probe.model.records import BlindRecord, ImportRecord, ModuleRecord, PoolRecord, ProcessRecord

MISSING = "missing_from_recording"
NO_PROCESS_RECORD = "no_process_record"
UNWRITTEN = frozenset({DISK, DISK_LIMIT})
"""Reasons by which the probe counts a record as lost that it has counted as emitted before."""

UNDELIVERED = frozenset({EXPORT_FAILED, EXPORT_QUEUE_FULL, EXPORT_REFUSED})
"""The same for records on the way to a Collector: local files may well have them."""


class Blind(NamedTuple):
    """Something that could not be observed, in one process or more."""

    subject: str
    reason: str
    processes: int


class Worth(NamedTuple):
    """What a recording is worth. `void` says why nothing may be concluded from it; else it is None."""

    processes: int
    services: tuple[str, ...]
    modules: int
    records: int
    first: int
    last: int
    losses: tuple[Loss, ...]
    undelivered: tuple[Loss, ...]  # did not reach a Collector, and are here all the same
    blind: tuple[Blind, ...]
    late: tuple[Late, ...]
    unclosed: tuple[str, ...]  # processes that did not say goodbye; what they told until then counts
    skipped: tuple[Skipped, ...]
    void: str | None
    attribution: Attribution

    @property
    def dropped(self) -> int:
        """How many records are known to be lost."""
        return sum(loss.count for loss in self.losses)

    @property
    def is_complete(self) -> bool:
        """Is everything here that happened while the processes were recorded?"""
        return self.void is None and not self.losses and not self.late and not self.unclosed


def weigh(recording: Recording, concepts: Sequence[Members]) -> Worth:
    """Say what the recording is worth for judging these concepts."""
    first, last = recording.span
    lost = tuple(told_losses(recording))
    inventory = recording.inventory
    newest = of_newest_state(recording)
    stopped = {process for process, record in recording.of(ProcessRecord) if record.state == "stopped"}
    return Worth(
        processes=len(recording.processes),
        services=tuple(sorted({process.service for process in recording.processes if process.service})),
        modules=len({record.module for _, record in recording.of(ModuleRecord)}),
        records=recording.size,
        first=first,
        last=last,
        losses=tuple(
            sorted(
                [
                    *recording.losses,
                    *(inventory.losses if inventory is not None else ()),
                    *(loss for loss, is_here in lost if not is_here),
                ]
            )
        ),
        undelivered=tuple(sorted(loss for loss, is_here in lost if is_here)),
        blind=_blind(recording),
        late=late_modules(recording, concepts),
        unclosed=tuple(sorted(recording.label(process) for process in newest if process not in stopped)),
        skipped=recording.skipped,
        void=_void(recording, concepts),
        attribution=attribution(recording, concepts),
    )


def told_losses(recording: Recording) -> Iterator[tuple[Loss, bool]]:
    """Yield what the processes say they lost, and whether this recording has it all the same."""
    newest = of_newest_state(recording)
    for process in recording.processes:
        if process.identity not in newest:
            yield Loss(NO_PROCESS_RECORD, 1, process.label, (process.identity,)), False
    for process_id, record in newest.items():
        label, whose = recording.label(process_id), (process_id,)
        # The newest state may have been written before records that arrived: then some losses stay unseen.
        missing = record.emitted - (recording.received[process_id] - 1)
        dropped = sorted((reason in UNDELIVERED, reason, count) for reason, count in _dropped(record))
        for is_undelivered, reason, count in dropped:
            yield Loss(reason, count, label, whose), is_undelivered and missing <= 0
            missing -= count if is_undelivered or reason in UNWRITTEN else 0
        if missing > 0:
            yield Loss(MISSING, missing, label, whose), False


def _dropped(record: ProcessRecord) -> Iterator[tuple[str, int]]:
    for entry in record.dropped:
        reason, _, count = entry.partition("=")
        if not count.isdecimal() or int(count) > 0:
            yield reason, int(count) if count.isdecimal() else 1


def _blind(recording: Recording) -> tuple[Blind, ...]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for process, record in recording.of(BlindRecord):
        found[record.subject, record.reason].add(process)
    return tuple(Blind(*what, len(processes)) for what, processes in sorted(found.items()))


def _void(recording: Recording, concepts: Sequence[Members]) -> str | None:
    if not recording.of(ProcessRecord):
        if recording.inventory is not None:
            return "the source was scanned, and nothing that ran was recorded"
        return "no process told that the probe was active in it"
    if not recording.of(ModuleRecord) and not recording.of(ImportRecord):
        return "no first-party module was seen at all: is `packages` right?"
    if not any(members.all for members in concepts):
        if any(members.concept.declared for members in concepts):
            return "no class that was seen plays any of the declared concepts: are their `classes` right?"
        if any(record.count for _, record in recording.of(PoolRecord)):
            return None
        return "no class that was seen plays a concept: declare [[concept]] with the classes to judge"
    return None


def by_reason(losses: Sequence[Loss]) -> tuple[tuple[str, int], ...]:
    """Add up losses of one reason, the most frequent first."""
    counts: Counter[str] = Counter()
    for loss in losses:
        counts[loss.reason] += loss.count
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
