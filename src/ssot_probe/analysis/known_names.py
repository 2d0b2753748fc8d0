"""Every name that a recording knows, to compare the names of a policy with."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import is_within, last_part, split
from ssot_probe.model.records import ModuleRecord

ALMOST = 0.85
"""From which likeness on a name is one that was misspelt."""


class KnownNames(NamedTuple):
    """The names of a recording, by what they name."""

    modules: frozenset[str]  # loaded, with their packages
    first_party: frozenset[str]  # top-level packages that were watched
    classes: frozenset[str]
    factories: frozenset[str]  # functions that were seen bound or called, by every path


def known_names(recording: Recording, packages: Iterable[str]) -> KnownNames:
    """Collect the names of a recording; `packages` are those that the policy declares first-party."""
    factories = {
        name for path, target in recording.namespaces.function_paths() for name in (str(path), target)
    }
    for _, _, record in recording.makes:
        factories.update((record.maker, record.origin, *record.chain))
    paths = {str(path) for path, _ in recording.namespaces.class_paths()}
    watched = {record.module for _, record in recording.of(ModuleRecord)}
    return KnownNames(
        modules=recording.loaded | _scripts(recording),
        first_party=frozenset(name.partition(".")[0] for name in (*watched, *packages)),
        classes=frozenset(paths | {cls.name for cls in recording.classes}),
        factories=frozenset(factories - {""}),
    )


def _scripts(recording: Recording) -> frozenset[str]:
    """Return the names by which others would import what ran as `__main__`."""
    files = {record.file for _, record in recording.of(ModuleRecord) if record.module == "__main__"}
    paths = [file.removesuffix(".py").split("/") for file in files if file.endswith(".py")]
    return frozenset(".".join(path[start:]) for path in paths for start in range(len(path)))


def has_module(known: KnownNames, name: str) -> bool:
    """Was the module loaded, or something in the package?"""
    return any(is_within(module, name) for module in known.modules)


def has_class(known: KnownNames, name: str) -> bool:
    """Was the class seen? What lies in packages that were not watched gets the benefit of the doubt."""
    return name in known.classes or not _is_watched(known, name)


def has_type(known: KnownNames, name: str) -> bool:
    """May the type be there? Classes of no concept are not told of: their module must have been loaded.

    One that is almost called like a class of that module is taken for that class, misspelt.
    """
    if has_class(known, name):
        return True
    module, _ = split(name)
    beside = [last_part(cls) for cls in known.classes if split(cls)[0] == module]
    return has_module(known, module) and not get_close_matches(last_part(name), beside, n=1, cutoff=ALMOST)


def has_factory(known: KnownNames, name: str) -> bool:
    """Was the factory seen, or at least the class that it is a method of?"""
    owner = name.rpartition(".")[0] if "." in split(name)[1] else name
    return name in known.factories or owner in known.classes


def has_home(known: KnownNames, name: str) -> bool:
    """Was the module of a thing loaded? Modules that were not watched get the benefit of the doubt."""
    return has_module(known, split(name)[0]) or not _is_watched(known, name)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the name that was most probably meant, "" where none is near."""
    return "".join(get_close_matches(name, sorted(names), n=1))


def _is_watched(known: KnownNames, name: str) -> bool:
    top = name.partition(":")[0].partition(".")[0]
    return top in known.first_party or bool(get_close_matches(top, known.first_party, n=1, cutoff=0.75))
