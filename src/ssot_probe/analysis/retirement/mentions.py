"""Where source and settings name a path without importing it."""

from __future__ import annotations

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.by_module import ByModule
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.analysis.undeclared import COMPUTED
from ssot_probe.model.names import split
from ssot_probe.model.records import ReferenceRecord

NO_MENTION = (COMPUTED, "deprecated")


class Mentions:
    """The names in strings, settings and entry points that a scan found."""

    def __init__(self, recording: Recording) -> None:
        inventory = recording.inventory
        told = [record for _, record in inventory.of(ReferenceRecord)] if inventory is not None else []
        self.computed = sum(record.kind == COMPUTED for record in told)
        """How many imports compute what they import."""
        self._by_module: ByModule[ReferenceRecord] = ByModule(
            (split(record.target)[0], record) for record in told if record.kind not in NO_MENTION
        )

    def of(self, subject: Subject) -> tuple[str, ...]:
        """Return where code that stays names the path, as "file:line"."""
        return tuple(
            sorted(
                {
                    f"{record.site.file}:{record.site.line}"
                    for record in self._by_module.within(subject.module)
                    if subject.has(record.target) and not subject.is_within_dead_set(record.site)
                }
            )
        )
