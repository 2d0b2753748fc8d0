"""Checks what evidence says of a line against the line itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

NAME = r"[\w.]+(?::[\w.]+)?"


class Line:
    """A line of a source file, as the parser sees it."""

    def __init__(self, file: Path, number: int) -> None:
        self.tree = ast.parse(file.read_text())
        self.number = number

    def defines_class(self, path: str) -> bool:
        """Does the class statement of this name begin here?"""
        return any(isinstance(node, ast.ClassDef) and node.name == last(path) for node in self._begin())

    def defines_function(self, path: str) -> bool:
        """Does the definition of this function begin here?"""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return any(isinstance(node, kinds) and node.name == last(path) for node in self._begin())

    def imports(self, module: str, names: list[str]) -> bool:
        """Does the statement import that module, or these names from it?"""
        for node in self._cover():
            if isinstance(node, ast.ImportFrom) and names:
                return node.module == module and {alias.name for alias in node.names} >= set(names)
            if isinstance(node, ast.ImportFrom):
                return module in {f"{node.module}.{alias.name}" for alias in node.names}
            if isinstance(node, ast.Import):
                return not names and module in {alias.name for alias in node.names}
        return False

    def calls(self, path: str) -> bool:
        """Is something called here by the last name of the path, or by what the file renamed it to?"""
        names = {last(path), *self._renamed(last(path))}
        return bool(names & {_called(node) for node in self._cover() if isinstance(node, ast.Call)})

    def calls_something(self) -> bool:
        """Is anything called here?"""
        return any(isinstance(node, ast.Call) for node in self._cover())

    def is_inside(self, function: str) -> bool:
        """Does the line belong to the body of this function?"""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return any(isinstance(node, kinds) and node.name == last(function) for node in self._cover())

    def _begin(self) -> Iterator[ast.AST]:
        return (node for node in ast.walk(self.tree) if getattr(node, "lineno", 0) == self.number)

    def _cover(self) -> Iterator[ast.AST]:
        for node in ast.walk(self.tree):
            first, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
            if first <= self.number <= end:
                yield node

    def _renamed(self, name: str) -> set[str]:
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                found |= {alias.asname for alias in node.names if alias.name == name and alias.asname}
        return found


def last(path: str) -> str:
    """Return the last name of `module:Qualified.Name`."""
    return re.split(r"[.:]", path)[-1]


def _called(node: ast.Call) -> str:
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _is_import(line: Line, match: re.Match[str]) -> bool:
    return line.imports(match["module"], match["names"].split(", "))


CLAIMS: tuple[tuple[re.Pattern[str], Callable[[Line, re.Match[str]], bool]], ...] = (
    (re.compile(r"imports (?P<names>[\w, ]+) from (?P<module>[\w.]+)\b.*"), _is_import),
    (re.compile(r"imports (?P<module>[\w.]+)(,.*)?"), lambda line, match: line.imports(match["module"], [])),
    (
        re.compile(rf"constructs (?P<cls>{NAME}) inside (?P<function>{NAME}), .*"),
        lambda line, match: line.calls(match["cls"]) and line.is_inside(match["function"]),
    ),
    (re.compile(rf"constructs (?P<cls>{NAME}), .*"), lambda line, match: line.calls(match["cls"])),
    (re.compile(rf"constructed by (?P<maker>{NAME})"), lambda line, match: line.is_inside(match["maker"])),
    (
        re.compile(rf"handed out by (?P<maker>{NAME})( in thread \d+)?"),
        lambda line, match: line.calls(match["maker"]),
    ),
    (
        re.compile(rf"calls (?P<maker>{NAME})( in what is constructed at .*)?(,.*)?"),
        lambda line, match: line.calls(match["maker"]),
    ),
    (
        re.compile(rf"used, by a call of (?P<maker>{NAME}) in thread \d+"),
        lambda line, match: line.calls(match["maker"]),
    ),
    (
        re.compile(rf"inside (?P<maker>{NAME}) from .*"),
        lambda line, match: line.calls(match["maker"]),
    ),
    (
        re.compile(rf"(?P<maker>{NAME}) called for u-.*"),
        lambda line, match: line.calls(match["maker"]),
    ),
    (
        re.compile(rf"(?P<maker>{NAME}) made \d+, of which .*"),
        lambda line, match: line.calls(match["maker"]),
    ),
    (
        re.compile(r"call from \+[\d.]+ ms to \+[\d.]+ ms gave out an instance .*"),
        lambda line, match: line.calls_something(),
    ),
    (
        re.compile(rf"(?P<maker>{NAME}) keeps one instance in \w+"),
        lambda line, match: line.defines_function(match["maker"]),
    ),
    (
        re.compile(rf"(?P<maker>{NAME}) handed out {NAME} \([^)]*\), .*"),
        lambda line, match: line.defines_function(match["maker"]),
    ),
    (
        re.compile(r"(?P<cls>[\w.]+:\w+)\.\w+(\[a value\])?"),
        lambda line, match: line.defines_class(match["cls"]),
    ),
    (
        re.compile(rf"(?P<maker>{NAME})( \(declared\))? handed out instances .*"),
        lambda line, match: line.defines_function(match["maker"]),
    ),
    (
        re.compile(rf"(?P<maker>{NAME}) passes on what {NAME} made"),
        lambda line, match: line.defines_function(match["maker"]),
    ),
    (
        re.compile(rf"(?P<cls>{NAME}), (never )?constructed.*"),
        lambda line, match: line.defines_class(match["cls"]),
    ),
    (
        re.compile(rf"(?P<path>{NAME}) is (?P<cls>{NAME})"),
        lambda line, match: line.defines_class(match["cls"]),
    ),
)
"""How evidence is worded, and what makes it true."""


def is_true(what: str, file: Path, number: int) -> bool:
    """Is what the evidence says of this line so?"""
    for wording, holds in CLAIMS:
        match = wording.fullmatch(what)
        if match is not None:
            return holds(Line(file, number), match)
    raise AssertionError(f"no check is known for evidence that says {what!r}")
