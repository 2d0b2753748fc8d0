"""Reads the content of one Python file: what it imports, defines, binds and names."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from ssot_probe.inventory.calls import CallFacts
from ssot_probe.inventory.definitions import annotation_symbols, class_facts, function_facts
from ssot_probe.inventory.facts import Binding, Exported, Facts, Symbol, Text
from ssot_probe.inventory.run_sources import run_sources
from ssot_probe.inventory.scopes import symbol_of
from ssot_probe.inventory.silent_uses import silent_uses
from ssot_probe.inventory.walk import Walk

MOST_BYTES = 4 * 1024 * 1024
"""A larger file is data in the form of a program; parsing it would take gigabytes."""

LONGEST_TEXT = 200
_NAME = r"[^\W\d]\w*"
_PATH = re.compile(rf"{_NAME}(?:\.{_NAME})*(?::{_NAME}(?:\.{_NAME})*)?")

_ENTRY_POINT = re.compile(r"^\s*[\w.-]+\s*=\s*(?=\w)")
"""What stands before the name in `setup(entry_points={"console_scripts": ["shop = shop.app:main"]})`."""


class UnreadableError(Exception):
    """A file that holds no Python of the version that reads it; the message says why."""


def read_source(content: bytes) -> Facts:
    """Return what a file says; where it cannot be read, why. Nothing in it is executed."""
    try:
        return _facts(Walk(parse(content)))
    except UnreadableError as error:
        return Facts(unreadable=str(error))
    except (RecursionError, MemoryError):
        return Facts(unreadable="cannot be parsed: nested too deeply")


def parse(content: bytes) -> ast.Module:
    """Return the syntax tree of a file, decoded as its first lines declare.

    Raises:
        UnreadableError: it is too large, no text, or no Python.
    """
    if len(content) > MOST_BYTES:
        raise UnreadableError(f"larger than {MOST_BYTES // 1024 // 1024} MiB")
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise UnreadableError(f"cannot be parsed: line {line}: holds a null byte")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise UnreadableError(f"cannot be parsed: {where}{error.msg}") from error
    except (ValueError, LookupError) as error:
        raise UnreadableError(f"cannot be parsed: {error}") from error


def is_name(text: str) -> bool:
    """Does the text read like the name of a module, or of something in one?"""
    return len(text) <= LONGEST_TEXT and _PATH.fullmatch(text) is not None


def _facts(walk: Walk) -> Facts:
    calls = CallFacts(walk)
    return Facts(
        imports=tuple(sorted([*walk.imports, *calls.imports], key=lambda found: found.line)),
        computed=tuple(sorted(calls.computed)),
        classes=tuple(class_facts(walk)),
        functions=tuple(function_facts(walk)),
        bindings=tuple(_bindings(walk)),
        calls=tuple(sorted(calls.calls)),
        silent=tuple(silent_uses(walk)),
        runs=tuple(sorted(run_sources(walk))),
        texts=tuple(_texts(walk)),
        exported=_exported(walk),
        deprecated=tuple(calls.deprecated),
        is_dynamic="__getattr__" in walk.module.meanings,
    )


def _bindings(walk: Walk) -> Iterator[Binding]:
    for name, meanings in walk.module.meanings.items():
        for form, value, guard, line in meanings:
            if form == "typed" and not isinstance(value, Symbol):
                symbols = annotation_symbols(value, walk.module)
                yield from (Binding(name, form, symbol, guard, line) for symbol in symbols)
                continue
            symbol = value if value is None or isinstance(value, Symbol) else symbol_of(value, walk.module)
            is_unknown = symbol is None and form in ("alias", "call")
            yield Binding(name, "other" if is_unknown else form, symbol, guard, line)


def _texts(walk: Walk) -> Iterator[Text]:
    words: set[str] = set()
    for line, literal in walk.texts:
        text = _ENTRY_POINT.sub("", literal) if ":" in literal else literal
        if not is_name(text):
            continue
        if "." not in text and ":" not in text:
            if text in words:  # a word names a package at most, and once is enough
                continue
            words.add(text)
        yield Text(line, text)


def _exported(walk: Walk) -> Exported | None:
    if not walk.exports:
        return None
    names: list[str] = []
    others: list[Symbol] = []
    without: list[str] = []
    is_whole = True
    for statement in walk.exports:
        if isinstance(statement, ast.Assign):
            names, others, without, is_whole = [], [], [], True
        removed, value = _change(statement)
        waiting = [value]
        while waiting:
            found = waiting.pop()
            if isinstance(found, ast.BinOp) and isinstance(found.op, ast.Add):
                waiting += [found.right, found.left]
            elif isinstance(found, (ast.List, ast.Tuple, ast.Set)):
                waiting += reversed(found.elts)
            elif isinstance(found, ast.Starred):
                waiting.append(found.value)
            elif isinstance(found, ast.Constant) and isinstance(found.value, str):
                names = [name for name in names if name != found.value]
                (without if removed else names).append(found.value)
            elif isinstance(found, ast.Attribute) and found.attr == "__all__":
                symbol = symbol_of(found.value, walk.module)
                others += [] if symbol is None else [symbol]
            elif isinstance(found, ast.Name) and found.id == "__all__":
                continue
            elif isinstance(found, ast.Call) and found.args:
                waiting += reversed(found.args)  # list(...), tuple(...), sorted(...)
                is_whole = False
            elif found is not None:
                is_whole = False
    return Exported(tuple(names), tuple(others), tuple(without), is_whole)


def _change(statement: ast.stmt) -> tuple[bool, ast.expr | None]:
    """Return whether the statement takes names out of `__all__`, and which names it is about."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        argument = statement.value.args[0] if statement.value.args else None
        return isinstance(called, ast.Attribute) and called.attr == "remove", argument
    value = getattr(statement, "value", None)
    return False, value if isinstance(value, ast.expr) else None
