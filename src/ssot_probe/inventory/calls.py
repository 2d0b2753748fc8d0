"""What the calls in a file do: import a module, say that this one is deprecated, perhaps make an instance."""

from __future__ import annotations

import ast
from typing import Optional

from ssot_probe.inventory.definitions import is_builtin
from ssot_probe.inventory.facts import Call, Imported, Symbol
from ssot_probe.inventory.guards import last_name
from ssot_probe.inventory.scopes import expanded, is_imported, symbol_of
from ssot_probe.inventory.walk import Seen, Walk

_OWN_PACKAGE = ("__package__", "__name__")
_DEPRECATION = "DeprecationWarning"


class CallFacts:
    """Sorts the calls of a file.

    Attributes:
        imports: calls that import a module by its literal name.
        computed: line and function of calls that import a module by a name which is computed.
        calls: calls of what may be a class.
        deprecated: lines at which the module says, whenever it is loaded, that it is deprecated.
    """

    def __init__(self, walk: Walk) -> None:
        self.imports: list[Imported] = []
        self.computed: list[tuple[int, str]] = []
        self.calls: list[Call] = []
        self.deprecated: list[int] = []
        self._module = walk.module
        for seen in walk.calls:
            self._sort(seen)

    def _sort(self, seen: Seen) -> None:
        node, place = seen
        symbol = symbol_of(node.func, place.scope)
        if symbol is None:
            return
        meant = expanded(symbol, self._module)
        if is_imported(meant, "importlib", "import_module"):
            self._import(seen, _argument(node, 0, "name"), _argument(node, 1, "package"))
        elif self._is_dunder_import(meant):
            self._dunder_import(seen)
        elif is_imported(meant, "warnings", "warn"):
            if place.scope is self._module and not place.guard and _says_deprecated(node):
                self.deprecated.append(node.lineno)
        elif not is_builtin(symbol, self._module) and not self._is_function(symbol):
            self.calls.append(Call(node.lineno, place.scope.code, symbol))

    def _is_dunder_import(self, symbol: Symbol | None) -> bool:
        if symbol is None:
            return False
        if symbol.kind == "global":
            return symbol.base == "__import__" and not symbol.path and is_builtin(symbol, self._module)
        return is_imported(symbol, "builtins", "__import__") or is_imported(symbol, "importlib", "__import__")

    def _is_function(self, symbol: Symbol) -> bool:
        if symbol.kind != "global" or symbol.path:
            return False
        meanings = self._module.meanings.get(symbol.base, ())
        return bool(meanings) and all(meaning.form == "function" for meaning in meanings)

    def _import(self, seen: Seen, name: Optional[ast.expr], package: Optional[ast.expr]) -> None:
        written = _literal(name)
        anchor = ""
        if written is not None and written.startswith("."):
            if isinstance(package, ast.Name) and package.id in _OWN_PACKAGE:
                anchor = package.id
            else:
                anchor = _literal(package) or ""
            if not anchor:
                written = None
        if written is None:
            self._note_computed(seen)
            return
        module = written.lstrip(".")
        self._note(seen, len(written) - len(module), module, (), anchor)

    def _dunder_import(self, seen: Seen) -> None:
        node = seen.node
        written = _literal(_argument(node, 0, "name"))
        level = _argument(node, 4, "level")
        dots = 0 if level is None else level.value if isinstance(level, ast.Constant) else None
        if written is None or type(dots) is not int:
            self._note_computed(seen)
            return
        fetched = _argument(node, 3, "fromlist")
        names = fetched.elts if isinstance(fetched, (ast.List, ast.Tuple)) else []
        literals = [_literal(name) for name in names]
        self._note(seen, dots, written, tuple(name for name in literals if name), "")

    def _note(self, seen: Seen, level: int, module: str, names: tuple[str, ...], anchor: str) -> None:
        scope = seen.place.scope
        self.imports.append(
            Imported(
                *(seen.node.lineno, scope.code, level, module, names),
                *(seen.place.guard, scope.at_load, anchor),
            )
        )

    def _note_computed(self, seen: Seen) -> None:
        self.computed.append((seen.node.lineno, seen.place.scope.code))


def _argument(node: ast.Call, position: int, name: str) -> ast.expr | None:
    """Return an argument of a call by position or name; a starred one before it hides it."""
    if len(node.args) > position and not any(
        isinstance(one, ast.Starred) for one in node.args[: position + 1]
    ):
        return node.args[position]
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)


def _literal(expression: ast.expr | None) -> str | None:
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return expression.value
    return None


def _says_deprecated(node: ast.Call) -> bool:
    category = _argument(node, 1, "category")
    if category is None and node.args and isinstance(node.args[0], ast.Call):
        category = node.args[0].func  # warn(DeprecationWarning("..."))
    return category is not None and last_name(category).endswith(_DEPRECATION)
