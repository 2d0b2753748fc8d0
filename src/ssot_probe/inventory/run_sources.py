"""Where a module reads source text and runs it itself: past the import system, which tells of nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ssot_probe.inventory.definitions import is_builtin
from ssot_probe.inventory.resolution import Module
from ssot_probe.inventory.scopes import expanded, is_imported, symbol_of
from ssot_probe.inventory.walk import Seen, Walk
from ssot_probe.model.records import RUN_SOURCE, ReferenceRecord, Site

_READING = ("open", "read", "read_bytes", "read_text", "get_data", "get_source", "getsource")


def run_sources(walk: Walk) -> Iterator[tuple[int, str]]:
    """Yield line and function of each `exec` of something computed, where the same file reads any."""
    if any(_name(seen.node.func) in _READING for seen in walk.calls):
        for seen in walk.calls:
            if _runs(seen, walk):
                yield seen.node.lineno, seen.place.scope.code


def run_source_records(module: Module, time: int) -> Iterator[ReferenceRecord]:
    """Yield where a module does so."""
    for line, function in module.facts.runs:
        yield ReferenceRecord("", RUN_SOURCE, Site(module.file, line, function, module.name), time)


def _runs(seen: Seen, walk: Walk) -> bool:
    symbol = symbol_of(seen.node.func, seen.place.scope)
    meant = None if symbol is None else expanded(symbol, walk.module)
    if meant is None or not seen.node.args or isinstance(seen.node.args[0], ast.Constant):
        return False
    is_exec = meant.base == "exec" and not meant.path and is_builtin(meant, walk.module)
    return is_exec or is_imported(meant, "builtins", "exec")


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
