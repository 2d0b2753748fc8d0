"""Names that lead to what another module defines: a facade passes on what it fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.by_module import ByModule
from ssot_probe.analysis.retirement.subjects import Subject, Twins
from ssot_probe.model.names import split
from ssot_probe.model.path_records import DefinitionRecord
from ssot_probe.model.records import BindingRecord, ImportRecord, Site

ALIAS = "alias"


class Aliases:
    """What names are bound to, as processes saw it, else as source says it."""

    def __init__(self, recording: Recording, twins: Twins) -> None:
        self._recording = recording
        self._inventory = recording.inventory
        self._twins = twins

    def passed_on(self, process: str, path: Path, time: int) -> str:
        """Return which class or function of another module the name was bound to, "" where it was to none.

        Args:
            process: whose module it is.
            path: the name.
            time: when it was fetched.
        """
        bound = self._recording.namespaces.at(process, path, time)
        target = bound.target if bound is not None else self._declared(path)
        return "" if split(target)[0] in self._twins(path.module) else target

    def is_alias(self, path: str) -> bool:
        """Does source say that the path only passes on what another module defines?"""
        return path in self._aliases

    def of(self, subject: Subject) -> tuple[str, ...]:
        """Return the other names by which code that stays fetches something of the path."""
        return tuple(
            sorted(
                {
                    str(path)
                    for path, target in self._leading.within(subject.module)
                    if subject.has(target) and not subject.has(str(path))
                    if any(not subject.is_within_dead_set(site) for site in self._fetched.get(path, ()))
                }
            )
        )

    def _declared(self, path: Path) -> str:
        return self._inventory.namespaces.target(path) if self._inventory is not None else ""

    @cached_property
    def _aliases(self) -> frozenset[str]:
        inventory = self._inventory
        told = inventory.of(DefinitionRecord) if inventory is not None else ()
        return frozenset(record.path for _, record in told if record.kind == ALIAS)

    @cached_property
    def _leading(self) -> ByModule[tuple[Path, str]]:
        """Names and what they lead to, by the module of that."""
        return ByModule((split(target)[0], (path, target)) for path, target in set(self._bindings()))

    def _bindings(self) -> Iterator[tuple[Path, str]]:
        for recording in (self._recording, self._inventory):
            if recording is not None:
                for _, record in recording.of(BindingRecord):
                    if record.module != split(record.target)[0]:
                        yield Path(record.module, record.attribute), record.target
        for fetch in self._recording.fetches:
            if fetch.target and fetch.path.module != split(fetch.target)[0]:
                yield fetch.path, fetch.target

    @cached_property
    def _fetched(self) -> Mapping[Path, set[Site]]:
        """Where each name is fetched, by imports that ran or that source declares."""
        found: dict[Path, set[Site]] = {}
        for path, site in (*_fetches(self._recording), *_declared_fetches(self._inventory)):
            found.setdefault(path, set()).add(site)
        return found


def _fetches(recording: Recording) -> Iterable[tuple[Path, Site]]:
    return ((fetch.path, fetch.record.site) for fetch in recording.fetches)


def _declared_fetches(inventory: Recording | None) -> Iterator[tuple[Path, Site]]:
    declared = inventory.of(ImportRecord) if inventory is not None else ()
    for _, record in declared:
        for name in record.names:
            yield Path(record.module, name), record.site
