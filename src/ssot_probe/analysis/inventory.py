"""What the source code declares, as a recording of its own: nothing in it was ever executed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ssot_probe.analysis.recording import LASTING, Loss, Process, Recording
from ssot_probe.model.records import ProcessRecord, Record

INCOMPLETE = "incomplete_inventory"


def inventory_of(pairs: Sequence[tuple[str, Record]], scans: Iterable[Process]) -> Recording | None:
    """Return the inventory that some records of scans make up, None where nothing was scanned.

    A tree that was scanned several times counts as it was at the last time.
    """
    if not pairs:
        return None
    newest: dict[str, ProcessRecord] = {}
    for scan, record in pairs:
        if isinstance(record, ProcessRecord) and (scan not in newest or record.time > newest[scan].time):
            newest[scan] = record
    kept = [(scan, record) for scan, record in pairs if scan in newest and _time(record) == newest[scan].time]
    named = {scan.identity: scan for scan in scans}
    arrived = Counter(scan for scan, _ in kept)
    missing = {scan: record.emitted + 1 - arrived[scan] for scan, record in newest.items()}
    missing.update({scan: 1 for scan in named if scan not in newest})
    losses = [Loss(INCOMPLETE, count, named[scan].label) for scan, count in missing.items() if count > 0]
    return Recording(kept, [named[scan] for scan in newest], losses, received=arrived)


def _time(record: Record) -> int:
    return record.first if isinstance(record, LASTING) else record.time
