"""Ways to use a path that leave no trace: what was fetched that way cannot be told unused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.analysis.retirement.use import Use
from ssot_probe.analysis.retirement.uses import UseIndex
from ssot_probe.analysis.retirement.watch import ALIAS, VALUE
from ssot_probe.model.names import qualify
from ssot_probe.model.path_records import APPLICATION, LOADED, DefinitionRecord, WatchedPathRecord
from ssot_probe.model.records import ModuleRecord

SILENT_TRAITS = ("exception", "enum", "typed-dict", "protocol")
"""Classes that are used without being constructed: caught, compared with, checked against."""


class Observable:
    """What is known of the names in watched modules: which of them tell when they are used."""

    def __init__(self, recording: Recording, index: UseIndex) -> None:
        self._recording = recording
        self._index = index

    def unseen(
        self, subject: Subject, uses: Iterable[Use], watched: Iterable[WatchedPathRecord]
    ) -> Iterator[str]:
        """Yield the ways in which a path that was loaded may be used unseen, in words."""
        told = list(watched)
        yield from self._other_names(subject, told)
        loads = [use for use in uses if use.rung == LOADED and use.origin == APPLICATION]
        if not loads:
            return
        for reason in sorted({record.unheard for record in told if record.unheard}):
            yield f"calls of some of it cannot be heard: {reason}"
        kinds = {record.kind for record in told}
        if VALUE in kinds:
            yield "it is a value, and reading one leaves no trace"
        if ALIAS in kinds:
            yield from self._read_through_module(subject)
        if subject.name and self._traits(subject.path):
            yield f"it is {self._traits(subject.path)}, which is used without being constructed"
        if not subject.name:
            yield from self._fetched(subject, loads)

    def as_a_whole(self, subject: Subject, uses: Iterable[Use]) -> tuple[str, ...]:
        """Return where code that stays imported the module itself, from which it may read any value."""
        return tuple(
            sorted(
                {
                    f"{use.site.file}:{use.site.line}"
                    for use in uses
                    if use.rung == LOADED and not subject.name and use.site.file
                    if not use.names or not subject.has(use.subject)
                    if not subject.is_within_dead_set(use.site)
                }
            )
        )

    def traceless(self, subject: Subject, uses: Iterable[Use], watched: Iterable[WatchedPathRecord]) -> str:
        """Return what code that stays may do unseen with what it fetched; "" where none fetched anything."""
        is_fetched = any(
            use.rung == LOADED
            and use.origin == APPLICATION
            and not use.is_own
            and not subject.is_within_dead_set(use.site)
            for use in uses
        )
        if not is_fetched:
            return ""
        if subject.name and {record.kind for record in watched} == {"function"}:
            return "calls after the recording has ended leave no trace"
        return "isinstance, attributes of a class, and calls after the recording has ended leave no trace"

    def _other_names(self, subject: Subject, watched: Iterable[WatchedPathRecord]) -> Iterator[str]:
        """Yield what the path stands for where nothing was ever loaded by its own name."""
        targets = {record.target for record in watched if record.kind == ALIAS}
        if not subject.name or subject.module not in self._modules:
            for target in sorted(targets):
                another = f"another name of {target}" if target else "another name of something else"
                yield f"it is only {another}, and what reaches that by this name may leave no trace"

    def _read_through_module(self, subject: Subject) -> Iterator[str]:
        places = {
            f"{record.site.file}:{record.site.line}"
            for _, record in self._index.imports.of_module(subject.module)
            if not subject.is_within_dead_set(record.site)
        }
        for place in sorted(places):
            yield f"{place} imports {subject.module} as a whole, and may read {subject.name} from it unseen"

    def _fetched(self, subject: Subject, loads: Iterable[Use]) -> Iterator[str]:
        told: set[str] = set()
        for use in loads:
            if use.is_own or subject.is_within_dead_set(use.site):
                continue
            for name in use.names:
                if not subject.has(use.subject) or f"{use.subject}.{name}" in self._modules or name in told:
                    continue
                why = self._why_silent(Path(use.subject, name))
                if why:
                    told.add(name)
                    yield f"{use.site.file}:{use.site.line} fetches {name} from {use.subject}, {why}"

    def _why_silent(self, path: Path) -> str:
        if path.name == "*":
            return "and which names that gave it is not known"
        target = self._recording.namespaces.target(path) or str(path)
        if self._traits(target):
            return f"{self._traits(target)}, which is used without being constructed"
        if target == str(path) and target not in self._defined:
            return f"and nothing says that {path.name} is code: reading a value leaves no trace"
        return ""

    def _traits(self, name: str) -> str:
        for recording in (self._recording, self._recording.inventory):
            for cls in recording.by_name.get(name, ()) if recording is not None else ():
                for trait in SILENT_TRAITS:
                    if trait in cls.traits:
                        return f"an {trait}" if trait[0] in "e" else f"a {trait}"
        return ""

    @cached_property
    def _defined(self) -> frozenset[str]:
        """The classes and functions that source or processes tell of."""
        inventory = self._recording.inventory
        scanned = inventory.of(DefinitionRecord) if inventory is not None else ()
        names = {
            qualify(record.definition.module, record.definition.function)
            for _, record in (*self._recording.of(DefinitionRecord), *scanned)
            if record.kind in ("class", "function")
        }
        for recording in (self._recording, inventory):
            if recording is not None:
                names.update(cls.name for cls in recording.classes)
                names.update(target for _, target in recording.namespaces.function_paths())
        names.update(make.record.maker for make in self._recording.makes)
        return frozenset(names)

    @cached_property
    def _modules(self) -> frozenset[str]:
        return frozenset(record.module for _, record in self._recording.of(ModuleRecord))
