"""Reads a unified diff, as `git diff` or `diff -u` write it: which files it changes, and their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ssot_probe.analysis.wording import number
from ssot_probe.errors import UsageError

REMOVED, ADDED, KEPT = "-", "+", " "

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(?: (.*))?")
_ESCAPED = re.compile(r"\\([abfnrtv\\\"]|[0-7]{1,3})")
_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}
_MNEMONICS = frozenset("abciow12")
_NOTHING = "/dev/null"
_LONGEST_QUOTE = 60


class Line(NamedTuple):
    """A line of a hunk."""

    side: str  # REMOVED | ADDED | KEPT
    number: int  # in the old file; of an added one in the new file
    text: str


class Hunk(NamedTuple):
    """Lines that follow each other."""

    around: str  # what git says that they stand in: the text of an earlier line; "" where it says nothing
    first: int  # line of the old file that it begins with
    lines: tuple[Line, ...]


class FileChange(NamedTuple):
    """What a diff does to a file."""

    old: str  # "" for a new file
    new: str  # "" for a deleted one
    hunks: tuple[Hunk, ...] = ()
    is_copy: bool = False


def is_diff(text: str) -> bool:
    """Does a text look like a diff, rather than a list of names?"""
    lines = text.splitlines()
    if any(line.startswith(("diff --git ", "diff --cc ", "diff --combined ")) for line in lines):
        return True
    return any(one.startswith("--- ") and two.startswith("+++ ") for one, two in zip(lines, [*lines[1:], ""]))


def read_diff(text: str, source: str) -> list[FileChange]:
    """Return the changes of a diff, in its order.

    Text that stands before the first file, such as the message of a commit, is passed over, and so is what a
    binary patch holds.

    Args:
        text: of the diff, without colours.
        source: what an error calls it, such as the name of its file.

    Raises:
        UsageError: it is no unified diff, or it is cut off.
    """
    return list(_Reader(text, source).changes())


class _Reader:
    def __init__(self, text: str, source: str) -> None:
        self._lines = [line.removesuffix("\r") for line in text.split("\n")]
        if self._lines and not self._lines[-1]:
            self._lines.pop()
        self._source = source
        self._at = 0

    def changes(self) -> Iterator[FileChange]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.startswith("\x1b["):
                raise self._error("colours", "plain text, as `git diff --no-color` writes it")
            if line.startswith(("diff --cc ", "diff --combined ", "@@@")):
                raise self._error("the diff of a merge", "the diff of two versions, as `git diff OLD NEW`")
            if line.startswith("diff --git "):
                yield self._of_git()
            elif self._is_header():
                yield self._plain()
            elif _HUNK.match(line):
                raise self._error(_quoted(line), "the names of the file before it, in lines `---` and `+++`")
            else:
                self._at += 1

    def _is_header(self) -> bool:
        lines = self._lines
        return (
            lines[self._at].startswith("--- ")
            and self._at + 1 < len(lines)
            and lines[self._at + 1].startswith("+++ ")
        )

    def _of_git(self) -> FileChange:
        named = _named_twice(self._lines[self._at].removeprefix("diff --git "))
        old, new = named
        is_copy = False
        self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at]
            word, _, rest = line.partition(" ")
            if self._is_header():
                return self._plain(named)._replace(is_copy=is_copy)
            if line.startswith("diff --git ") or line.startswith("@@ "):
                break
            if line.startswith(("rename from ", "copy from ")):
                old, is_copy = _unquoted(rest.removeprefix("from ")), word == "copy"
            elif line.startswith(("rename to ", "copy to ")):
                new = _unquoted(rest.removeprefix("to "))
            elif line.startswith("deleted file mode "):
                new = ""
            elif line.startswith("new file mode "):
                old = ""
            self._at += 1
        return FileChange(old, new, (), is_copy)

    def _plain(self, named: tuple[str, str] = ("", "")) -> FileChange:
        old = _file_name(self._lines[self._at].removeprefix("--- "))
        new = _file_name(self._lines[self._at + 1].removeprefix("+++ "))
        self._at += 2
        old, new = _without_prefixes(old, new, named)
        hunks = []
        while self._at < len(self._lines):
            match = _HUNK.match(self._lines[self._at])
            if match is None:
                if self._lines[self._at].startswith("@@"):
                    raise self._error(_quoted(self._lines[self._at]), "a hunk such as `@@ -1,7 +1,6 @@`")
                break
            hunks.append(self._hunk(match))
        return FileChange(old, new, tuple(hunks))

    def _hunk(self, match: re.Match[str]) -> Hunk:
        first, old_left, second, new_left = (
            int(digits) if digits is not None else 1 for digits in match.groups()[:4]
        )
        header = self._at
        old, new = first, second
        lines = []
        self._at += 1
        while old_left > 0 or new_left > 0 or self._is_remark():
            if self._at >= len(self._lines):
                left = _left(old_left, new_left, header)
                where = f"{self._source}: line {len(self._lines)}"
                raise UsageError(f"{where}: the diff ends, expected {left}: is it cut off?")
            line = self._lines[self._at]
            side, text = (line[0], line[1:]) if line else (KEPT, "")  # some tools strip blank lines
            if side == REMOVED and old_left > 0:
                lines.append(Line(side, old, text))
                old, old_left = old + 1, old_left - 1
            elif side == ADDED and new_left > 0:
                lines.append(Line(side, new, text))
                new, new_left = new + 1, new_left - 1
            elif side == KEPT and old_left > 0 and new_left > 0:
                lines.append(Line(side, old, text))
                old, old_left, new, new_left = old + 1, old_left - 1, new + 1, new_left - 1
            elif side != "\\":
                left = _left(old_left, new_left, header)
                raise self._error(_quoted(line), f"{left}, each with `-`, `+` or a blank before it")
            self._at += 1
        return Hunk((match[5] or "").strip(), first, tuple(lines))

    def _is_remark(self) -> bool:
        return self._at < len(self._lines) and self._lines[self._at].startswith("\\")

    def _error(self, found: str, expected: str) -> UsageError:
        return UsageError(f"{self._source}: line {self._at + 1}: found {found}, expected {expected}")


def _left(old: int, new: int, header: int) -> str:
    return f"{number(max(old, new), 'more line')} of the hunk in line {header + 1}"


def _without_prefixes(old: str, new: str, named: tuple[str, str]) -> tuple[str, str]:
    """Return the names of a file without `a/` and `b/`, which a diff has or has not."""
    if old == _NOTHING or new == _NOTHING:
        name = new if old == _NOTHING else old
        inner = name[2:] if _has_prefix(name) and (named == ("", "") or name[2:] in named) else name
        return ("", inner) if old == _NOTHING else (inner, "")
    if _has_prefix(old) and _has_prefix(new) and old[0] != new[0]:
        return old[2:], new[2:]
    return old, new


def _named_twice(rest: str) -> tuple[str, str]:
    """Return the names in `diff --git a/x b/x`, which may hold blanks, where both are one name."""
    if rest.startswith('"') and rest.endswith('"') and '" "' in rest:
        first, _, second = rest.partition('" "')
        old, new = _unquoted(f'{first}"'), _unquoted(f'"{second}')
    else:
        middle = len(rest) // 2
        old, new = rest[:middle], rest[middle + 1 :]
        if rest[middle : middle + 1] != " ":
            return "", ""
    if old != new and _has_prefix(old) and _has_prefix(new):
        old, new = old[2:], new[2:]
    return (old, new) if old == new else ("", "")


def _has_prefix(name: str) -> bool:
    return name[1:2] == "/" and name[0] in _MNEMONICS


def _file_name(text: str) -> str:
    return _unquoted(text if text.startswith('"') else text.partition("\t")[0])


def _unquoted(text: str) -> str:
    """Return a name that git has written between quotes, since it holds something odd."""
    text = text.strip()
    if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
        return text
    content = bytearray()
    end = 0
    inner = text[1:-1]
    for match in _ESCAPED.finditer(inner):
        content += inner[end : match.start()].encode()
        escape = match[1]
        content.append(_ESCAPES[escape] if escape in _ESCAPES else int(escape, 8) & 255)
        end = match.end()
    content += inner[end:].encode()
    return content.decode("utf-8", "replace")


def _quoted(line: str) -> str:
    return repr(line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "...")
