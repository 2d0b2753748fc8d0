"""Gives every file the dotted name that it is imported by.

A package says so itself: its directories hold `__init__.py`. Where these end, the imports in the tree decide
whether the directory above is on the path, or a namespace package that is.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.inventory.facts import Facts

_ROOT_NAMES = ("src", "site-packages", "dist-packages")
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "manage.py", "ssot-probe.toml")


class Named(NamedTuple):
    """A file with its module name."""

    path: str
    module: str
    root: str  # the directory that would be on `sys.path`
    is_package: bool
    local: str  # the name below that directory: another one where two files would have the same


class _Loose(NamedTuple):
    """A file with the part of its name that is certain."""

    path: str
    top: str  # the directory above its outermost package, or its own
    parts: tuple[str, ...]
    is_package: bool


def name_modules(
    sources: Mapping[str, Facts], roots: Sequence[str], packages: Sequence[str] = ()
) -> list[Named]:
    """Return the files with their names, each name once.

    Args:
        sources: path -> facts, of every file.
        roots: directories that are on the path for certain, such as the project's.
        packages: declared ones; the directories that they lie in are on the path.
    """
    certain = set(roots)
    loose = [_certain_part(path) for path in sources]
    is_root = _Roots(certain)
    by_top: dict[str, list[_Loose]] = defaultdict(list)
    for one in loose:
        by_top[one.top].append(one)
    evidence = _Evidence(sources)
    named: list[Named] = []
    for top, members in sorted(by_top.items(), key=lambda item: (item[0].count("/"), item[0])):
        prefix = _prefix(top, members, is_root, evidence, packages)
        root = top
        for _ in prefix:
            root = os.path.dirname(root)
        named.extend(
            Named(one.path, name, root, one.is_package, name)
            for one in members
            for name in [".".join((*prefix, *one.parts))]
        )
    return list(_each_once(named, certain))


def above_packages(directory: str) -> str:
    """Return the directory above the outermost package that a directory belongs to, or itself."""
    while os.path.exists(os.path.join(directory, "__init__.py")) and os.path.basename(directory):
        directory = os.path.dirname(directory)
    return directory


class _Roots:
    """Which directories are on the path, as far as the files in them tell."""

    def __init__(self, certain: set[str]) -> None:
        self._known = dict.fromkeys(certain, True)

    def __contains__(self, directory: str) -> bool:
        known = self._known.get(directory)
        if known is None:
            known = self._known[directory] = (
                os.path.basename(directory) in _ROOT_NAMES
                or directory == os.path.dirname(directory)
                or any(os.path.exists(os.path.join(directory, name)) for name in _PROJECT_FILES)
            )
        return known

    def parts_below(self, directory: str) -> tuple[str, ...]:
        """Return the directories between the nearest root and this one."""
        parts: list[str] = []
        while directory not in self:
            parts.append(os.path.basename(directory))
            directory = os.path.dirname(directory)
        return tuple(reversed(parts))


class _Evidence:
    """What the tree's absolute imports ask for."""

    def __init__(self, sources: Mapping[str, Facts]) -> None:
        self._anywhere: Counter[str] = Counter()
        self._in_directory: dict[str, Counter[str]] = defaultdict(Counter)
        for path, facts in sources.items():
            asked: set[str] = set()
            for found in facts.imports:
                if not found.level:
                    asked.update(_prefixes(found.module))
                    asked.update(f"{found.module}.{name}" for name in found.names)
            self._anywhere.update(asked)
            self._in_directory[os.path.dirname(path)].update(name for name in asked if "." not in name)

    def of(self, prefix: tuple[str, ...], top: str, members: Iterable[_Loose]) -> int:
        """Return how many files ask for members of a directory by this prefix."""
        firsts = {one.parts[0]: one for one in members if one.parts}
        if prefix:
            return sum(self._anywhere[".".join((*prefix, first))] for first in firsts)
        return sum(
            self._in_directory[top][first]
            if len(one.parts) == 1 and not one.is_package
            else self._anywhere[first]
            for first, one in firsts.items()
            if first not in sys.stdlib_module_names
        )


def _certain_part(path: str) -> _Loose:
    directory, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    is_package = stem == "__init__"
    parts = [] if is_package else [stem]
    top = above_packages(directory)
    packages = os.path.relpath(directory, top).split(os.sep) if top != directory else []
    return _Loose(path, top, (*packages, *parts), is_package)


def _prefix(
    top: str, members: Sequence[_Loose], roots: _Roots, evidence: _Evidence, packages: Sequence[str]
) -> tuple[str, ...]:
    """Return the namespace packages that a directory is to be reached by."""
    below = roots.parts_below(top)
    if not below:
        return ()
    candidates = [below[start:] for start in range(len(below) + 1)]
    for package in packages:
        for candidate in candidates:
            if any(_is_within(package, (*candidate, *one.parts)) for one in members):
                return candidate
    scores = {candidate: evidence.of(candidate, top, members) for candidate in candidates}
    best = max(candidates, key=lambda candidate: scores[candidate])
    if scores[best]:
        return best
    return () if any(len(one.parts) > 1 or one.is_package for one in members) else below


def _is_within(package: str, parts: tuple[str, ...]) -> bool:
    declared = tuple(package.split("."))
    return parts[: len(declared)] == declared


def _each_once(named: Iterable[Named], roots: Iterable[str]) -> Iterator[Named]:
    """Give the second file of one name the name that its path makes; the first keeps what it is called."""
    taken: set[str] = set()
    for one in named:
        module = one.module
        if module in taken:
            module = ".".join((*_parts_above(one.root, roots), module))
        for number in range(2, sys.maxsize):
            if module not in taken:
                break
            module = f"{one.module}#{number}"
        taken.add(module)
        yield one._replace(module=module)


def _parts_above(directory: str, roots: Iterable[str]) -> list[str]:
    """Return the directories between one of the roots and a directory, itself included."""
    above = [root for root in roots if directory.startswith(root.rstrip(os.sep) + os.sep)]
    return os.path.relpath(directory, max(above, key=len)).split(os.sep) if above else []


def _prefixes(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
