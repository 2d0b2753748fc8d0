"""Listens to one module: to its code, where there are events, and to its classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os.path import abspath
from types import CodeType, FunctionType, ModuleType
from typing import Any
from weakref import ref

from ssot_probe.model.names import qualify
from ssot_probe.model.path_records import CALLED, CONSTRUCTED
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.census import is_strange
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.paths import unheard
from ssot_probe.observe.paths.caches import Caches
from ssot_probe.observe.paths.definitions import (
    Definition,
    Definitions,
    bound_definitions,
    constructing,
    definitions_in,
    is_dispatching,
    own_classes,
)
from ssot_probe.observe.paths.ear import Ear, Target
from ssot_probe.observe.paths.ears import Ears
from ssot_probe.observe.paths.exchanged import ExchangedCode
from ssot_probe.observe.paths.kinds import Bound, bound_as
from ssot_probe.observe.paths.progress import Progress
from ssot_probe.observe.paths.questions import of_module
from ssot_probe.observe.paths.stored import StoredFunctions
from ssot_probe.observe.paths.subclasses import Subclasses
from ssot_probe.observe.paths.watched_path import PathTable, WatchedPath, file_of, is_part
from ssot_probe.observe.paths.wrapping import Wrapping


class Listening:
    """Puts ears on what modules of watched paths define.

    Args:
        ears: what is heard.
        wrapping: hears what events do not.
        table: the watched paths.
        has_events: this interpreter tells of calls.
        is_followed: are constructions of this class told already, as those of a concept?
        on_failure: told of what could not be observed.
        entry_points: those of the paths that must have run.
        progress: sees whether these get past their first line.
    """

    def __init__(
        self,
        ears: Ears,
        wrapping: Wrapping,
        table: PathTable,
        has_events: bool,
        is_followed: Callable[[type], bool],
        on_failure: Callable[[str, BaseException], None],
        entry_points: frozenset[str],
        progress: Progress,
    ) -> None:
        self._ears = ears
        self._wrapping = wrapping
        self._table = table
        self._has_events = has_events
        self._is_followed = is_followed
        self._on_failure = on_failure
        self._entry_points = entry_points
        self._progress = progress
        self._armed: set[tuple[str, int]] = set()
        self._running: dict[tuple[str, str], Ear] = {}  # of files that are run as a whole
        self._constructors: list[tuple[WatchedPath, ref[type], frozenset[int]]] = []
        self._exchanged = ExchangedCode(ears, table)
        self.caches = Caches(ears)
        self.subclasses = Subclasses(ears, wrapping, table.is_of_path)
        self.stored = StoredFunctions(ears, wrapping, table)

    def listen(
        self, name: str, module: ModuleType, paths: Sequence[WatchedPath], definitions: Definitions
    ) -> None:
        """Listen to what a module defines, as far as it belongs to the paths."""
        self._table.version += 1
        classes = own_classes(module, name)
        bound = list(bound_definitions(module, classes.values()))
        found = Definitions([*definitions.functions, *bound], definitions.classes)
        file = file_of(module)
        for path in paths:
            path.loaded += 1
            path.is_located = True
            if not path.name:
                path.bound = Bound("module", "")
                path.file = file if name == path.module or not path.file else path.file
            else:
                path.file = file
                path.bound = bound_as(module, name, path.name, definitions)
            if unheard.is_not_python(module):
                path.unheard[name] = unheard.NOT_PYTHON
            self._listen_to_code(path, name, module, file, found)
            self._listen_to_classes(path, name, file, classes, found)
            if self._has_events:
                self._exchanged.take_in(path, module, classes.values())
                self.caches.take_in(path.path, name, path.name, file, module, classes)
            else:
                self.stored.wrap_all(path, name, module, file, classes, found)
            self._tell_dispatching(path, module)
        if self._has_events:
            self.stored.listen_to_making(module, classes)

    def listen_to_main(self, name: str, main: ModuleType, path: WatchedPath) -> None:
        """Listen to the functions that `__main__` has by now; before 3.12 tell that they are not heard."""
        classes = own_classes(main, "__main__")
        found = Definitions(list(bound_definitions(main, classes.values())), {})
        file = file_of(main)
        is_there = any(each.name == path.name for each in found.functions)
        if path.name and (is_there or path.name in classes):
            kind = "class" if path.name in classes else "function"
            path.bound, path.file, path.loaded = Bound(kind, ""), file or path.file, max(1, path.loaded)
        for qualname, cls in classes.items():
            is_heard = self._has_events and self._has_own_constructor(cls)
            if not is_heard and (not path.name or is_part(qualname, path.name)):
                self._table.tell_blind(path, qualname, unheard.IN_MAIN)
        if self._has_events:
            self._listen_to_code(path, name, main, file, found)
            return
        for each in found.of(path.name):
            self._table.tell_blind(path, each.name, unheard.NO_WRAPPER)

    def listen_to_code_that_runs(self, code: CodeType, paths: Sequence[WatchedPath], frame: Any) -> None:
        """Listen to the code of a file that is about to be run, past the import system."""
        found, file = definitions_in(code), abspath(code.co_filename)
        for path in paths:
            name = path.module
            path.loaded += 1
            self._table.version += 1
            if not path.name:
                ear = self._running.get((path.path, file))
                if ear is None:
                    ear = self._ears.add(of_module(path.path, CALLED, name, file))
                    self._running[path.path, file] = ear
                self._ears.note(ear, frame)
            constructors = constructing(found.functions)
            for each in found.of(path.name):
                target = _target(path.path, name, file, each, found, constructors)
                if not self._has_events or self._ears.listen(each.code, target) is None:
                    self._table.tell_blind(path, each.name, unheard.UNSEEN)
            for qualname in found.classes:
                if not path.name or is_part(qualname, path.name):
                    self._table.tell_blind(path, qualname, unheard.UNSEEN)

    def look_for_replaced(self) -> None:
        """Tell of what runs other code than when it was loaded."""
        while self._wrapping.replaced:
            target = self._wrapping.replaced.pop()
            for each in self._table.paths:
                if each.path == target.path:
                    self._table.tell_blind(each, target.name, unheard.REPLACED)
        for path, cls, codes in list(self._constructors):
            kept = cls()
            if kept is not None and _constructor_codes(kept) != codes:
                self._constructors.remove((path, cls, codes))
                self._table.tell_blind(path, kept.__qualname__, unheard.REPLACED)
        self._exchanged.look()

    def _tell_dispatching(self, path: WatchedPath, module: ModuleType) -> None:
        for attribute, value in list(namespace_of(module).items()):
            if is_dispatching(value) and (not path.name or is_part(attribute, path.name)):
                self._table.tell_unheard(path, attribute, unheard.DISPATCHING)

    def _listen_to_code(
        self, path: WatchedPath, name: str, module: ModuleType, file: str, found: Definitions
    ) -> None:
        if not self._has_events:
            return
        constructors = constructing(found.functions)
        for each in found.of(path.name):
            if (path.path, id(each.code)) in self._armed:
                continue
            self._armed.add((path.path, id(each.code)))
            self._table.version += 1
            target = _target(path.path, name, file, each, found, constructors)
            ear = self._ears.listen(each.code, target)
            if path.path in self._entry_points and each.name == path.name:
                self._progress.follow(path.path, each.code)
            if ear is None:
                path.unheard[each.name] = unheard.NO_EVENTS
            elif each.name == "__getattr__" and ear.asked is None:
                ear.asked = {}
        if path.name:
            self._listen_to_getattr(path, name, file, found)

    def _listen_to_getattr(self, path: WatchedPath, name: str, file: str, found: Definitions) -> None:
        """Hear when a module that does not bind a name is asked for it."""
        for each in found.functions:
            if each.name == "__getattr__":
                ear = self._ears.listen(each.code)
                if ear is not None:
                    target = Target(
                        path.path,
                        CALLED,
                        qualify(name, path.name),
                        file,
                        each.code.co_firstlineno,
                        path.name,
                        name,
                    )
                    ear.asked = {**(ear.asked or {}), path.name: (target,)}

    def _listen_to_classes(
        self, path: WatchedPath, name: str, file: str, classes: dict[str, type], found: Definitions
    ) -> None:
        own = {
            qualname: cls
            for qualname, cls in classes.items()
            if not path.name or is_part(qualname, path.name)
        }
        for qualname, cls in own.items():
            if is_strange(cls):
                path.unheard[qualname] = unheard.STRANGE
                continue
            line = found.classes.get(qualname) or vars(cls).get("__firstlineno__") or 0
            target = Target(path.path, CONSTRUCTED, qualify(name, qualname), file, line, qualname, name)
            self.subclasses.add(cls, target)
            own_code = _constructor_codes(cls)
            if own_code:
                self._constructors.append((path, ref(cls), own_code))
            try:
                why = unheard.why_unheard(cls) or self._listen_to_constructor(path, cls, target)
            except Exception as error:
                self._on_failure(target.subject, error)
                why = f"looking at it raised {type(error).__name__}"
            if why:
                path.unheard[qualname] = why
        owners = {each.owner for each in found.functions if each.name.endswith(("__init__", "__new__"))}
        for qualname in found.classes:
            is_told = qualname in classes or qualname in owners or "<locals>" in qualname
            if not is_told and (not path.name or is_part(qualname, path.name)):
                path.unheard[qualname] = unheard.HIDDEN

    def _listen_to_constructor(self, path: WatchedPath, cls: type, target: Target) -> str:
        """Hear constructions of a class; return why that cannot be done, "" where it is."""
        if self._has_own_constructor(cls):
            is_heard = not self._has_events or self._is_heard(cls)
            return "" if is_heard else unheard.IN_C
        if self._is_followed(cls) or self._is_heard_at_base(path, cls):
            return ""
        return "" if self._wrapping.listen_to_constructions(cls, target) else unheard.IN_C

    def _has_own_constructor(self, cls: type) -> bool:
        names = vars(cls)
        own = names.get("__init__")
        if own is not None and type(own).__name__ == "ObservedConstructor":
            own = own.__wrapped__
            return plain_function(own) is not None and _is_own(cls, plain_function(own))
        return own is not None or plain_function(names.get("__new__")) is not None

    def _is_heard(self, cls: type) -> bool:
        """Is the code listened to that constructs the class?"""
        functions = (plain_function(vars(cls).get(name)) for name in ("__init__", "__new__"))
        if any(each is not None and id(each.__code__) in self._ears.by_code for each in functions):
            return True
        return any(  # by code that a decorator hides
            target.rung == CONSTRUCTED and target.name == cls.__qualname__
            for ear in list(self._ears.by_code.values())
            for target in ear.targets
        )

    def _is_heard_at_base(self, path: WatchedPath, cls: type) -> bool:
        """Is it constructed by code of the same path, which is listened to?"""
        if not self._has_events:
            return False
        for base in cls.__mro__[1:]:
            for name in ("__init__", "__new__"):
                function = plain_function(vars(base).get(name))
                ear = None if function is None else self._ears.by_code.get(id(function.__code__))
                if ear is not None:
                    return any(target.path == path.path for target in ear.targets)
            if "__init__" in vars(base) and base is not object:
                return False
        return False


def _target(
    path: str, name: str, file: str, each: Definition, found: Definitions, constructors: set[int]
) -> Target:
    if id(each.code) in constructors:
        line = found.classes.get(each.owner) or each.code.co_firstlineno
        return Target(path, CONSTRUCTED, qualify(name, each.owner), file, line, each.owner, name)
    line = each.code.co_firstlineno if not each.code.co_filename.startswith("<") else 0
    return Target(path, CALLED, qualify(name, each.name), file, line, each.name, name)


def _constructor_codes(cls: type) -> frozenset[int]:
    """Return the ids of the code that constructs a class, as far as it is its own."""
    functions = (plain_function(vars(cls).get(name)) for name in ("__init__", "__new__"))
    return frozenset(id(function.__code__) for function in functions if function is not None)


def _is_own(cls: type, function: FunctionType | None) -> bool:
    return function is not None and function.__qualname__ == f"{cls.__qualname__}.__init__"
