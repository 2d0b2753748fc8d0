"""The imports of a path that its source declares, and whether they ran."""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.analysis.join import EXECUTED, NEVER, Join
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.analysis.retirement.uses import Imports


class StaticImporter(NamedTuple):
    """A place in code that stays, whose import reaches the path."""

    file: str
    line: int
    module: str
    what: str
    state: str  # one of `join.STATES`
    is_unconditional: bool  # whoever loads its file runs it

    @property
    def executed(self) -> bool:
        """Did it run?"""
        return self.state == EXECUTED

    @property
    def is_pending(self) -> bool:
        """Could it still run, and has not, as far as is known?"""
        return self.state not in (EXECUTED, NEVER)


class StaticImports:
    """The declared imports of an inventory."""

    def __init__(self, recording: Recording, joined: Join | None) -> None:
        self._joined = joined
        inventory = recording.inventory
        self._imports = Imports(inventory) if inventory is not None else None

    def of(self, subject: Subject) -> tuple[StaticImporter, ...]:
        """Return the importers of a path, each place once, without those that are deleted with it."""
        if self._imports is None or self._joined is None:
            return ()
        found: dict[tuple[str, int], StaticImporter] = {}
        for _, record, names in self._imports.reaching(subject):
            if subject.is_within_dead_set(record.site):
                continue
            state = self._joined.of[record].state
            importer = StaticImporter(
                record.site.file,
                record.site.line,
                record.site.module,
                f"imports {', '.join(names)} from {record.module}" if names else f"imports {record.module}",
                state,
                record.at_load and not record.guard,
            )
            place = record.site.file, record.site.line
            found[place] = max(found.get(place, importer), importer)
        return tuple(importer for _, importer in sorted(found.items()))
