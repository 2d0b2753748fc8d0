"""Finds the files of a source tree that are read, and says what was passed over."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from ssot_probe.policy_file import OWN_NAME

SOURCE, CONFIGURATION, PICKLE = "source", "configuration", "pickle"

_SUFFIXES = {
    ".py": SOURCE,
    **dict.fromkeys((".toml", ".cfg", ".ini", ".yaml", ".yml", ".json", ".env", ".conf"), CONFIGURATION),
    **dict.fromkeys((".pkl", ".pickle"), PICKLE),
}
_BUILT = frozenset({"build", "dist", "_build", "htmlcov"})
_SITE = frozenset({"site-packages", "dist-packages"})
_RECORDINGS = "ssot-probe-data"


class Found(NamedTuple):
    """A file to be read."""

    path: str  # absolute
    kind: str  # SOURCE | CONFIGURATION | PICKLE
    size: int


class Tree(NamedTuple):
    """The files below a directory."""

    top: str  # the directory, or that of the one file
    files: tuple[Found, ...]
    ignored: Mapping[str, int]  # why -> how many directories or files were passed over
    unreadable: tuple[tuple[str, str], ...]  # path and reason of what could not be looked at


def find_tree(path: str, exclude: Sequence[str] = ()) -> Tree:
    """Return the files that are to be read below `path`, or the one file that it is, in order of their names.

    Symbolic links to directories are followed as long as they lead to one that was not visited before.

    Args:
        path: a directory or file that exists.
        exclude: globs on names, or on paths relative to `path`, of what to pass over.
    """
    top = os.path.abspath(path)
    search = _Search(exclude)
    if os.path.isdir(top):
        search.directory(top)
        return Tree(top, tuple(search.files), search.ignored, tuple(search.unreadable))
    search.file(top, "", os.path.basename(top))
    files = search.files or [Found(top, SOURCE, os.path.getsize(top))]
    return Tree(os.path.dirname(top), tuple(files), search.ignored, tuple(search.unreadable))


class _Search:
    """Goes through directories, without recursion, so that no depth is too deep."""

    def __init__(self, exclude: Sequence[str]) -> None:
        self.files: list[Found] = []
        self.ignored: Counter[str] = Counter()
        self.unreadable: list[tuple[str, str]] = []
        self._exclude = tuple(pattern.rstrip("/") for pattern in exclude)
        self._visited: set[tuple[int, int]] = set()

    def directory(self, top: str) -> None:
        """Collect what lies below."""
        waiting = [(top, "")]
        while waiting:
            directory, relative = waiting.pop()
            if self._was_visited(directory):
                self.ignored["links to what is read already"] += 1
                continue
            below = []
            for entry in self._entries(directory):
                path, name = f"{relative}{entry.name}", entry.name
                if not self._is_directory(entry):
                    self.file(entry.path, path, name)
                elif not self._is_passed_over(entry.path, path, name):
                    below.append((entry.path, f"{path}/"))
            waiting += reversed(below)

    def file(self, path: str, relative: str, name: str) -> None:
        """Collect one file, if it is of a kind that is read."""
        stem, suffix = os.path.splitext(name)
        kind = _SUFFIXES.get(suffix) or (CONFIGURATION if name == ".env" or stem == ".env" else None)
        if kind is None:
            return
        if self._is_excluded(relative, name):
            self.ignored["excluded"] += 1
            return
        if name == OWN_NAME:  # it names what is legacy, and uses none of it
            self.ignored["policies"] += 1
            return
        try:
            status = os.stat(path)
        except OSError as error:
            self.unreadable.append((path, f"cannot be read: {error.strerror}"))
            return
        if os.path.isfile(path):
            self.files.append(Found(path, kind, status.st_size))
        else:  # a pipe would wait for its writer
            self.unreadable.append((path, "cannot be read: not a regular file"))

    def _entries(self, directory: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.unreadable.append((directory, f"cannot be listed: {error.strerror}"))
            return
        yield from entries

    def _is_directory(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_dir()
        except OSError:  # a link that leads to itself; as a file it is then named as unreadable
            return False

    def _was_visited(self, directory: str) -> bool:
        try:
            status = os.stat(directory)
        except OSError:
            return False  # listing it will say why
        identity = (status.st_dev, status.st_ino)
        if identity in self._visited:
            return True
        self._visited.add(identity)
        return False

    def _is_passed_over(self, path: str, relative: str, name: str) -> bool:
        reason = _reason(path, name) or ("excluded" if self._is_excluded(relative, name) else "")
        if reason:
            self.ignored[reason] += 1
        return bool(reason)

    def _is_excluded(self, relative: str, name: str) -> bool:
        return any(fnmatchcase(name, pattern) or fnmatchcase(relative, pattern) for pattern in self._exclude)


def _reason(path: str, name: str) -> str:
    """Return why a directory is not looked into, "" where it is."""
    if name == "__pycache__":
        return "bytecode"
    if name.startswith("."):
        return "hidden directories"
    if name == "node_modules":
        return "node_modules"
    if name in _SITE:
        return "installed packages"
    if os.path.exists(os.path.join(path, "pyvenv.cfg")):
        return "virtual environments"
    if name.endswith((".egg-info", ".dist-info")):
        return "package metadata"
    if name == _RECORDINGS:
        return "recordings"
    if name in _BUILT and not os.path.exists(os.path.join(path, "__init__.py")):
        return "build output"
    return ""
