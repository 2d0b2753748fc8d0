"""What is watched in this process because somebody wants to delete it, or must know that it ran."""

from __future__ import annotations

import sys
from _thread import allocate_lock
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec
from sys import _getframe
from time import monotonic, time_ns
from types import FunctionType, ModuleType
from typing import Any, Optional

from ssot_probe.context.current import thread_name
from ssot_probe.context.sources import is_main
from ssot_probe.model.names import is_within, qualify, split
from ssot_probe.model.path_records import CALLED, CONSTRUCTED, RESOLVED
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.contents import Contents
from ssot_probe.observe.held_functions import held_elsewhere
from ssot_probe.observe.importers import importing_frame
from ssot_probe.observe.loading import Loading
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.paths import control, unheard
from ssot_probe.observe.paths.caches import Caches
from ssot_probe.observe.paths.capturing import Capture
from ssot_probe.observe.paths.definitions import (
    Definition,
    Definitions,
    constructing,
    definitions_in,
    living_definitions,
    made_from_text,
    own_classes,
)
from ssot_probe.observe.paths.ears import Ear, Ears, Target, Use
from ssot_probe.observe.paths.kinds import Bound, bound_as
from ssot_probe.observe.paths.locating import is_same_file, locate
from ssot_probe.observe.paths.subclasses import Subclasses
from ssot_probe.observe.paths.wrapping import Wrapping

REARM_SECONDS = 3600.0
"""After which all is listened to again: what was used in this hour may be used in the next one too."""

REST_SECONDS = 10.0
"""After which what tests, health checks and the path itself use is listened to again."""

LOOK_SECONDS = 0.5
"""Between two looks for subclasses and cached answers."""

_HAS_EVENTS = sys.version_info >= (3, 12)
_SPOKEN = frozenset({"__init__", "__call__", "__enter__", "__aenter__"})
_RUNNING = frozenset({"_find_and_load_unlocked", "reload"})
_MOST_FRAMES = 12


