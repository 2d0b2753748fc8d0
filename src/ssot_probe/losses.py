"""Counts what was lost, by reason. Silence is never evidence, so every loss ends up in the recording."""

from __future__ import annotations

from _thread import get_ident

QUEUE_FULL = "queue_full"
SITES_FULL = "import_sites_full"
OBJECTS_FULL = "shared_objects_full"
DISK = "disk"
DISK_LIMIT = "disk_limit"
EXPORT_FAILED = "export_failed"
EXPORT_QUEUE_FULL = "export_queue_full"
EXPORT_REFUSED = "export_refused"
THREAD = "no_thread"
UNNOTICED_FORK = "unnoticed_fork"
INTERNAL = "internal_error"


class Losses:
    """Counters by reason. Each thread has its own: two that added at once would lose what is lost."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], int] = {}

    def add(self, reason: str, count: int = 1) -> None:
        """Count records lost for a reason."""
        key = (reason, get_ident())
        self._counts[key] = self._counts.get(key, 0) + count

    def by_reason(self) -> dict[str, int]:
        """Return the counts, reasons in order."""
        found: dict[str, int] = {}
        for (reason, _), count in sorted(self._counts.copy().items()):
            found[reason] = found.get(reason, 0) + count
        return found

    def clear(self) -> None:
        """Start again at zero: a forked child has lost nothing yet."""
        self._counts.clear()
