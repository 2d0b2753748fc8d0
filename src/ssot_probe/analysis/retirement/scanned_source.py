"""What a scan of the source says of paths: who imports and names them, and whether it knows what was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from ssot_probe.analysis.join import Join
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.by_module import ByModule
from ssot_probe.analysis.retirement.chains import Chain, Chains
from ssot_probe.analysis.retirement.code_join import Joined, UsedCode, join_recording, scanned_paths
from ssot_probe.analysis.retirement.residue import Mention, Residue, Residues
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.model.names import qualify, split
from ssot_probe.model.path_records import DefinitionRecord


class ScannedSource:
    """The inventory that came with a recording, if one did."""

    def __init__(self, recording: Recording, joined: Join | None) -> None:
        self._recording = recording
        self._joined = joined
        self._inventory = recording.inventory

    @property
    def is_scanned(self) -> bool:
        """Was the source scanned?"""
        return self._inventory is not None and self._joined is not None

    @property
    def unreadable(self) -> int:
        """How many files the scan could not read."""
        return len(self._joined.unreadable) if self._joined is not None else 0

    def residue(self, subject: Subject) -> Residue | None:
        """Return what names a path outside of what is deleted with it, None where nothing was scanned."""
        return self._residues.of(subject.path, subject.dead_set) if self._residues is not None else None

    def silent_uses(self, subject: Subject) -> list[Mention]:
        """Return where code that stays uses classes of a path without running any of their code."""
        return (
            self._residues.silent_uses(subject.path, subject.dead_set) if self._residues is not None else []
        )

    def run_sources(self, subject: Subject) -> list[str]:
        """Return where code that stays runs source text that may be anything, each as "file:line"."""
        return (
            self._residues.run_sources(subject.path, subject.dead_set) if self._residues is not None else []
        )

    def chain(self, path: str) -> Chain | None:
        """Return the shortest chain of declared imports from what runs down to a path."""
        return self._chains.to(path) if self._chains is not None else None

    def is_unscanned(self, path: str, watched_as: str) -> bool:
        """Was the scan not told of the path, nor of the watched path that it lies in?"""
        return self._inventory is not None and (watched_as or path) not in self._scanned

    def kind_of(self, name: str) -> str:
        """Return what source defines under a name: "module", "class" or "function", "" for anything else."""
        return self._kinds.get(name, "")

    @cached_property
    def used(self) -> int:
        """How many pieces of code of watched paths were used."""
        return len({code[1:] for joined in self._joins.values() for state in joined[1:] for code in state})

    @cached_property
    def unmatched(self) -> tuple[UsedCode, ...]:
        """What was used and has no counterpart in the source, each once."""
        found = {code[1:]: code for joined in self._joins.values() for code in joined.unmatched}
        return tuple(sorted(found.values()))

    def unmatched_in(self, subject: Subject) -> Sequence[UsedCode]:
        """Return what has no counterpart and lies in the module of a path, or below it."""
        return list(self._unmatched_by_module.within(subject.module))

    @cached_property
    def _joins(self) -> Mapping[str, Joined]:
        return join_recording(self._recording)

    @cached_property
    def _scanned(self) -> frozenset[str]:
        return scanned_paths(self._inventory) if self._inventory is not None else frozenset()

    @cached_property
    def _unmatched_by_module(self) -> ByModule[UsedCode]:
        return ByModule((split(code.subject)[0], code) for code in self.unmatched)

    @cached_property
    def _residues(self) -> Residues | None:
        if self._inventory is None or self._joined is None:
            return None
        return Residues(self._joined, self._inventory)

    @cached_property
    def _chains(self) -> Chains | None:
        if self._inventory is None or self._joined is None or self._residues is None:
            return None
        return Chains(self._joined, self._inventory, self._residues)

    @cached_property
    def _kinds(self) -> dict[str, str]:
        told = self._inventory.of(DefinitionRecord) if self._inventory is not None else ()
        return {
            (
                record.definition.module
                if record.kind == "module"
                else qualify(record.definition.module, record.definition.function)
            ): record.kind
            for _, record in told
            if record.kind in ("module", "class", "function")
        }
