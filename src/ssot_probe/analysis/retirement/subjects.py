"""What a path means: the names that belong to it, and the code that is deleted together with it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import is_within, qualify, split
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import ModuleRecord, Site

_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(:[^\W\d]\w*(\.[^\W\d]\w*)*)?")


def is_path(text: str) -> bool:
    """Could this be `module` or `module:Name`, each with dots?"""
    return _PATH.fullmatch(text) is not None


class Subject(NamedTuple):
    """A path that is judged, with what would be deleted together with it."""

    path: str
    module: str
    name: str  # "" where the path is a module, with all below it
    dead_set: tuple[str, ...]  # the path, and the other legacy entries of its concepts
    concept: str  # the first concept that declares it legacy; "" where none does
    entries: frozenset[str]  # the dead set once more, to look in: it may be of hundreds

    def has(self, name: str) -> bool:
        """Is this qualified name, or module, the path itself or something in it?"""
        module, qualname = split(name)
        if not self.name:
            return is_within(module, self.module)
        return module == self.module and (qualname == self.name or qualname.startswith(f"{self.name}."))

    def is_within_dead_set(self, site: Site) -> bool:
        """Does the place belong to what is deleted together with the path?"""
        module = site.module
        while module:
            if module in self.entries:
                return True
            module = module.rpartition(".")[0]
        name = site.function
        while name:
            if qualify(site.module, name) in self.entries:
                return True
            name = name.rpartition(".")[0]
        return False


def subject_of(
    path: str, policy: Policy, together: Iterable[str] = (), staying: Collection[str] = ()
) -> Subject:
    """Return what a path means by a policy, and which other paths are deleted together with it.

    Args:
        path: the path.
        policy: the other legacy paths of its concepts go with it.
        together: further ones that do.
        staying: those of all these that stay, as they are in use or may be.
    """
    concepts = [concept for concept in policy.concepts if path in concept.legacy]
    legacy = (entry for concept in concepts for entry in concept.legacy)
    others = (entry for entry in (*legacy, *together) if entry not in staying)
    entries = dict.fromkeys([path, *others])
    module, name = split(path)
    return Subject(
        path, module, name, tuple(entries), concepts[0].name if concepts else "", frozenset(entries)
    )


class Twins:
    """Modules of one file under several names: what is used under one is used under all of them."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def __call__(self, module: str) -> frozenset[str]:
        """Return the names of the module's file, itself included."""
        return self._names.get(module, frozenset({module}))

    @cached_property
    def _names(self) -> Mapping[str, frozenset[str]]:
        modules: dict[str, set[str]] = defaultdict(set)
        files: dict[str, set[str]] = defaultdict(set)
        for _, record in self._recording.of(ModuleRecord):
            if record.file:
                modules[record.file].add(record.module)
                files[record.module].add(record.file)
        return {
            module: frozenset(name for file in found for name in modules[file]) | {module}
            for module, found in files.items()
            if any(len(modules[file]) > 1 for file in found)
        }
