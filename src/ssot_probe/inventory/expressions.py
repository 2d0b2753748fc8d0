"""What expressions may stand for: the values that one can have, and the names that one binds."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def alternatives(value: ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions whose value one may have: both sides of `a or b` and `a if c else b`."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, ast.IfExp):
            waiting += [found.orelse, found.body]
        elif isinstance(found, ast.BoolOp):
            waiting += reversed(found.values)
        elif isinstance(found, (ast.NamedExpr, ast.Await)):
            waiting.append(found.value)
        else:
            yield found


def forms(value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield how each value of an assignment is made: by a call, as another name, or in some other way."""
    if value is None:
        yield "other", None
        return
    for found in alternatives(value):
        if isinstance(found, ast.Call):
            yield "call", found.func
        elif isinstance(found, (ast.Name, ast.Attribute)):
            yield "alias", found
        else:
            yield "other", None


def stored_names(target: ast.expr) -> Iterator[str]:
    """Yield the names that an assignment to a target binds."""
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
