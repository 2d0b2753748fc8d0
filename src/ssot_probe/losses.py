"""Counts what was lost, by reason. Silence is never evidence, so every loss ends up in the recording."""

from __future__ import annotations

QUEUE_FULL = "queue_full"
SITES_FULL = "import_sites_full"
OBJECTS_FULL = "shared_objects_full"
DISK = "disk"
DISK_LIMIT = "disk_limit"
EXPORT_FAILED = "export_failed"
EXPORT_QUEUE_FULL = "export_queue_full"
THREAD = "no_thread"
UNNOTICED_FORK = "unnoticed_fork"
INTERNAL = "internal_error"


class Losses:
    """Counters by reason."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, reason: str, count: int = 1) -> None:
        """Count records lost for a reason."""
        self._counts[reason] = self._counts.get(reason, 0) + count

    def by_reason(self) -> dict[str, int]:
        """Return the counts, reasons in order."""
        return dict(sorted(self._counts.items()))

    def clear(self) -> None:
        """Start again at zero: a forked child has lost nothing yet."""
        self._counts.clear()
