"""The watched paths themselves: what is known of each, and which of them a module belongs to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Optional

from ssot_probe.context.sources import is_main
from ssot_probe.model.names import is_within, qualify, split
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.paths.definitions import Definitions
from ssot_probe.observe.paths.kinds import Bound, bound_as
from ssot_probe.observe.paths.locating import ABSENT, UNKNOWN, is_same_file, locate


class WatchedPath:
    """One path, and what is known of it.

    Attributes:
        path: as the policy writes it.
        module: the module that it is, or is in.
        name: qualified name in the module; "" where it is the module with all below it.
        bound: what it names, None as long as no module of it was loaded.
        file: of its module.
        unheard: names of its code that cannot be listened to -> why.
        loaded: so many modules of it were.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.module, self.name = split(path)
        self.bound: Optional[Bound] = None
        self.file = ""
        self.unheard: dict[str, str] = {}
        self.loaded = 0
        self.is_located = False
        self.searched: object = None  # what decided where its module was looked for, the last time
        self._tail = "/" + self.module.replace(".", "/")

    def covers(self, module: str) -> bool:
        """Does a module of this name belong to it?"""
        return module == self.module if self.name else is_within(module, self.module)

    def may_be_in(self, file: str) -> bool:
        """Could the file be that of a module of it, loaded by another name?"""
        file = file.replace("\\", "/")
        if file.endswith((self._tail + ".py", self._tail + "/__init__.py", self._tail + ".pyc")):
            return True
        return not self.name and self._tail + "/" in file

    def may_be_called(self, module: str) -> bool:
        """Could a module of this name be one of it, found through another entry of `sys.path`?"""
        if module.rpartition(".")[2] == self.module.rpartition(".")[2]:
            return True
        return not self.name and any(
            type(entry) is str and self._tail + "/" in entry.replace("\\", "/") + "/" for entry in sys.path
        )


class PathTable:
    """All watched paths.

    Args:
        paths: as the policy writes them.
        on_failure: told of what could not be observed.

    Attributes:
        version: changes with whatever is told of the paths.
        blind: what is not heard although no import tells that it is there -> why.
    """

    def __init__(self, paths: Iterable[str], on_failure: Callable[[str, BaseException], None]) -> None:
        self.paths = [WatchedPath(path) for path in paths]
        self._by_module: dict[str, list[WatchedPath]] = {}
        self._by_last_part: dict[str, list[WatchedPath]] = {}
        for path in self.paths:
            self._by_module.setdefault(path.module, []).append(path)
            self._by_last_part.setdefault(path.module.rpartition(".")[2], []).append(path)
        self.version = 0
        self.blind: dict[str, str] = {}
        self._world: tuple[object, ...] = ()  # what must change before other modules can be found
        self._on_failure = on_failure

    def named(self, name: str) -> list[WatchedPath]:
        """Return the paths that a module of this name belongs to."""
        found = list(self._by_module.get(name, ()))
        around = name.rpartition(".")[0]
        while around:
            found += [path for path in self._by_module.get(around, ()) if not path.name]
            around = around.rpartition(".")[0]
        return found

    def of(self, name: str, file: str | None) -> list[WatchedPath]:
        """Return the paths that a module belongs to, by its name or as the same file by another name."""
        found = self.named(name)
        if type(file) is str:
            *directories, last = file.replace("\\", "/").split("/")
            for part in {last.partition(".")[0], *directories}.intersection(self._by_last_part):
                for path in self._by_last_part[part]:
                    if path not in found and path.may_be_in(file) and self._is_file_of(path, file):
                        found.append(path)
        return found

    def tell_unheard(self, path: WatchedPath, name: str, why: str) -> None:
        """Note that uses of some code of a path are not, or not all, heard; the first reason stays."""
        if name not in path.unheard:
            path.unheard[name] = why
            self.version += 1

    def tell_blind(self, path: WatchedPath, name: str, why: str) -> None:
        """Note the same of what no import tells that it is there."""
        self.tell_unheard(path, name, why)
        self.blind.setdefault(name if name == path.module else qualify(path.module, name), why)

    def is_of_path(self, path: str, cls: type) -> bool:
        """Does a class belong to a path itself?"""
        watched = next(each for each in self.paths if each.path == path)
        home = str(vars(cls).get("__module__", ""))
        if not watched.covers(home):
            return False
        return not watched.name or is_part(cls.__qualname__, watched.name)

    def locate(self) -> None:
        """Find the files of modules that were never loaded; from the recorder, as it reads directories."""
        world = (*sys.path, len(sys.modules))
        if world == self._world:
            return  # the recorder asks ten times a second
        self._world = world
        for path in self.paths:
            if path.is_located or (path.bound is not None and path.searched is None):
                continue
            ground = _ground(path.module)
            if ground == path.searched:
                continue
            is_first, path.searched = path.searched is None, ground
            try:
                kind, path.file = locate(path.module)
            except Exception as error:
                self._on_failure(path.path, error)
                kind = UNKNOWN
            path.is_located = kind != ABSENT  # a server extends `sys.path` before it loads the application
            if is_first or path.is_located:
                path.bound = Bound(kind, "") if path.bound in (None, Bound(ABSENT, "")) else path.bound
                self.version += 1

    def look_for_other_names(self) -> None:
        """Find watched modules that stand in `sys.modules` for others: nothing is loaded by their name."""
        for path in self.paths:
            module = sys.modules.get(path.module)
            own_name = _own_name(module)
            if module is None or own_name in ("", path.module) or is_main(path.module):
                continue
            bound = Bound("alias", own_name)
            if path.name:
                bound = bound_as(module, path.module, path.name, Definitions([], {}))
            if bound != path.bound:
                path.bound = bound
                self.version += 1

    def _is_file_of(self, path: WatchedPath, file: str) -> bool:
        if not path.file:
            try:
                _, path.file = locate(path.module)
            except Exception as error:
                self._on_failure(path.path, error)
        if is_same_file(path.file, file):
            return True
        if path.name or not path.file.endswith("/__init__.py"):
            return False
        return file.startswith(path.file.removesuffix("__init__.py"))


def _ground(module: str) -> tuple[object, ...]:
    """Return what decides where a module is looked for."""
    parts = module.split(".")
    ancestors = (".".join(parts[:end]) for end in range(1, len(parts)))
    return (*sys.path, *(name in sys.modules for name in ancestors))


def is_part(qualname: str, name: str) -> bool:
    """Is a qualified name that name, or inside of it?"""
    return qualname == name or qualname.startswith(name + ".")


def _own_name(module: object) -> str:
    """Return the name that a module was loaded by, "" for what is no module."""
    names = namespace_of(module)
    name = getattr(names.get("__spec__"), "name", None) or names.get("__name__")
    return name if type(name) is str else ""


def file_of(module: object) -> str:
    """Return the file that a module says it is from, "" for none."""
    file = namespace_of(module).get("__file__")
    return file if type(file) is str else ""
