"""Finds the ContextVars at the top of modules: one of them may hold the current user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ssot_probe.inventory.facts import Binding, Facts, Symbol
from ssot_probe.inventory.places import Places
from ssot_probe.inventory.source import read_source
from ssot_probe.inventory.tree import Tree
from ssot_probe.model.names import qualify
from ssot_probe.model.records import ImportRecord, Record

LIBRARY = "contextvars"
CLASS = f"{LIBRARY}.ContextVar"


def context_variables(tree: Tree, places: Places, records: Iterable[Record]) -> tuple[str, ...]:
    """Return the qualified names of the ContextVars that a tree makes at the top of its modules.

    Args:
        tree: the files.
        places: shortens their names.
        records: the inventory of the tree, which says in which modules to look.
    """
    importing = {
        record.site.file: record.site.module
        for record in records
        if isinstance(record, ImportRecord) and record.module == LIBRARY
    }
    found = []
    for file in tree.files:
        module = importing.get(places.relative(file.path))
        if module is not None:
            found += [qualify(module, name) for name in _made_in(_facts(file.path))]
    return tuple(sorted(set(found)))


def _facts(path: str) -> Facts:
    try:
        with open(path, "rb") as file:
            return read_source(file.read())
    except OSError:  # it was there when the inventory was taken
        return Facts()


def _made_in(facts: Facts) -> Iterator[str]:
    for binding in facts.bindings:
        is_made = binding.form in ("call", "typed") and binding.symbol is not None
        if is_made and _path(binding.symbol, facts.bindings) == CLASS:  # type: ignore[arg-type]
            yield binding.name


def _path(symbol: Symbol, bindings: Sequence[Binding]) -> str:
    """Return what an imported name stands for, as `module.name`; "" for names of the file's own."""
    if symbol.kind == "import":
        return ".".join(part for part in (symbol.base, symbol.path) if part)
    for binding in bindings:
        if binding.name == symbol.base and binding.symbol is not None and binding.symbol.kind == "import":
            return ".".join(part for part in (_path(binding.symbol, ()), symbol.path) if part)
    return ""
