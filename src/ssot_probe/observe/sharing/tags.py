"""Finds the ids of users in what the application stores.

Three lengths of ids are told apart, since a short one may stand anywhere by chance:

* six characters or more: wherever the id is a whole word of a text; digits only where they are all of it;
* three to five characters, with a letter, no common word: the same; with a letter and a digit two will do;
* anything shorter, short numbers and common words: only in places that say whose they are, which are keys of
  mappings and what stands under a name such as `user_id`, `owner` or `tenant`; there it has to be all of it.

Bare numbers count in such places only.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from ssot_probe.observe.sharing.common_words import COMMON

LONG = 6
MIDDLE = 3

MOST_TEXT = 4_096
"""Characters of a text that are looked at."""

_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_PARTS = re.compile(r"[\W_]+")
_PERSONAL = re.compile(
    r"(^|_|\b)(user|owner|tenant|account|customer|member|principal|actor|subject|sub|uid|login|username|session_user)"
    r"(_?(id|name|key|hash|email))?s?$"
)


class Tags:
    """The ids of the users that a look knows of.

    Args:
        owners: ids, those of the roots first; a tag is an index into them.
    """

    def __init__(self, owners: Sequence[str]) -> None:
        self.owners = tuple(owners)
        self._exact: dict[str, int] = {}
        self._by_first_word: dict[str, list[tuple[str, int]]] = {}
        self._in_places: dict[str, int] = {}
        for index, owner in enumerate(self.owners):
            if owner:
                self._in_places[owner] = index
                if _is_telling(owner):
                    self._exact[owner] = index
                    self._add_words(owner, index)

    def equal(self, value: Any) -> int:
        """Return whose id a value is anywhere; -1 for nobody's."""
        text = _text_of(value)
        return -1 if text is None else self._exact.get(text, -1)

    def equal_in_place(self, value: Any) -> int:
        """Return whose id a value is, in a place that says that it is one; -1 for nobody's."""
        if type(value) is int:
            return self._in_places.get(str(value), -1) if value.bit_length() < 256 else -1
        text = _text_of(value)
        return -1 if text is None else self._in_places.get(text, -1)

    def within(self, value: Any) -> set[int]:
        """Return whose ids stand in a text."""
        text = _text_of(value)
        if text is None or not self._by_first_word:
            return set()
        text = text[:MOST_TEXT]
        found = set()
        for word in _WORD.finditer(text):
            for owner, index in self._by_first_word.get(word.group(), ()):
                start = word.start() - owner.index(word.group())
                if (
                    start >= 0
                    and text.startswith(owner, start)
                    and _is_bounded(text, start, start + len(owner))
                ):
                    found.add(index)
        return found

    def in_key(self, key: Any) -> set[int]:
        """Return whom a key of a mapping names."""
        if type(key) is tuple:
            return {index for part in key for index in self.in_key(part)}
        index = self.equal_in_place(key) if type(key) is not int else -1
        return {index} if index >= 0 else self.within(key) | self._after_a_name(key)

    def _after_a_name(self, key: Any) -> set[int]:
        """Find short ids in keys such as `user:7`."""
        text = _text_of(key)
        if text is None:
            return set()
        parts = re.split(r"[:/|=]", text[:MOST_TEXT])
        indexes = (self._in_places.get(part, -1) for name, part in zip(parts, parts[1:]) if is_personal(name))
        return {index for index in indexes if index >= 0}

    def in_part_of_key(self, key: Any) -> set[int]:
        """Return whom a part of a key such as `profile-7` may name, if what it leads to says so too."""
        text = key if type(key) is str else ""
        indexes = (self._in_places.get(part, -1) for part in _PARTS.split(text[:MOST_TEXT]))
        return {index for index in indexes if index >= 0}

    def _add_words(self, owner: str, index: int) -> None:
        word = _WORD.search(owner)
        if word is not None and not owner.isdecimal():
            self._by_first_word.setdefault(word.group(), []).append((owner, index))


def shape_of(text: str) -> str:
    """Return what ids of one kind have in common: `user-7` and `user-12` look like `a-0`."""
    return _DIGITS.sub("0", _LETTERS.sub("a", text[:MOST_TEXT]))


def is_personal(name: Any) -> bool:
    """Does a name say that the id of a user stands there, such as `user_id` or `owner`?"""
    if type(name) is not str:
        return False
    return _PERSONAL.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) is not None


def is_field_name(key: Any) -> bool:
    """Does a key look like the name of a field, as the source writes it, and not like a token or a path?"""
    return type(key) is str and key.isidentifier() and not any(character.isdigit() for character in key)


def is_slot_name(key: Any) -> bool:
    """Does a key name the one user that something is about just now, such as `current` or `last_user`?"""
    return is_personal(key) or (type(key) is str and key.lower().startswith(("current", "last", "active")))


def _is_telling(owner: str) -> bool:
    """May the id be looked for anywhere?"""
    if len(owner) >= LONG:
        return True
    is_word = any(character.isalpha() for character in owner)
    is_numbered = any(character.isdigit() for character in owner)
    return is_word and len(owner) >= MIDDLE - is_numbered and owner.lower() not in COMMON


def _text_of(value: Any) -> str | None:
    cls = type(value)
    if cls is str:
        return value  # type: ignore[no-any-return]
    if cls is bytes or cls is bytearray:
        return bytes(value[:MOST_TEXT]).decode("latin-1")
    return str(value) if is_uuid(cls) else None


def is_uuid(cls: type) -> bool:
    """Is it the type of UUIDs? Its module is not loaded for that."""
    module = sys.modules.get("uuid")
    return module is not None and cls is vars(module).get("UUID")


def _is_bounded(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not (end < len(text) and text[end].isalnum())