class WatchedPath:
    """One path, and what is known of it.

    Attributes:
        path: as the policy writes it.
        module: the module that it is, or is in.
        name: qualified name in the module; "" where it is the module with all below it.
        bound: what it names, None as long as no module of it was loaded.
        file: of its module.
        code: first line and qualified name of its definition are found in its file by it.
        unheard: names of its code that cannot be listened to -> why.
        loaded: so many modules of it were.
        modules: the names under which they were, with their files.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.module, self.name = split(path)
        self.bound: Optional[Bound] = None
        self.file = ""
        self.unheard: dict[str, str] = {}
        self.loaded = 0
        self.is_located = False

    def covers(self, module: str) -> bool:
        """Does a module of this name belong to it?"""
        return module == self.module if self.name else is_within(module, self.module)

    def may_be_in(self, file: str) -> bool:
        """Could the file be that of a module of it, loaded by another name?"""
        tail = "/" + self.module.replace(".", "/")
        file = file.replace("\\", "/")
        if file.endswith((tail + ".py", tail + "/__init__.py", tail + ".pyc")):
            return True
        return not self.name and tail + "/" in file


class WatchedPaths:
    """Listens to the watched paths.

    Args:
        paths: as the policy writes them.
        monitoring: tells of events of code objects.
        append: takes each use that is new.
        is_first_party: (name of a module, its file) -> is it the application's own?
        knows_user: is there a user at the moment?
        is_followed: are constructions of this class told already, as those of a concept?
        on_failure: told of what could not be observed.
    """

    def __init__(
        self,
        paths: Iterable[str],
        monitoring: Monitoring,
        append: Callable[[Any], None],
        is_first_party: Callable[[str, object], bool],
        knows_user: Callable[[], bool],
        is_followed: Callable[[type], bool],
        on_failure: Callable[[str, BaseException], None],
    ) -> None:
        self.paths = [WatchedPath(path) for path in paths]
        self._is_on = False
        self.ears = Ears(monitoring, append, is_first_party, knows_user, on_failure)
        self._wrapping = Wrapping(self.ears, _HAS_EVENTS, on_failure)
        self._caches = Caches(self.ears)
        self._subclasses = Subclasses(self.ears, self._wrapping, self._is_of_path)
        self._has_events = _HAS_EVENTS
        self._is_followed = is_followed
        self._on_failure = on_failure
        self._captures: dict[int, Capture] = {}
        self._held: dict[str, frozenset[int]] = {}
        self._wrapped: dict[str, set[int]] = {}
        self._unsearched: dict[str, ModuleType] = {}
        self._late: list[tuple[str, ModuleType]] = []
        self._questions: dict[tuple[str, bool], Ear] = {}
        self._programs: set[str] = set()
        self._armed: set[tuple[str, int]] = set()
        now = monotonic()
        self._next_look, self._next_rearm, self._next_rest = 0.0, now + REARM_SECONDS, now + REST_SECONDS
        self.missed: dict[str, str] = {}
        self.has_tried = False
        self._trying = allocate_lock()
        self.version = 0  # changes with whatever is told of the paths

    # What the finder says

    def paths_of(self, name: str, file: str | None) -> list[WatchedPath]:
        """Return the paths that a module belongs to, by its name or as the same file by another name."""
        found = [path for path in self.paths if path.covers(name)]
        if file:
            for path in self.paths:
                if path not in found and path.may_be_in(file) and self._is_file_of(path, file):
                    found.append(path)
        return found

    def asked(self, name: str) -> None:
        """Note that a finder was asked for a module, if only to know whether it is there."""
        paths = [path for path in self.paths if path.covers(name)]
        frame = None if not paths else _asked_by(_getframe(2))
        if frame is None:
            return
        is_run = _is_of_runpy(frame.f_back)
        while _is_of_runpy(frame.f_back):
            frame = frame.f_back
        ear = self._questions.get((name, is_run))
        if ear is None:
            rung = CALLED if is_run else RESOLVED
            targets = [_of_module(path.path, rung, name, path.file) for path in paths]
            ear = self._questions[name, is_run] = self.ears.add(*targets)
        self.ears.note(ear, frame)

    def postponed(self, loading: Loading) -> None:
        """Note an import that has made a lazy module, of which nothing has run yet."""
        for path in [path for path in self.paths if path.covers(loading.module)]:
            target = _of_module(path.path, RESOLVED, loading.module, path.file)
            self.ears.add_use(
                Use(
                    *((target,), loading.code, loading.offset, loading.importer, loading.origin),
                    *(False, thread_name(), time_ns(), [1, 0, 0, time_ns()]),
                )
            )

    def begins(self, loader: Any, module: ModuleType) -> None:
        """Keep the code of a module that a loader is about to run."""
        spec = namespace_of(module).get("__spec__")
        if isinstance(spec, ModuleSpec) and self.paths_of(spec.name, spec.origin):
            capture = Capture(loader)
            if capture.begin():
                self._captures[id(module)] = capture

    def ends(self, module: ModuleType) -> None:
        """Know that the loader has run it, or failed to."""
        capture = self._captures.get(id(module))
        if capture is not None:
            capture.end()
            if capture.code is None:
                del self._captures[id(module)]

    def forget(self, module: ModuleType) -> None:
        """Forget the code of a module that could not be loaded."""
        capture = self._captures.pop(id(module), None)
        if capture is not None:
            capture.end()

    # What the modules hold

    def look_before_wrappers(self, name: str, module: ModuleType) -> None:
        """Note which functions are held elsewhere, as long as nothing stands in their places yet."""
        if self._has_events or not self.paths_of(name, namespace_of(module).get("__file__")):
            return
        held = set(held_elsewhere(Contents(module, name)))
        for cls in own_classes(module, name).values():
            held |= held_elsewhere(Contents(cls, name))
        self._held[name] = frozenset(held)

    def take_in(self, name: str, module: ModuleType) -> None:
        """Listen to a module that has run."""
        capture = self._captures.pop(id(module), None)
        file = namespace_of(module).get("__file__")
        paths = self.paths_of(name, file)
        if not paths:
            return
        if capture is None or capture.code is None:
            self._late.append((name, module))
            self.take_in_late()
            return
        self._listen(name, module, paths, definitions_in(capture.code))

    def expect(self, name: str, module: ModuleType) -> None:
        """Listen to a module that was there before, once `take_in_late` is called for all of them."""
        if self.paths_of(name, namespace_of(module).get("__file__")):
            self._late.append((name, module))

    def take_in_late(self) -> None:
        """Listen to modules whose loading was not seen."""
        late, self._late = self._late, []
        if not late:
            return
        found = living_definitions([module for _, module in late])
        for name, module in late:
            paths = self.paths_of(name, namespace_of(module).get("__file__"))
            self._listen(name, module, paths, found[id(module)])

    def take_in_main(self) -> None:
        """Listen to a watched module that runs as the program, which is a use of it."""
        main = sys.modules.get("__main__")
        if main is None:
            return
        own_name = _name_of_program(main)
        for path in self.paths:
            if not (is_main(path.module) or (own_name and path.covers(own_name))):
                continue
            name = own_name if own_name and path.covers(own_name) else path.module
            if path.path not in self._programs and not path.name:
                self._programs.add(path.path)
                path.loaded += 1
                path.bound = Bound("module", "")
                self.version += 1
                file = namespace_of(main).get("__file__")
                ear = self.ears.add(_of_module(path.path, CALLED, name, str(file or "")))
                self.ears.note(ear, _outermost())
            self._listen_to_main(name, main, path)

    # What the recorder asks

    def look(self) -> None:
        """Find subclasses and cached answers, and listen again to what has rested; from the recorder."""
        now = monotonic()
        if now < self._next_look or not self._is_on:
            return
        self._next_look = now + LOOK_SECONDS
        self.take_in_main()
        self.look_at_once()
        if now >= self._next_rearm:
            self.listen_again()
            self._next_rearm, self._next_rest = now + REARM_SECONDS, now + REST_SECONDS
        elif now >= self._next_rest:
            self._next_rest = now + REST_SECONDS
            self._wrapping.put_back(self.ears.begin_again(only_short=True))

    def look_at_once(self) -> None:
        """Find subclasses and cached answers, and modules that were loaded unseen."""
        self.take_in_late()
        self._subclasses.look()
        self._caches.look()
        self._look_for_unwrapped()

    def listen_again(self) -> None:
        """Listen again to all that was heard often enough for a while."""
        self._wrapping.put_back(self.ears.begin_again())

    def locate(self) -> None:
        """Find the files of modules that were never loaded; from the recorder, as it reads directories."""
        for path in self.paths:
            if path.bound is None and not path.is_located:
                path.is_located = True
                try:
                    kind, path.file = locate(path.module)
                except Exception as error:
                    self._on_failure(path.path, error)
                    kind = "unknown"
                path.bound = path.bound or Bound(kind, "")
                self.version += 1

    def try_control(self, finder: object, has_tripwire: bool) -> None:
        """Try whether all would be heard, and remember in `missed` what was not, each with why."""
        if not self._is_on or not self._trying.acquire(False):
            return  # another thread tries just now, and two at once would count each other
        try:
            for what, why in control.missed(self.ears, finder, self._has_events, has_tripwire).items():
                self.missed.setdefault(what, why)
            self.has_tried = True
        finally:
            self._trying.release()

    def after_fork_in_child(self) -> None:
        """Count from zero, and listen to all."""
        self._wrapping.put_back(self.ears.after_fork_in_child())
        self._caches.forget()
        self._subclasses.forget()
        now = monotonic()
        self._next_look, self._next_rearm, self._next_rest = 0.0, now + REARM_SECONDS, now + REST_SECONDS
        for path in self.paths:
            path.loaded = 0
        self.has_tried = False
        self.missed.clear()
        self._trying = allocate_lock()

    def enable(self) -> None:
        """Look, and try what is heard, from now on: the finder is in its place."""
        self._is_on = True

    def disable(self) -> None:
        """Hear nothing more; wrappers only pass calls on."""
        self._is_on = False
        self.ears.stop()
        self._wrapping.disable()

    def remove(self) -> None:
        """Take everything off. After the wrappers that stand around ours."""
        self.disable()
        self._wrapping.remove()

    # How one module is listened to

    def _listen(
        self, name: str, module: ModuleType, paths: Sequence[WatchedPath], definitions: Definitions
    ) -> None:
        self.version += 1
        classes = own_classes(module, name)
        made = list(made_from_text(module, classes.values()))
        found = Definitions([*definitions.functions, *made], definitions.classes)
        file = str(namespace_of(module).get("__file__") or "")
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
                self._caches.take_in(path.path, name, path.name, file, module, classes)
            else:
                self._wrap_all(path, name, module, file, classes, found)

    def _listen_to_main(self, name: str, main: ModuleType, path: WatchedPath) -> None:
        """Listen to the functions that `__main__` has by now."""
        if not self._has_events:
            return
        found = Definitions([], {})
        for value in list(namespace_of(main).values()):
            function = plain_function(value)
            if function is not None and function.__globals__ is namespace_of(main):
                found.functions.append(Definition(function.__qualname__, function.__code__, ""))
        file = str(namespace_of(main).get("__file__") or "")
        if path.name and any(each.name == path.name for each in found.functions):
            path.bound, path.file, path.loaded = Bound("function", ""), file, max(1, path.loaded)
        self._listen_to_code(path, name, main, file, found)

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
            self.version += 1
            target = _target(path.path, name, file, each, found, constructors)
            ear = self.ears.listen(each.code, target)
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
                ear = self.ears.listen(each.code)
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
            if not path.name or _is_part(qualname, path.name)
        }
        for qualname, cls in own.items():
            line = found.classes.get(qualname) or vars(cls).get("__firstlineno__") or 0
            target = Target(path.path, CONSTRUCTED, qualify(name, qualname), file, line, qualname, name)
            self._subclasses.add(cls, target)
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
            if not is_told and (not path.name or _is_part(qualname, path.name)):
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
        if any(each is not None and id(each.__code__) in self.ears.by_code for each in functions):
            return True
        return any(  # by code that a decorator hides
            target.rung == CONSTRUCTED and target.name == cls.__qualname__
            for ear in list(self.ears.by_code.values())
            for target in ear.targets
        )

    def _is_heard_at_base(self, path: WatchedPath, cls: type) -> bool:
        """Is it constructed by code of the same path, which is listened to?"""
        if not self._has_events:
            return False
        for base in cls.__mro__[1:]:
            for name in ("__init__", "__new__"):
                function = plain_function(vars(base).get(name))
                ear = None if function is None else self.ears.by_code.get(id(function.__code__))
                if ear is not None:
                    return any(target.path == path.path for target in ear.targets)
            if "__init__" in vars(base) and base is not object:
                return False
        return False

    # Before 3.12

    def _wrap_all(
        self,
        path: WatchedPath,
        name: str,
        module: ModuleType,
        file: str,
        classes: dict[str, type],
        found: Definitions,
    ) -> None:
        held = self._held.get(name, frozenset())
        wrapped = self._wrapped.setdefault(name, set())
        owners: list[tuple[Any, str]] = [(module, "")]
        owners += [(cls, f"{cls.__qualname__}.") for cls in classes.values()]
        for owner, prefix in owners:
            for attribute, value in list(vars(owner).items()):
                function = plain_function(value)
                qualname = prefix + attribute
                if function is None or not _belongs(function, name, found):
                    continue
                if path.name and not _is_part(qualname, path.name) and attribute != "__getattr__":
                    continue
                if attribute.startswith("__") and not self._is_wrappable(attribute, owner):
                    continue
                wrapped.update(id(each.__code__) for each in _chain(value))
                is_constructor = bool(prefix) and attribute in ("__init__", "__new__")
                subject = prefix.rstrip(".") if is_constructor else qualname
                line = found.classes.get(subject) if is_constructor else function.__code__.co_firstlineno
                rung = CONSTRUCTED if is_constructor else CALLED
                target = Target(path.path, rung, qualify(name, subject), file, line or 0, subject, name)
                self._wrapping.listen_to_function(owner, attribute, value, target)
                stored = value.__wrapped__ if type(value).__name__ == "ObservedFunction" else value
                if id(value) in held or id(stored) in held:
                    path.unheard[qualname] = unheard.HELD
        for each in found.of(path.name):
            if id(each.code) not in wrapped and "<locals>" not in each.name and each.name != "<lambda>":
                path.unheard.setdefault(each.name, unheard.NO_WRAPPER)
        self._unsearched[name] = module

    def _look_for_unwrapped(self) -> None:
        """Tell of functions that live where no name leads to them; from the recorder, as it takes a while."""
        modules, self._unsearched = self._unsearched, {}
        if not modules:
            return
        found = living_definitions(modules.values())
        for name, module in modules.items():
            wrapped = self._wrapped.get(name, set())
            for path in self.paths_of(name, namespace_of(module).get("__file__")):
                for each in found[id(module)].living:
                    is_part = not path.name or _is_part(each.name, path.name)
                    if is_part and id(each.code) not in wrapped and each.name not in path.unheard:
                        path.unheard[each.name] = unheard.NO_WRAPPER
                        self.version += 1

    def _is_wrappable(self, attribute: str, owner: type | ModuleType) -> bool:
        if not isinstance(owner, type):
            return False
        return attribute in _SPOKEN or (attribute == "__new__" and "__init__" not in vars(owner))

    # Where a path is

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

    def _is_of_path(self, path: str, cls: type) -> bool:
        """Does a class belong to a path itself?"""
        watched = next(each for each in self.paths if each.path == path)
        home = str(vars(cls).get("__module__", ""))
        if not watched.covers(home):
            return False
        return not watched.name or _is_part(cls.__qualname__, watched.name)


def _target(
    path: str, name: str, file: str, each: Definition, found: Definitions, constructors: set[int]
) -> Target:
    if id(each.code) in constructors:
        line = found.classes.get(each.owner) or each.code.co_firstlineno
        return Target(path, CONSTRUCTED, qualify(name, each.owner), file, line, each.owner, name)
    line = each.code.co_firstlineno if not each.code.co_filename.startswith("<") else 0
    return Target(path, CALLED, qualify(name, each.name), file, line, each.name, name)


def _of_module(path: str, rung: str, name: str, file: str) -> Target:
    return Target(path, rung, name, file, 0, "<module>", name)


def _is_part(qualname: str, name: str) -> bool:
    return qualname == name or qualname.startswith(name + ".")


def _is_own(cls: type, function: FunctionType | None) -> bool:
    return function is not None and function.__qualname__ == f"{cls.__qualname__}.__init__"


def _chain(value: Any) -> list[FunctionType]:
    """Return a function and those that it passes calls on to, as decorators leave them behind."""
    found = []
    for _ in range(16):
        if type(value) is FunctionType:
            found.append(value)
        if type(value) in (staticmethod, classmethod):
            value = value.__func__
        else:
            value = getattr(value, "__wrapped__", None)
        if value is None:
            break
    return found


def _belongs(function: FunctionType, name: str, found: Definitions) -> bool:
    if function.__module__ == name:
        return True
    return any(each.code is function.__code__ for each in found.functions)


def _name_of_program(main: ModuleType) -> str:
    name = getattr(namespace_of(main).get("__spec__"), "name", None)
    return name.removesuffix(".__main__") if isinstance(name, str) else ""


def _asked_by(frame: Any) -> Any:
    """Return the frame in which a finder is asked, by the one around it; None where the module runs next."""
    for _ in range(_MOST_FRAMES):
        if frame is None or frame.f_code.co_name in _RUNNING or not _is_asking(frame):
            return None
        if frame.f_back is not None and not _is_asking(frame.f_back):
            return frame
        frame = frame.f_back
    return None


def _is_asking(frame: Any) -> bool:
    """Is it code of importlib, or of a finder that asks others?"""
    return frame.f_code.co_name == "find_spec" or importing_frame(frame) is not frame


def _is_of_runpy(frame: Any) -> bool:
    return frame is not None and frame.f_globals.get("__name__") == "runpy"


def _outermost() -> Any:
    frame = _getframe()
    while frame.f_back is not None:
        frame = frame.f_back
    return frame
