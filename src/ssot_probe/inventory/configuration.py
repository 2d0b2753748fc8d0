"""Reads configuration files for words that look like names of modules, or of things in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ssot_probe.inventory.facts import Facts, Text

MOST_BYTES = 2 * 1024 * 1024
"""A larger file is data."""

_PART = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = rf"{_PART}(?:\.{_PART})"
_NAME = re.compile(rf"(?<![\w./\\:@$-])({_PATH}+(?::{_PATH}*)?|{_PART}:{_PATH}*)(?![\w/\\@-])")
_COMMENT = re.compile(r"(?:^|\s)[#;].*")
_TABLE = re.compile(r"\[{1,2}[\w.\s\"'-]+\]{1,2}\s*(?:#.*)?")
_POLICY = re.compile(r"\[{1,2}tool\.ssot_probe[.\]]")


def read_configuration(content: bytes) -> Facts:
    """Return the dotted names in a text file; where it is no text, why it is unreadable.

    Comments are left out, and a policy of ours: what it says of a path is no use of it.
    """
    if len(content) > MOST_BYTES:
        return Facts(unreadable=f"larger than {MOST_BYTES // 1024 // 1024} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Facts(unreadable=f"cannot be read: line {line}: not in UTF-8")
    return Facts(texts=tuple(_names(text)))


def _names(text: str) -> Iterator[Text]:
    is_policy = False  # it names what is legacy, and uses none of it
    for number, line in enumerate(text.splitlines(), 1):
        if _TABLE.fullmatch(line):
            is_policy = bool(_POLICY.match(line))
        if is_policy:
            continue
        if "." in line or ":" in line:
            seen = dict.fromkeys(match.group(1) for match in _NAME.finditer(_without_comment(line)))
            yield from (Text(number, name) for name in seen)


def _without_comment(line: str) -> str:
    """Cut a comment off; a sign between quotes begins none."""
    for match in _COMMENT.finditer(line):
        before = line[: match.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return before
    return line
