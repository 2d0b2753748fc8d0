"""Which classes, functions and constants the lines of a diff define, before and after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from keyword import iskeyword
from typing import NamedTuple

from ssot_probe.analysis.retirement.unified_diff import ADDED, KEPT, REMOVED, FileChange, Hunk, Line

_DEFINITION = re.compile(r"([ \t]*)(?:(class)|(?:async[ \t]+)?def)[ \t]+([^\W\d]\w*)")
_INDENTATION = re.compile(r"[ \t\f]*")
_STRING = re.compile(r"\"\"\"|'''")
_BLOCK = re.compile(r"(?:if|elif|else|try|except|finally|with|for|while|match|case|async)\b")
_NAME = re.compile(r"[^\W\d]\w*")
_TARGETS = re.compile(r"((?:[ \t,()\[\]*]|\b[^\W\d]\w*\b(?![ \t]*[(\[.]))+)(?::[^=]*)?=(?!=)[ \t]*")
_TWO_WORDS = re.compile(r"\w[ \t]+\w")
_TYPE = re.compile(r"type[ \t]+([^\W\d]\w*)[ \t]*(?:\[.*\][ \t]*)?=(?!=)")
_TEXT = re.compile(r"\"\"\".*|\'\'\'.*|\"(?:\\.|[^\"\\])*\"|\'(?:\\.|[^\'\\])*\'|#.*")
_CLASS, _FUNCTION, _IN_BLOCK, _UNKNOWN = "class", "function", "block", ""
CONSTANT = "constant"
_TAB = 8
_WIDEST = 4
"""So far a class is indented, or one tab, by all who say how."""


class Defined(NamedTuple):
    """A definition at the top of a module or in a class."""

    name: str  # qualified; of one whose class the diff does not show, the last part of it
    kind: str  # "class" | "function" | "constant"
    line: int
    is_placed: bool  # False: it stands in something that the diff does not show
    is_changed: bool  # its first line is removed or added


class _Open(NamedTuple):
    indentation: int
    kind: str
    name: str
    is_told: bool = False  # by git alone: its head is not in the hunk


def definitions_before(change: FileChange) -> list[Defined]:
    """Return what the lines of the old file define that a diff shows."""
    return list(_definitions(change.hunks, REMOVED))


def definitions_after(change: FileChange) -> list[Defined]:
    """Return what the lines of the new file define that a diff shows."""
    return list(_definitions(change.hunks, ADDED))


def _definitions(hunks: Iterable[Hunk], side: str) -> Iterator[Defined]:
    for hunk in hunks:
        yield from _in_hunk(hunk, side)


def _in_hunk(hunk: Hunk, side: str) -> Iterator[Defined]:
    opened = _around(hunk)
    quote = ""
    depth = 0  # of brackets
    for line in hunk.lines:
        if line.side not in (side, KEPT):
            continue
        was_inside, quote = quote, _quote_after(line.text, quote)
        is_going_on = depth > 0
        depth = depth if was_inside else _depth_after(line.text, depth)
        text = line.text.strip()
        if was_inside or not text or text.startswith(("#", ")", "]", "}")):
            continue
        indentation = _width(line.text)
        while opened and opened[-1].indentation >= indentation:
            opened.pop()
        found = _DEFINITION.match(line.text)
        if found is None:
            constants = [] if is_going_on else list(_constants(line, opened))
            yield from constants
            if not constants and _BLOCK.match(text):
                opened.append(_Open(indentation, _IN_BLOCK, ""))
            continue
        depth = _depth_after(line.text, 0)
        around = next((one for one in reversed(opened) if one.kind != _IN_BLOCK), None)
        kind = _CLASS if found[2] else _FUNCTION
        if around is not None and around.kind == _FUNCTION:
            opened.append(_Open(indentation, _FUNCTION, found[3]))  # nobody outside can name what it defines
            continue
        is_placed = around is None or (around.kind == _CLASS and not _is_too_deep(around, line.text))
        name = f"{around.name}.{found[3]}" if around is not None and is_placed else found[3]
        yield _defined(line, name, kind, is_placed)
        opened.append(_Open(indentation, kind if is_placed or kind == _FUNCTION else _UNKNOWN, name))


def _constants(line: Line, opened: Sequence[_Open]) -> Iterator[Defined]:
    """Yield the names that an assignment binds, where it stands at the top of a module or in a class."""
    around = next((one for one in reversed(opened) if one.kind != _IN_BLOCK), None)
    is_indented = line.text[:1] in (" ", "\t")
    if around is None and is_indented and not opened:
        return  # it goes on from a line that the diff does not show
    if around is not None and (around.kind != _CLASS or _is_too_deep(around, line.text)):
        return
    for name in _bound(line.text.strip()):
        yield _defined(line, f"{around.name}.{name}" if around is not None else name, CONSTANT, True)


def _bound(text: str) -> Iterator[str]:
    """Yield the names that a statement binds if it is an assignment or names a type."""
    named = _TYPE.match(text)
    if named is not None:
        yield named[1]
        return
    at = 0
    while True:
        targets = _TARGETS.match(text, at)
        names = [] if targets is None else _NAME.findall(targets[1])
        if targets is None or _TWO_WORDS.search(targets[1]) or any(map(iskeyword, names)):
            return
        yield from names
        at = targets.end()


def _depth_after(text: str, depth: int) -> int:
    """Return how many brackets are open behind a line."""
    for sign in _TEXT.sub("", text):
        depth += (sign in "([{") - (sign in ")]}")
    return max(0, depth)


def _around(hunk: Hunk) -> list[_Open]:
    """Return what a hunk begins in: what git names, if it is at the top of the module, else it is unknown."""
    if hunk.first <= 1:
        return []
    found = _DEFINITION.match(hunk.around)
    if found is None or not found[2] or found[1]:
        return [_Open(0, _UNKNOWN, "")]
    return [_Open(0, _CLASS, found[3], is_told=True)]


def _is_too_deep(around: _Open, text: str) -> bool:
    """May the definition stand in a method of the class, the head of which the hunk does not show?"""
    return around.is_told and not text.startswith("\t") and _width(text) > _WIDEST


def _defined(line: Line, name: str, kind: str, is_placed: bool) -> Defined:
    return Defined(name, kind, line.number, is_placed, line.side != KEPT)


def _width(text: str) -> int:
    found = _INDENTATION.match(text)
    return len((found[0] if found else "").expandtabs(_TAB))


def _quote_after(text: str, quote: str) -> str:
    """Return the quotes of the string that goes on behind a line, "" for none."""
    for found in _STRING.finditer(text):
        if not quote:
            if "#" in text[: found.start()]:
                break
            quote = found[0]
        elif found[0] == quote:
            quote = ""
    return quote
