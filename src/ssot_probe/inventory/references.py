"""Where the tree names its own modules, classes and functions without importing them, as records."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ssot_probe.inventory.facts import Facts
from ssot_probe.inventory.resolution import MODULE, Module, Names, Thing
from ssot_probe.inventory.tree import PICKLE
from ssot_probe.model.records import NOWHERE, ReferenceRecord, Site

_ENTRY_POINTS = frozenset({"pyproject.toml", "setup.cfg", "entry_points.txt", "setup.py"})


def references_in_source(module: Module, names: Names, time: int) -> Iterator[ReferenceRecord]:
    """Yield the literals of a module that name something in the tree, and its word that it is deprecated."""
    kind = "entry-point" if os.path.basename(module.file) in _ENTRY_POINTS else "string"
    for line, text in module.facts.texts:
        is_own = text == module.name.partition(".")[0]  # far more often a word than a name
        target = "" if is_own else _target(text, names, with_words=True)
        if target:
            yield ReferenceRecord(target, kind if ":" in text else "string", _site(module.file, line), time)
    for line in module.facts.deprecated:
        site = Site(module.file, line, "<module>", module.name)
        yield ReferenceRecord(module.name, "deprecated", site, time)


def references_in_file(
    file: str, kind: str, facts: Facts, names: Names, time: int
) -> Iterator[ReferenceRecord]:
    """Yield what a configuration file or a pickle names in the tree."""
    is_entry_point = os.path.basename(file) in _ENTRY_POINTS
    for line, text in facts.texts:
        target = _target(text, names, with_words=kind == PICKLE)
        if target:
            word = "pickle" if kind == PICKLE else "configuration"
            if is_entry_point and ":" in text:
                word = "entry-point"
            yield ReferenceRecord(target, word, _site(file, line), time)


def _site(file: str, line: int) -> Site:
    return NOWHERE._replace(file=file, line=line)


def _target(text: str, names: Names, with_words: bool) -> str:
    """Return what a text names, as `module` or `module:Name`; "" where that is nothing in the tree.

    A single word names at most a package, and only in code: everywhere else it is far more often a word.
    """
    module, colon, inner = text.partition(":")
    if not colon and "." not in text:
        found = names.modules.get(text)
        return text if with_words and found is not None and found.package == found.local_name else ""
    if colon:
        return _attribute(module, inner.partition(".")[0], names) if module in names.modules else ""
    end = len(text)
    while end > 0:
        known = text[:end]
        if names.has(known):
            rest = text[end + 1 :].partition(".")[0]
            if not rest:
                return known if known in names.modules else ""
            return _attribute(known, rest, names)
        end = text.rfind(".", 0, end)
    return ""


def _attribute(module: str, name: str, names: Names) -> str:
    found = names.modules.get(module)
    if found is None:
        return ""
    is_there = (
        name in found.bindings
        or found.facts.is_dynamic
        or any(True for _ in names.attribute(Thing(MODULE, module), name))
    )
    return f"{module}:{name}" if is_there else ""
