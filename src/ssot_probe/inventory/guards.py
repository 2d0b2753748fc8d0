"""What stands between an import and its execution: the guard of the statements around it."""

from __future__ import annotations

import ast
from collections.abc import Callable

TYPE_CHECKING, TRY, EXCEPT, BRANCH, MAIN = "type-checking", "try", "except", "branch", "main"

_CATCHING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})

IsTypeChecking = Callable[[ast.expr], bool]


def inside(outer: str, inner: str) -> str:
    """Return the guard of a statement with one guard in a block with another.

    What only type checkers see never runs, and what only runs as a script does so whatever else holds; of
    all other guards the nearest counts.
    """
    if outer == TYPE_CHECKING or inner == TYPE_CHECKING:
        return TYPE_CHECKING
    if outer == MAIN or inner == MAIN:
        return MAIN
    return inner or outer


def in_function(guard: str) -> str:
    """Return the guard of what stands in a function that is defined under a guard."""
    return guard if guard in (TYPE_CHECKING, MAIN) else ""


def of_if(test: ast.expr, is_type_checking: IsTypeChecking) -> tuple[str, str]:
    """Return the guards of an `if` statement's body and of its `else`."""
    if is_type_checking(test):
        return TYPE_CHECKING, ""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and is_type_checking(test.operand):
        return "", TYPE_CHECKING
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else []
    if any(is_type_checking(value) for value in parts):
        return TYPE_CHECKING, BRANCH
    if _compares_name_with_main(test):
        return MAIN, BRANCH
    return BRANCH, BRANCH


def catches_import_errors(handler: ast.ExceptHandler) -> bool:
    """Does the handler run when an import in its `try` fails?"""
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(last_name(expression) in _CATCHING for expression in caught)


def suppresses_import_errors(expression: ast.expr) -> bool:
    """Is it `contextlib.suppress(ImportError)`?"""
    return (
        isinstance(expression, ast.Call)
        and last_name(expression.func) == "suppress"
        and any(last_name(argument) in _CATCHING for argument in expression.args)
    )


def last_name(expression: ast.expr) -> str:
    """Return `c` of `a.b.c`, "" for what is no name."""
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def _compares_name_with_main(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )
