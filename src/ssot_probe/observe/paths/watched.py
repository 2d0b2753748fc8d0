"""What is watched in this process because somebody wants to delete it, or must know that it ran."""

from __future__ import annotations

import sys
from _thread import allocate_lock
from collections.abc import Callable, Iterable
from importlib.machinery import ModuleSpec
from os.path import abspath
from sys import _getframe
from time import monotonic
from types import CodeType, ModuleType
from typing import Any

from ssot_probe.context.sources import is_main
from ssot_probe.model.path_records import BEGAN_ONLY, CALLED
from ssot_probe.observe.modules import namespace_of, present_modules
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.paths import control, unheard
from ssot_probe.observe.paths.definitions import definitions_in, living_definitions
from ssot_probe.observe.paths.ears import Ears
from ssot_probe.observe.paths.kinds import Bound
from ssot_probe.observe.paths.listening import Listening
from ssot_probe.observe.paths.progress import Progress
from ssot_probe.observe.paths.questions import Questions, of_module
from ssot_probe.observe.paths.watched_path import PathTable, WatchedPath, file_of
from ssot_probe.observe.paths.wrapping import Wrapping

REARM_SECONDS = 3600.0
"""After which all is listened to again: what was used in this hour may be used in the next one too."""

REST_SECONDS = 10.0
"""After which what tests, health checks and the path itself use is listened to again."""

LONGEST_TRIAL = 1.0
"""Seconds that the end of a process waits for another thread that tries what is heard."""

LOOK_SECONDS = 0.5
"""Between two looks for subclasses and cached answers."""

