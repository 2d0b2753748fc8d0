"""Composable readers of plain data, which notice every mistake instead of stopping at the first.

A reader is called with a value and where it stands. It returns what it read; what is wrong it notes there,
and then what it returns has no meaning and is dropped by the reader around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeVar

    T = TypeVar("T")
    Reader = Callable[[object, "Where"], T | None]

_SHOWN = 60  # characters of a found string that a message repeats
_HUGE = 10**18  # TOML lets one write numbers of thousands of digits, which Python refuses to print


class Where(NamedTuple):
    """A place in a document, with the list that collects the mistakes of the whole document."""

    source: str
    path: str
    mistakes: list[str]

    def key(self, name: object) -> Where:
        """Return the place of a key in the table that stands here."""
        part = str(name)
        if not _is_bare(part):
            part = quoted(part)
        return self._replace(path=f"{self.path}.{part}" if self.path else part)

    def item(self, index: int) -> Where:
        """Return the place of an item in the list that stands here."""
        return self._replace(path=f"{self.path}[{index}]")

    def note(self, mistake: str) -> None:
        """Note a mistake that was made here."""
        self.mistakes.append(": ".join(part for part in (self.source, self.path, mistake) if part))

    def expected(self, what: str, found: object) -> None:
        """Note that something else was found here."""
        self.note(f"found {described(found)}, expected {what}")


def text(value: object, where: Where) -> str | None:
    """Read a string that says something."""
    if isinstance(value, str) and value.strip():
        return value
    where.expected("a string that is not empty", value)
    return None


def exactly(kind: type[T], what: str) -> Reader[T]:
    """Return a reader of values of one type and none of its subclasses: true is no number."""

    def read(value: object, where: Where) -> T | None:
        if type(value) is kind:
            return value
        where.expected(what, value)
        return None

    return read


def at_least(least: int) -> Reader[int]:
    """Return a reader of whole numbers from `least` on."""

    def read(value: object, where: Where) -> int | None:
        if type(value) is int and least <= value < _HUGE:
            return value
        where.expected(f"a whole number, {least} or more", value)
        return None

    return read


def one_of(words: Sequence[str]) -> Reader[str]:
    """Return a reader of one of the words."""

    def read(value: object, where: Where) -> str | None:
        if isinstance(value, str) and value in words:
            return value
        where.expected(f"one of {', '.join(map(quoted, words))}{nearest(value, words)}", value)
        return None

    return read


def shaped(fits: Callable[[str], bool], what: str, repair: Callable[[str], str] = str.strip) -> Reader[str]:
    """Return a reader of strings that fit; for one that does not, `repair` may know what was meant."""

    def read(value: object, where: Where) -> str | None:
        if isinstance(value, str) and fits(value):
            return value
        meant = repair(value) if isinstance(value, str) else ""
        where.expected(what + (f", did you mean {quoted(meant)}?" if fits(meant) else ""), value)
        return None

    return read


def day(value: object, where: Where) -> date | None:
    """Read a date, which is neither a date with a time nor a string."""
    if type(value) is date:
        return value
    meant = _day_meant(value)
    where.expected(f"a date, written without quotes and without a time: {meant or '2027-01-31'}", value)
    return None


def lists(
    reader: Reader[T], what: str, *, least: int = 0, advice: Callable[[object, Where], str] = lambda *_: ""
) -> Reader[tuple[T, ...]]:
    """Return a reader of lists of what `reader` reads; `advice` says how to write what is no list as one."""

    def read(value: object, where: Where) -> tuple[T, ...] | None:
        if not isinstance(value, (list, tuple)):
            where.expected(f"a list of {what}{advice(value, where)}", value)
            return None
        if len(value) < least:
            where.expected(f"a list of {what} that is not empty", value)
            return None
        items = [reader(item, where.item(index)) for index, item in enumerate(value)]
        return tuple(item for item in items if item is not None)

    return read


def strings(reader: Reader[str] = text, *, least: int = 0) -> Reader[tuple[str, ...]]:
    """Return a reader of lists of strings, the lone string being the usual mistake."""

    def advice(value: object, where: Where) -> str:
        return f": write [{quoted(value)}]" if isinstance(value, str) else ""

    return lists(reader, "strings", least=least, advice=advice)


def tables(reader: Reader[T]) -> Reader[tuple[T, ...]]:
    """Return a reader of lists of tables, the lone table being the usual mistake."""

    def advice(value: object, where: Where) -> str:
        return f": write [[{where.path}]]" if isinstance(value, Mapping) else ""

    return lists(reader, "tables", advice=advice)


def row(readers: Sequence[Reader[Any]], what: str) -> Reader[tuple[Any, ...]]:
    """Return a reader of lists with as many items as there are readers."""

    def read(value: object, where: Where) -> tuple[Any, ...] | None:
        if isinstance(value, (list, tuple)) and len(value) == len(readers):
            return tuple(
                reader(item, where.item(index))
                for index, (reader, item) in enumerate(zip(readers, value, strict=True))
            )
        where.expected(what, value)
        return None

    return read


def table(
    make: Callable[..., T], required: Mapping[str, Reader[Any]], optional: Mapping[str, Reader[Any]]
) -> Reader[T]:
    """Return a reader of tables: what is read of each key becomes an argument of `make`."""
    readers = {**required, **optional}

    def read(value: object, where: Where) -> T | None:
        if not isinstance(value, Mapping):
            where.expected("a table", value)
            return None
        before = len(where.mistakes)
        fields: dict[str, object] = {}
        for key, found in value.items():
            if key in readers:
                fields[key] = readers[key](found, where.key(key))
            else:
                hint = nearest(key, readers) or f", known are {', '.join(readers)}"
                where.key(key).note(f"unknown key{hint}")
        for key in required:
            if key not in value:
                where.key(key).note("missing, but required")
        return make(**fields) if len(where.mistakes) == before else None

    return read


def nearest(word: object, words: Iterable[str]) -> str:
    """Return a question for the word that was probably meant, "" where none is near."""
    if not isinstance(word, str):
        return ""
    from difflib import get_close_matches

    near = get_close_matches(word[:_SHOWN].lower(), words, 1)
    return f", did you mean {quoted(near[0])}?" if near else ""


def described(value: object) -> str:
    """Say what was found, in the words of TOML and on one line."""
    if isinstance(value, str):
        return quoted(value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= _HUGE:
        return "a huge number"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    if isinstance(value, Mapping):
        return "a table" if value else "an empty table"
    return "nothing" if value is None else f"a value of type {type(value).__name__}"


def quoted(value: str) -> str:
    """Return the string as TOML would have it: on one line, and without a character that cannot be seen."""
    from json import dumps

    return dumps(value, ensure_ascii=not value.isprintable())


def _is_bare(key: str) -> bool:
    return key.isascii() and key.replace("-", "a").replace("_", "a").isalnum()


def _day_meant(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    try:
        return date.fromisoformat(value.strip()[:10]).isoformat() if isinstance(value, str) else ""
    except ValueError:
        return ""
