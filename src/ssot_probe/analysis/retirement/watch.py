"""How each path was watched: in which processes, as what it was there, and what of it could not be heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from ssot_probe.analysis.recording import BLIND_TO_IMPORTS, Recording
from ssot_probe.analysis.retirement.by_module import ByModule
from ssot_probe.analysis.retirement.subjects import Subject, is_path
from ssot_probe.model.names import qualify, split
from ssot_probe.model.path_records import WatchedPathRecord
from ssot_probe.model.records import BlindRecord, ModuleRecord

BY_C = " by code in C"
"""How the subjects of blind spots end that are about imports of one module."""

ABSENT, ALIAS, VALUE = "absent", "alias", "value"

LOADED_MODULES = f"{BLIND_TO_IMPORTS}loaded modules"
ELSEWHERE = ("shared references", "signal for looks", "import cycles", "pool ")
"""How the subjects of blind spots begin that have nothing to do with who uses a path."""


class Watch:
    """The newest word of each process about each path, and what came in the way of seeing it."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._newest: dict[str, dict[str, WatchedPathRecord]] = defaultdict(dict)
        for process, record in recording.of(WatchedPathRecord):
            known = self._newest[record.path].get(process)
            if known is None or (known.time, known) < (record.time, record):
                self._newest[record.path][process] = record

    def around(self, path: str) -> str:
        """Return the watched path that a path is or lies in, the narrowest one; "" for none."""
        module, name = split(path)
        parts = name.split(".") if name else []
        for end in range(len(parts), 0, -1):
            if qualify(module, ".".join(parts[:end])) in self._newest:
                return qualify(module, ".".join(parts[:end]))
        while module and module not in self._newest:
            module = module.rpartition(".")[0]
        return module

    def of(self, path: str) -> Mapping[str, WatchedPathRecord]:
        """Return what each process that watched the path said of it last."""
        return self._newest.get(path, {})

    def obstacles(
        self, subject: Subject, watched_as: str, processes: frozenset[str]
    ) -> Iterator[tuple[str, str]]:
        """Yield why uses of the path may have gone unseen, each with the process."""
        for process, record in self._preloaded.of(subject.module, below=not subject.name):
            if process in processes:
                yield f"{record.module} was loaded before the probe saw it", process
        is_read = any(self.of(watched_as)[process].kind in (ALIAS, VALUE) for process in processes)
        for blind, told in self._blind.items():
            if _is_about(blind, subject, is_read):
                for process, reason in told:
                    if process in processes:
                        yield f"{blind}: {reason}", process

    @cached_property
    def _preloaded(self) -> ByModule[tuple[str, ModuleRecord]]:
        return ByModule(
            (pair[1].module, pair) for pair in self._recording.of(ModuleRecord) if pair[1].preloaded
        )

    @cached_property
    def _blind(self) -> Mapping[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for process, record in self._recording.of(BlindRecord):
            found[record.subject].append((process, record.reason))
        return found


def unheard_of(unheard: str, function: str) -> str:
    """Return what of a module cannot be listened to, without the names that are not the function's."""
    about = [(part, part.partition(":")[0]) for part in unheard.split("; ")]
    return "; ".join(
        part
        for part, name in about
        if name in (part, function) or "<" in name or name.startswith(f"{function}.")
    )


def _is_about(blind: str, subject: Subject, is_read: bool) -> bool:
    """Is the blind spot the path, or something in it? What is no name may be about everything.

    Where imports of loaded modules are not told, that is about what is read and never called: the rest is
    heard when it is used.
    """
    if blind.startswith(ELSEWHERE):
        return False
    if blind.startswith(LOADED_MODULES):
        return is_read
    name = blind.removeprefix(BLIND_TO_IMPORTS).removesuffix(BY_C)
    if not is_path(name):
        return True
    module, qualname = split(name)
    if subject.has(name) or (module == subject.module and not qualname):
        return True
    return module == subject.module and subject.name.startswith(f"{qualname}.")
