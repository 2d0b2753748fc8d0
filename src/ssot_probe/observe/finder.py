"""The finder at the head of `sys.meta_path`: sees each first-party module when it is first imported.

It asks the other finders in turn and returns what they found. `importlib.util.find_spec` is not used: it
takes the parent's import lock, which hangs a package that joins an importing thread while it is being
imported. What acts after the module has run is a shadow of its loader.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Optional

from ssot_probe.observe import cycles, tripwire
from ssot_probe.observe.awaited import Awaited
from ssot_probe.observe.finder_callers import importer_asking, is_import, runs_next
from ssot_probe.observe.loading import Loading
from ssot_probe.observe.main_module import MainModuleWatch
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.scope import Scope
from ssot_probe.observe.shadow import as_importlib, shadow

if TYPE_CHECKING:
    from ssot_probe.observe.paths.watched import WatchedPaths


class ProbeFinder:
    """A meta path finder that changes nothing about what is found.

    Args:
        scope: which modules are first-party.
        on_executed: called after a first-party module ran, in the importing thread; must not raise.
        on_failed: called when running it raised; the application sees its own exception.
        on_displaced: called while another finder stands in front: what that one finds is not seen.
    """

    def __init__(
        self,
        scope: Scope,
        on_executed: Callable[[ModuleType, Loading], None],
        on_failed: Callable[[Loading], None],
        on_displaced: Callable[[], None],
    ) -> None:
        self._scope = scope
        self._on_displaced = on_displaced
        self._on_executed = on_executed
        self._on_failed = on_failed
        self._foreign: set[str] = set()
        self._asked: set[tuple[int, str]] = set()
        self._loading: list[tuple[int, str]] = []
        self._awaited_by_main = ""
        self.main: Optional[MainModuleWatch] = None  # is told when what `__main__` imports has been loaded
        self.awaited: Optional[Awaited] = None  # is told when a library has been loaded that matters
        self.paths: Optional[WatchedPaths] = None  # is told of questions, and gets the code of modules

    @as_importlib
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders find; arm it when it is first-party."""
        if self.main is not None and self.main.is_tracing:
            return self._find_for_main(self.main, fullname, path, target)
        finders = sys.meta_path
        if finders and finders[0] is not self:
            self._on_displaced()
        top_level = fullname.partition(".")[0]
        if top_level in self._foreign:
            return self._find_for_listeners(fullname, path, target)
        if not self._scope.could_hold(top_level):
            self._foreign.add(top_level)
            return self._find_for_listeners(fullname, path, target)
        if self.paths is not None:
            self._note_question(self.paths, fullname)
        cycles.failed.add(fullname)  # unless it is found, or missing: an error passes by
        spec = self._ask_others(fullname, path, target)
        cycles.failed.discard(fullname)
        if spec is None:
            if self.paths is not None and is_import():
                self._note_missing(self.paths, fullname)
            return None
        try:
            if self._scope.watches(fullname, _file_of(spec)):
                self._arm(spec, importer_asking(fullname))
            elif self.awaited is not None and self.awaited.is_awaited(fullname):
                shadow(spec, None, self)
            elif self._may_be_of_path(fullname) and self._arm_by_file(spec):
                pass
            elif fullname == top_level and self._scope.is_settled(top_level):
                self._foreign.add(top_level)
        except Exception:
            tripwire.lost[0] += 1  # the module is imported unobserved, and the recording says so
        return spec

    def _note_question(self, paths: WatchedPaths, fullname: str) -> None:
        try:
            paths.questions.asked(fullname)
        except Exception:
            tripwire.lost[0] += 1

    def _note_missing(self, paths: WatchedPaths, fullname: str) -> None:
        """Note that somebody imports a watched module, and nobody has it."""
        try:
            if any(path.covers(fullname) for path in paths.paths):
                self._on_failed(importer_asking(fullname))
        except Exception:
            tripwire.lost[0] += 1

    def observe_spec(self, spec: ModuleSpec) -> None:
        """Arm a first-party spec that the application made itself."""
        try:
            if self._scope.could_hold(spec.name.partition(".")[0]) and self._scope.watches(
                spec.name, _file_of(spec)
            ):
                self._arm(spec, importer_asking(spec.name))
            else:
                self._arm_by_file(spec)
        except Exception:
            tripwire.lost[0] += 1

    @as_importlib
    def _find_for_listeners(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        """Find a module of a library, to be told when it has run; None for whatever nobody waits for."""
        if self._may_be_of_path(fullname):
            spec = self._ask_others(fullname, path, target)
            self._arm_by_file(spec)
            return spec
        if self.awaited is None or not self.awaited.is_awaited(fullname):
            return None
        spec = self._ask_others(fullname, path, target)
        if spec is not None:
            shadow(spec, None, self)
        return spec

    @as_importlib
    def _find_for_main(
        self, watch: MainModuleWatch, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        """Find what `__main__` asked for; nothing is traced then until it has run."""
        watch.pause()
        is_waiting = False
        try:
            spec = self.find_spec(fullname, path, target) or self._ask_others(fullname, path, target)
            is_waiting = spec is not None and runs_next(spec) and shadow(spec, None, self)
            if is_waiting:
                self._awaited_by_main = fullname
            return spec
        finally:
            if not is_waiting:
                watch.resume()

    @as_importlib
    def _ask_others(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        question = (get_ident(), fullname)
        if question in self._asked:
            return None  # one of the others asks all finders too, so us again
        self._asked.add(question)
        try:
            for finder in self._others():
                find_spec = getattr(finder, "find_spec", None)
                if find_spec is not None:
                    spec: ModuleSpec | None = find_spec(fullname, path, target)
                    if spec is not None:
                        return spec
        finally:
            self._asked.discard(question)
        return None

    def _others(self) -> list[Any]:
        """Return the finders behind ours. Those in front were asked before, or are asking: not twice."""
        finders = list(sys.meta_path)
        for position, finder in enumerate(finders):
            if finder is self:
                return finders[position + 1 :]
        return finders

    def _may_be_of_path(self, fullname: str) -> bool:
        try:
            return self.paths is not None and self.paths.may_be_called(fullname)
        except Exception:
            tripwire.lost[0] += 1
            return False

    def _arm_by_file(self, spec: ModuleSpec | None) -> bool:
        """Arm the file of a watched path, whatever it is loaded as. False for any other."""
        try:
            if spec is None or self.paths is None or not spec.has_location:
                return False
            is_of_path = self.paths.is_file_of_any(spec.name, spec.origin)
            if is_of_path:
                self._arm(spec, importer_asking(spec.name))
            elif self.awaited is not None and self.awaited.is_awaited(spec.name):
                shadow(spec, None, self)
            return is_of_path
        except Exception:
            tripwire.lost[0] += 1
            return False

    def _arm(self, spec: ModuleSpec, loading: Loading) -> None:
        tripwire.arm(spec)
        shadow(spec, loading, self)

    @property
    def is_loading(self) -> bool:
        """Is a module being run that was waited for, in any thread?"""
        return bool(self._loading)

    def after_fork_in_child(self) -> None:
        """Wait for no module any more that another thread was running: it was left behind."""
        self._loading = [running for running in self._loading if running[0] == get_ident()]

    def starts(self, name: str, loader: Any, module: ModuleType) -> None:
        """Note that a module is run now."""
        self._loading.append((get_ident(), name))
        if self.paths is not None:
            try:
                self.paths.questions.begins(loader, module)
            except Exception:
                tripwire.lost[0] += 1

    def executed(self, name: str, module: ModuleType, loading: Loading | None, loader: Any) -> None:
        """Pass on that a module ran; without a loading where it is not watched."""
        if self._is_postponed(module, loading, loader):
            return
        if loading is not None:
            self._on_executed(module, loading)
        if self.awaited is not None:
            self.awaited.loaded(name, module)

    def _is_postponed(self, module: ModuleType, loading: Loading | None, loader: Any) -> bool:
        """Is it a lazy module, which runs when somebody touches it? Then that is waited for."""
        try:
            if self.paths is not None:
                self.paths.questions.ends(module)
            spec = namespace_of(module).get("__spec__")
            if not _is_lazy(loader) or not isinstance(spec, ModuleSpec):
                return False
            shadow(spec, loading, self)
            if self.paths is not None and loading is not None:
                self.paths.questions.postponed(loading)
            return True
        except Exception:
            tripwire.lost[0] += 1
            return False

    def failed(self, loading: Loading, module: ModuleType) -> None:
        """Pass on that running a module raised."""
        if self.paths is not None:
            self.paths.questions.forget(module)
        cycles.note_failed(loading.module)
        self._on_failed(loading)

    def finished(self, name: str) -> None:
        """Note that a module has run, or failed to; `__main__` goes on where this is what it waited for."""
        self._loading.remove((get_ident(), name))
        if self.main is not None and name == self._awaited_by_main:
            self._awaited_by_main = ""
            self.main.resume()


def _is_lazy(loader: object) -> bool:
    """Does a loader leave it to the first use of a module to run it?"""
    lazy = namespace_of(sys.modules.get("importlib.util")).get("LazyLoader")
    return lazy is not None and isinstance(loader, lazy)


def _file_of(spec: ModuleSpec) -> str | None:
    if spec.has_location:
        return spec.origin
    for directory in spec.submodule_search_locations or ():
        return directory + "/__init__.py"  # a namespace package: its directory decides
    return None
