"""The names that a change deletes, from a list or from a diff, so that each can be asked for its verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.changed_definitions import (
    CONSTANT,
    Defined,
    definitions_after,
    definitions_before,
)
from ssot_probe.analysis.retirement.unified_diff import FileChange, is_diff, read_diff
from ssot_probe.errors import UsageError
from ssot_probe.model.names import qualify
from ssot_probe.model.records import ModuleRecord

LISTED, MODULE = "listed", "module"

_NAME = r"[^\W\d]\w*"
_PATH = re.compile(rf"{_NAME}(?:\.{_NAME})*(?::{_NAME}(?:\.{_NAME})*)?")
_ROOTS = ("src", "lib", "python")
_LONGEST_QUOTE = 60

ModuleOf = Callable[[str], str]
"""Answers which module a file holds, "" where it holds none."""


class DeletedName(NamedTuple):
    """A path that will not lead to anything any more."""

    path: str  # `module` or `module:Name`
    kind: str  # "module" | "class" | "function" | "constant" | "listed"
    file: str  # that it is deleted from, or the list
    line: int  # of its definition, or of the list; 0 for a module
    moved_to: str = ""  # the path that what it named has from then on


class UnplacedName(NamedTuple):
    """A definition that is deleted out of something that the diff does not show."""

    name: str
    file: str
    line: int


class Deletions(NamedTuple):
    """What a change deletes."""

    names: tuple[DeletedName, ...]
    unplaced: tuple[UnplacedName, ...] = ()  # `git diff --function-context` shows where they stand
    others: tuple[str, ...] = ()  # deleted files that no import leads to
    is_empty: bool = False  # there was no change at all

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths to ask for, each once."""
        return tuple(dict.fromkeys(found.path for found in self.names))

    @property
    def constants(self) -> frozenset[str]:
        """Those of the paths that are constants."""
        return frozenset(found.path for found in self.names if found.kind == CONSTANT)


def deletions_in(text: str, source: str, module_of: ModuleOf) -> Deletions:
    """Return what a text names: a diff, or a list with one path in each line and comments behind `#`.

    Args:
        text: of the diff or the list.
        source: what an error calls it, such as the name of its file.
        module_of: tells the module in a file, such as `modules_of` does.

    Raises:
        UsageError: it is neither, or it is cut off. The message names the line and what is expected.
    """
    if is_diff(text):
        return deletions_of(read_diff(text, source), module_of)
    return Deletions(tuple(names_in_list(text, source)))


def names_in_list(text: str, source: str) -> Iterator[DeletedName]:
    """Yield the paths of a list.

    Raises:
        UsageError: a line holds anything else.
    """
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        path = line.partition("#")[0].strip()
        if not path:
            continue
        if _PATH.fullmatch(path) is None:
            shown = repr(path if len(path) <= _LONGEST_QUOTE else path[:_LONGEST_QUOTE] + "...")
            raise UsageError(
                f"{source}: line {number}: found {shown}, expected one `module` or `module:Name`{_hint(path)}"
            )
        yield DeletedName(path, LISTED, source, number)


def deletions_of(changes: Sequence[FileChange], module_of: ModuleOf) -> Deletions:
    """Return the modules, and what is bound at the top of modules or in classes, that changes delete.

    A definition that stays in its file, however changed, is not deleted. One that goes to another file is
    told with the path that it has there, and so is a renamed module: its old path is deleted.
    """
    python = [change for change in changes if _is_python(change.old) or _is_python(change.new)]
    arrived = _arrived(python, module_of)
    names: list[DeletedName] = []
    unplaced: list[UnplacedName] = []
    for change in python:
        if change.is_copy or not _is_python(change.old):
            continue
        module = module_of(change.old)
        after = _module(change.new, module_of)
        if not module:
            continue
        gone = _gone(change)
        if after == module:
            names += _named(gone, module, change.old, arrived, with_all=True)
            unplaced += (
                UnplacedName(found.name, change.old, found.line) for found in gone if not found.is_placed
            )
        elif not any(module_of(other.new) == module for other in python if other.new):
            names.append(DeletedName(module, MODULE, change.old, 0, after))
            names += _named(gone, module, change.old, arrived, with_all=False)
    others = {
        change.old
        for change in changes
        if change.old and not change.new and not _module(change.old, module_of)
    }
    return Deletions(tuple(sorted(set(names))), tuple(sorted(set(unplaced))), tuple(sorted(others)))


def modules_of(inventory: Recording | None) -> ModuleOf:
    """Return what answers for files: with the names of a scan, else with what the path of a file suggests."""
    known: dict[str, str] = {}
    if inventory is not None:
        known = {record.file: record.module for _, record in inventory.of(ModuleRecord)}

    def module_of(file: str) -> str:
        return known.get(file) or _guessed(file)

    return module_of


def _guessed(file: str) -> str:
    """Return the module that a file holds where its directories below the root are packages."""
    parts = file.removesuffix(".py").split("/")
    if len(parts) > 1 and parts[0] in _ROOTS:
        parts = parts[1:]
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else ""


def _module(file: str, module_of: ModuleOf) -> str:
    return module_of(file) if _is_python(file) else ""


def _is_python(file: str) -> bool:
    return file.endswith(".py")


def _gone(change: FileChange) -> list[Defined]:
    """Return what the old file defined and the new one does not; of a class that is gone the class alone."""
    after = definitions_after(change)
    kept = {found.name for found in after if found.is_placed}
    kept_last = {found.name.rpartition(".")[2] for found in after}
    gone: list[Defined] = []
    classes: set[str] = set()
    for found in definitions_before(change):
        if not found.is_changed or any(_is_part(found.name, name) for name in classes):
            continue
        if found.name in (kept if found.is_placed else kept_last):
            continue
        gone.append(found)
        if found.kind == "class" and found.is_placed:
            classes.add(found.name)
    return gone


def _named(
    gone: Iterable[Defined], module: str, file: str, arrived: dict[str, list[str]], with_all: bool
) -> Iterator[DeletedName]:
    """Yield definitions that are gone; where their whole module is, those that are elsewhere now."""
    for found in gone:
        if found.is_placed:
            elsewhere = [path for path in arrived.get(found.name, ()) if path != qualify(module, found.name)]
            moved_to = elsewhere[0] if len(elsewhere) == 1 else ""
            if with_all or moved_to:
                yield DeletedName(qualify(module, found.name), found.kind, file, found.line, moved_to)


def _arrived(changes: Iterable[FileChange], module_of: ModuleOf) -> dict[str, list[str]]:
    """Return the paths of definitions that changes add, by their qualified names."""
    arrived: dict[str, list[str]] = {}
    for change in changes:
        module = _module(change.new, module_of)
        before = {found.name for found in definitions_before(change)}
        for found in definitions_after(change):
            if module and found.is_placed and found.is_changed and found.name not in before:
                paths = arrived.setdefault(found.name, [])
                if qualify(module, found.name) not in paths:
                    paths.append(qualify(module, found.name))
    return arrived


def _is_part(name: str, of: str) -> bool:
    return name.startswith(f"{of}.")


def _hint(path: str) -> str:
    """Return the path that was likely meant."""
    meant = _guessed(path) if path.endswith(".py") else path.replace("::", ":").replace("/", ".")
    return f", such as `{meant}`" if meant != path and _PATH.fullmatch(meant) else ""
