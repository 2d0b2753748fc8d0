"""What the names in one file mean, by Python's rules of scope."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple, Optional, Union

from ssot_probe.inventory.facts import Symbol

LONGEST_CHAIN = 16
"""Names that stand for names, within one file."""


class Meaning(NamedTuple):
    """What one statement makes of a name."""

    form: str  # as in Binding
    value: Union[Symbol, ast.expr, None]  # an expression stays one until every scope is known
    guard: str
    line: int


class Scope:
    """A module, class, function or comprehension.

    Args:
        kind: "module", "class", "function" or "comprehension".
        parent: the scope around it.
        qualname: of the class or function; "" for a module.

    Attributes:
        code: qualified name of the code that runs here, as an import site shows it.
        at_load: does the code run while the module is loaded?
        meanings: name -> what the statements of the scope make of it, in their order.
        returns: the expressions that a function returns.
    """

    __slots__ = (
        *("at_load", "code", "elsewhere", "globals", "kind", "meanings", "parent", "qualname"),
        *("returns", "yields"),
    )

    def __init__(self, kind: str, parent: Optional[Scope], qualname: str = "") -> None:
        self.kind = kind
        self.parent = parent
        self.qualname = qualname
        self.code: str = qualname or "<module>"
        if kind == "comprehension" and parent is not None:
            self.code = parent.code
        self.at_load: bool = kind == "module" or (
            kind != "function" and parent is not None and parent.at_load
        )
        self.meanings: dict[str, list[Meaning]] = {}
        self.globals: set[str] = set()
        self.elsewhere: set[str] = set()
        self.returns: list[ast.expr] = []
        self.yields = False

    def bind(self, name: str, meaning: Meaning) -> None:
        """Give a name a meaning; one under a guard stands beside those before it."""
        known = self.meanings.setdefault(name, [])
        if not meaning.guard and meaning.form != "star":
            known.clear()
        known.append(meaning)

    def inner_name(self, name: str) -> str:
        """Return the qualified name of something that is defined in this scope."""
        scope: Optional[Scope] = self
        while scope is not None and scope.kind == "comprehension":
            scope = scope.parent
        if scope is None or scope.kind == "module":
            return name
        return f"{scope.qualname}.<locals>.{name}" if scope.kind == "function" else f"{scope.qualname}.{name}"


def dotted(expression: ast.expr) -> tuple[str, str] | None:
    """Return the first name and the attributes behind it, such as `a` and `b.c`; None for anything else."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute):
        parts.append(expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return None
    return expression.id, ".".join(reversed(parts))


def symbol_of(expression: ast.expr, scope: Scope) -> Symbol | None:
    """Return what a name or attribute means in a scope; None where that is known at run time only."""
    parts = dotted(expression)
    if parts is None:
        return None
    found = next(meanings_of(parts[0], scope), None)
    return None if found is None else behind(found, parts[1])


def meanings_of(name: str, scope: Scope) -> Iterator[Symbol]:
    """Yield what a name may mean in a scope."""
    for _ in range(LONGEST_CHAIN):
        holder = holder_of(name, scope)
        if holder.kind == "module":
            yield Symbol("global", 0, name)
            return
        renamed = None
        for meaning in holder.meanings[name]:
            if isinstance(meaning.value, Symbol) and meaning.form in ("alias", "class", "function"):
                yield meaning.value
            elif meaning.form == "alias" and isinstance(meaning.value, ast.Name):
                renamed = meaning.value.id
        if renamed is None or renamed == name:
            return
        name, scope = renamed, holder


def holder_of(name: str, scope: Scope) -> Scope:
    """Return the scope that a name belongs to, seen from another one; the module for all unknown names."""
    here = scope
    while here.parent is not None:
        if name in here.globals:
            return _module_of(here)
        if name in here.meanings and (here.kind != "class" or here is scope):
            return here
        here = here.parent
    return here


def behind(symbol: Symbol, path: str) -> Symbol:
    """Return the symbol of an attribute of what a symbol means."""
    if not path:
        return symbol
    return symbol._replace(path=f"{symbol.path}.{path}" if symbol.path else path)


def expanded(symbol: Symbol | None, module: Scope) -> Symbol | None:
    """Return what a symbol of the module means, as far as the same file tells."""
    for _ in range(LONGEST_CHAIN):
        if symbol is None or symbol.kind != "global":
            return symbol
        meaning = next(
            (one for one in reversed(module.meanings.get(symbol.base, ())) if one.form == "alias"), None
        )
        if meaning is None or meaning.value is None:
            return symbol
        path = symbol.path
        value = meaning.value if isinstance(meaning.value, Symbol) else symbol_of(meaning.value, module)
        if value is None or value == symbol._replace(path=""):
            return symbol
        symbol = behind(value, path)
    return symbol


def is_imported(symbol: Symbol | None, module: str, name: str) -> bool:
    """Does the symbol mean this name of this module?"""
    if symbol is None or symbol.kind != "import" or symbol.level:
        return False
    return ".".join(filter(None, (symbol.base, symbol.path))) == f"{module}.{name}"


def _module_of(scope: Scope) -> Scope:
    while scope.parent is not None:
        scope = scope.parent
    return scope
