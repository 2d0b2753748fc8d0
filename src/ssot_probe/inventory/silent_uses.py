"""Uses of classes that run none of their code: checks, `except`, comparisons, attributes that are read.

Of a watched class no process can tell of these, so the scan does.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence

from ssot_probe.inventory.facts import SilentUse, Symbol
from ssot_probe.inventory.resolution import CLASS, FUNCTION, Module, Names, Thing
from ssot_probe.inventory.scopes import Scope, expanded, symbol_of
from ssot_probe.inventory.walk import Seen, Walk
from ssot_probe.model.names import is_within, qualify, split
from ssot_probe.model.records import SILENT, ReferenceRecord, Site

_CHECKS = ("isinstance", "issubclass")


def silent_uses(walk: Walk) -> Iterator[SilentUse]:
    """Yield what a file may use that way, the first place of each."""
    told: set[tuple[Symbol, str]] = set()
    for seen, expression, attribute in sorted(_found(walk), key=lambda found: found[1].lineno):
        symbol = symbol_of(expression, seen.place.scope)
        if symbol is not None and (symbol, attribute) not in told and _may_be_class(symbol, walk.module):
            told.add((symbol, attribute))
            yield SilentUse(expression.lineno, seen.place.scope.code, symbol, attribute)


def silent_use_records(
    paths: Sequence[str], module: Module, names: Names, time: int
) -> Iterator[ReferenceRecord]:
    """Yield where a module so uses classes of watched paths.

    Args:
        paths: the watched ones.
        module: of the tree.
        names: of the tree.
        time: of the inventory.
    """
    for use in module.facts.silent if paths else ():
        for thing in names.of(use.symbol, module):
            if thing.kind != CLASS or not any(_is_of(thing, path) for path in paths):
                continue
            if use.attribute and _runs(thing, use.attribute, names):
                continue  # its code is heard when it is called
            site = Site(module.file, use.line, use.function, module.name)
            yield ReferenceRecord(qualify(thing.module, thing.qualname), SILENT, site, time)


def _found(walk: Walk) -> Iterator[tuple[Seen, ast.expr, str]]:
    for seen in walk.silent:
        node = seen.node
        if isinstance(node, ast.Attribute):
            if isinstance(node.ctx, ast.Load):
                yield seen, node.value, node.attr
            continue
        parts = [node.left, *node.comparators] if isinstance(node, ast.Compare) else [node]
        yield from ((seen, expression, "") for part in parts for expression in _alternatives(part))
    for seen in walk.calls:
        function, arguments = seen.node.func, seen.node.args
        if isinstance(function, ast.Name) and function.id in _CHECKS and len(arguments) > 1:
            yield from ((seen, expression, "") for expression in _alternatives(arguments[1]))


def _alternatives(expression: ast.expr) -> Iterator[ast.expr]:
    """Yield the names in `A`, `(A, B)` and `A | B`."""
    waiting = [expression]
    while waiting:
        found = waiting.pop()
        if isinstance(found, (ast.Tuple, ast.List, ast.Set)):
            waiting += found.elts
        elif isinstance(found, ast.BinOp):
            waiting += [found.left, found.right]
        elif isinstance(found, (ast.Name, ast.Attribute)):
            yield found


def _may_be_class(symbol: Symbol, module: Scope) -> bool:
    """Could it be a class of the tree, by what its file says?"""
    meant = expanded(symbol, module)
    if meant is None:
        return False
    if meant.kind == "import":
        return bool(meant.level) or meant.base.partition(".")[0] not in sys.stdlib_module_names
    if meant.kind == "global":
        forms = {meaning.form for meaning in module.meanings.get(meant.base, ())}
        return "class" in forms or "*" in module.meanings
    return True


def _is_of(thing: Thing, path: str) -> bool:
    module, name = split(path)
    if not name:
        return is_within(thing.module, module)
    return thing.module == module and (thing.qualname == name or thing.qualname.startswith(f"{name}."))


def _runs(thing: Thing, attribute: str, names: Names) -> bool:
    return any(found.kind in (FUNCTION, CLASS) for found in names.attribute(thing, attribute))