_HAS_EVENTS = sys.version_info >= (3, 12)


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
        entry_points: those of the paths that must have run.
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
        entry_points: Iterable[str] = (),
    ) -> None:
        self._table = PathTable(paths, on_failure)
        self._is_on = False
        self.ears = Ears(monitoring, append, is_first_party, knows_user, on_failure)
        self._wrapping = Wrapping(self.ears, on_failure)
        self.questions = Questions(self.ears, self._table)
        self._progress = Progress(monitoring)
        self._listening = Listening(
            *(self.ears, self._wrapping, self._table, _HAS_EVENTS, is_followed, on_failure),
            frozenset(entry_points),
            self._progress,
        )
        self._late: list[tuple[str, ModuleType]] = []
        self._programs: set[str] = set()
        self._known: set[int] = set()  # ids of modules that were listened to
        self._looked_at: set[int] = set()  # ids of modules
        now = monotonic()
        self._next_look, self._next_rearm, self._next_rest = 0.0, now + REARM_SECONDS, now + REST_SECONDS
        self.missed: dict[str, str] = {}
        self.has_tried = self._has_tried_last = False
        self._trying = allocate_lock()

    @property
    def paths(self) -> list[WatchedPath]:
        """All of them."""
        return self._table.paths

    @property
    def version(self) -> int:
        """A number that changes with whatever is told of the paths."""
        return self._table.version

    @property
    def blind(self) -> dict[str, str]:
        """What is not heard although no import tells that it is there, and why."""
        return dict(self._table.blind)

    def may_be_called(self, name: str) -> bool:
        """Could a module of this name, which is no name of the project's, be one of the paths?"""
        return any(path.may_be_called(name) for path in self.paths)

    def is_file_of_any(self, name: str, file: str | None) -> bool:
        """Does a module of this name and file belong to a path?"""
        return bool(self._table.of(name, file))

    # What modules hold

    def look_before_wrappers(self, name: str, module: ModuleType) -> None:
        """Note which functions are held elsewhere, as long as nothing stands in their places yet."""
        if not _HAS_EVENTS:
            self._listening.stored.look_before_wrappers(name, module)

    def take_in(self, name: str, module: ModuleType) -> None:
        """Listen to a module that has run."""
        code = self.questions.code_of(module)
        paths = self._table.of(name, file_of(module))
        if not paths:
            return
        if code is None:
            self._late.append((name, module))
            self.take_in_late()
            return
        self._known.add(id(module))
        self._listening.listen(name, module, paths, definitions_in(code))

    def runs(self, code: CodeType, frame: Any) -> None:
        """Listen to the code of a file that is run past the import system, by the code around a frame."""
        paths = self._table.of("", abspath(code.co_filename))
        if paths and self._is_on:
            self._listening.listen_to_code_that_runs(code, paths, frame)

    def unpickled(self, module: str) -> None:
        """Know that something of a module was unpickled: which of its classes it was is not known."""
        for path in self._table.named(module):
            if path.name and path.bound is not None and path.bound.kind == "class":
                self._table.tell_blind(path, path.name, unheard.UNPICKLED)

    def _look_for_unseen(self) -> None:
        """Find modules of the paths that no finder of the probe's was asked for."""
        for name, module in present_modules():
            if id(module) in self._looked_at or name in ("__main__", "__mp_main__"):
                continue
            if type(name) is not str or not issubclass(type(module), ModuleType):
                continue
            spec = namespace_of(module).get("__spec__")
            if getattr(spec, "_initializing", False) or type(module) is not ModuleType:
                continue  # it is being loaded, or lazy
            self._looked_at.add(id(module))
            if id(module) in self._known:
                continue
            paths = self._table.of(name, file_of(module))
            own_name = namespace_of(module).get("__name__")
            if paths and own_name == name and (file_of(module) or isinstance(spec, ModuleSpec)):
                if not file_of(module) and namespace_of(module).get("__path__") is not None:
                    continue  # a namespace package: nothing was run
                self._known.add(id(module))
                found = living_definitions([module])[id(module)]
                self._listening.listen(name, module, paths, found)
                for path in paths:
                    self._table.tell_blind(path, path.name or path.module, unheard.UNSEEN)

    def expect(self, name: str, module: ModuleType) -> None:
        """Listen to a module that was there before, once `take_in_late` is called for all of them."""
        if self._table.of(name, file_of(module)):
            self._late.append((name, module))

    def take_in_late(self) -> None:
        """Listen to modules whose loading was not seen."""
        late, self._late = self._late, []
        if not late:
            return
        found = living_definitions([module for _, module in late])
        for name, module in late:
            paths = self._table.of(name, file_of(module))
            self._known.add(id(module))
            self._listening.listen(name, module, paths, found[id(module)])

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
                self._table.version += 1
                file = namespace_of(main).get("__file__")
                ear = self.ears.add(of_module(path.path, CALLED, name, str(file or "")))
                self.ears.note(ear, _outermost())
            if path.name and path.name not in path.unheard:
                path.loaded = max(1, path.loaded)
                self._table.tell_unheard(path, path.name, unheard.PROGRAM)
            self._listening.listen_to_main(name, main, path)

    # What the recorder asks

    def look(self) -> None:
        """Find subclasses and cached answers, and listen again to what has rested; from the recorder."""
        now = monotonic()
        if now < self._next_look or not self._is_on:
            return
        self._next_look = now + LOOK_SECONDS
        self._progress.look()
        self.take_in_main()
        self._look()
        if now >= self._next_rearm:
            self.listen_again()
            self._next_rearm, self._next_rest = now + REARM_SECONDS, now + REST_SECONDS
        elif now >= self._next_rest:
            self._next_rest = now + REST_SECONDS
            self._wrapping.put_back(self.ears.begin_again(only_short=True))

    def look_at_once(self) -> None:
        """Look for the last time, which may take a little longer."""
        self._look()
        begun = self._progress.begun_only()
        for path in self.paths:
            if path.path in begun:
                self._table.tell_unheard(path, path.name, BEGAN_ONLY)
        if not _HAS_EVENTS:
            self._listening.stored.look_for_copies()

    def _look(self) -> None:
        self.take_in_late()
        self._table.look_for_other_names()
        self.ears.tell_failed()
        self._listening.subclasses.look()
        self._listening.caches.look()
        self._listening.stored.look_for_unwrapped()
        self._listening.look_for_replaced()
        self._look_for_unseen()

    def listen_again(self) -> None:
        """Listen again to all that was heard often enough for a while."""
        self._wrapping.put_back(self.ears.begin_again())

    def locate(self) -> None:
        """Find the files of modules that were never loaded; from the recorder, as it reads directories."""
        self._table.locate()

    def try_control(self, finder: object, has_tripwire: bool, is_last: bool = False) -> None:
        """Try whether all would be heard, and remember in `missed` what was not, each with why.

        Before all is taken off for good, the trial of another thread has to be over, and none may begin
        any more: `is_last`.
        """
        if not self._is_on or not self._trying.acquire(is_last, LONGEST_TRIAL if is_last else -1):
            return  # another thread tries just now, and two at once would count each other
        try:
            if self._has_tried_last:
                return
            self._has_tried_last = is_last
            for what, why in control.missed(self.ears, finder, _HAS_EVENTS, has_tripwire).items():
                self.missed.setdefault(what, why)
            self.has_tried = True
        finally:
            self._trying.release()

    def after_fork_in_child(self) -> None:
        """Count from zero, and listen to all."""
        self._wrapping.put_back(self.ears.after_fork_in_child())
        self._listening.caches.forget()
        self._listening.subclasses.forget()
        now = monotonic()
        self._next_look, self._next_rearm, self._next_rest = 0.0, now + REARM_SECONDS, now + REST_SECONDS
        for path in self.paths:
            path.loaded = 0
        self.has_tried = self._has_tried_last = False
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


def _name_of_program(main: ModuleType) -> str:
    name = getattr(namespace_of(main).get("__spec__"), "name", None)
    return name.removesuffix(".__main__") if isinstance(name, str) else ""


def _outermost() -> Any:
    frame = _getframe()
    while frame.f_back is not None:
        frame = frame.f_back
    return frame
