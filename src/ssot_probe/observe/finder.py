"""The finder at the head of `sys.meta_path`: sees each first-party module when it is first imported.

It asks the other finders in turn and returns what they found. `importlib.util.find_spec` is not used: it
takes the parent's import lock, which hangs a package that joins an importing thread while it is being
imported. To act after the module has run, the real loader's `exec_module` is shadowed once; the loader
stays what it is, so `inspect`, `pkgutil`, resources and reload work as without the probe.
"""

from __future__ import annotations

import builtins
import sys
from _thread import get_ident
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from sys import _getframe
from types import MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, TypeVar

from ssot_probe.observe import cycles, importers, tripwire
from ssot_probe.observe.awaited import Awaited
from ssot_probe.observe.loading import Loading, runs_modules
from ssot_probe.observe.main_module import MainModuleWatch
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.scope import Scope

if TYPE_CHECKING:
    from ssot_probe.observe.paths.watched import WatchedPaths

_HIDES_ITSELF = sys.version_info >= (3, 11)
"""Before, `raise` keeps the traceback with our frame, whatever is done to the exception."""

_OWN_FILES = __file__.removesuffix("finder.py")

_F = TypeVar("_F", bound=Callable[..., Any])


def _as_importlib(function: _F) -> _F:
    """Let tracebacks leave our frame out and warnings look past it, as they do with importlib's own."""
    function.__code__ = function.__code__.replace(
        co_filename="<frozen importlib._bootstrap_external>", co_name="_call_with_frames_removed"
    )
    return function


class LoadEvent(NamedTuple):
    """A first-party module was loaded, or failed to."""

    loading: Loading
    outcome: str
    thread: str
    time: int


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

    @_as_importlib
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
            if self.paths is not None and _is_importing():
                self._note_missing(self.paths, fullname)
            return None
        try:
            if self._scope.watches(fullname, _file_of(spec)):
                self._arm(spec, _importer(fullname))
            elif self.awaited is not None and self.awaited.is_awaited(fullname):
                self._shadow(spec, None)
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
                self._on_failed(_importer(fullname))
        except Exception:
            tripwire.lost[0] += 1

    def observe_spec(self, spec: ModuleSpec) -> None:
        """Arm a first-party spec that the application made itself."""
        try:
            if self._scope.could_hold(spec.name.partition(".")[0]) and self._scope.watches(
                spec.name, _file_of(spec)
            ):
                self._arm(spec, _importer(spec.name))
            else:
                self._arm_by_file(spec)
        except Exception:
            tripwire.lost[0] += 1

    @_as_importlib
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
            self._shadow(spec, None)
        return spec

    @_as_importlib
    def _find_for_main(
        self, watch: MainModuleWatch, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        """Find what `__main__` asked for; nothing is traced then until it has run."""
        watch.pause()
        is_waiting = False
        try:
            spec = self.find_spec(fullname, path, target) or self._ask_others(fullname, path, target)
            is_waiting = spec is not None and _is_to_be_run(spec) and self._shadow(spec, None)
            if is_waiting:
                self._awaited_by_main = fullname
            return spec
        finally:
            if not is_waiting:
                watch.resume()

    @_as_importlib
    def _ask_others(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        question = (get_ident(), fullname)
        if question in self._asked:
            return None  # one of the others asks all finders too, so us again
        self._asked.add(question)
        try:
            for finder in list(sys.meta_path):
                find_spec = None if finder is self else getattr(finder, "find_spec", None)
                if find_spec is not None:
                    spec: ModuleSpec | None = find_spec(fullname, path, target)
                    if spec is not None:
                        return spec
        finally:
            self._asked.discard(question)
        return None

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
                self._arm(spec, _importer(spec.name))
            elif self.awaited is not None and self.awaited.is_awaited(spec.name):
                self._shadow(spec, None)
            return is_of_path
        except Exception:
            tripwire.lost[0] += 1
            return False

    def _arm(self, spec: ModuleSpec, loading: Loading) -> None:
        tripwire.arm(spec)
        self._shadow(spec, loading)

    def _shadow(self, spec: ModuleSpec, loading: Loading | None) -> bool:
        """Be told when the loader has run the module. False for what cannot tell: builtin, frozen modules."""
        loader = spec.loader
        attributes = getattr(loader, "__dict__", None)
        if isinstance(loader, type) or not isinstance(attributes, dict):
            return False
        own = attributes.get("exec_module")
        shadow = _shadow_behind(own)
        if shadow is None or shadow.finder is not self:
            shadow = _Shadow(loader, own, self)
            attributes["exec_module"] = shadow.exec_module
        if loading is not None or spec.name not in shadow.waiting:
            shadow.waiting[spec.name] = loading
        return True

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
            self._shadow(spec, loading)
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


class _Shadow:
    """Stands in front of one loader's `exec_module` until the modules that are expected have run."""

    def __init__(self, loader: Any, own: Any, finder: ProbeFinder) -> None:
        self.loader = loader
        self.waiting: dict[str, Optional[Loading]] = {}
        self._own = own
        self.finder = finder

    @runs_modules
    @_as_importlib
    def exec_module(self, module: ModuleType) -> None:
        """Run the module as the loader does. A method: to call an object counts twice as deep a recursion."""
        spec = namespace_of(module).get("__spec__")
        name = getattr(spec, "name", "")
        loading = _where_it_runs(self.waiting.pop(name, None), _getframe(1))
        if not self.waiting:
            self._step_aside()
        run = self._own or type(self.loader).exec_module.__get__(self.loader)
        self.finder.starts(name, self.loader, module)
        try:
            run(module)
        except BaseException as error:
            if loading is not None:
                self.finder.failed(loading, module)
            if error.__traceback__ is not None and _HIDES_ITSELF:
                error.__traceback__ = error.__traceback__.tb_next
            raise
        else:
            self.finder.executed(name, module, loading, self.loader)
        finally:
            self.finder.finished(name)

    def _step_aside(self) -> None:
        attributes = vars(self.loader)
        if _shadow_behind(attributes.get("exec_module")) is self:
            if self._own is None:
                del attributes["exec_module"]
            else:
                attributes["exec_module"] = self._own


def _is_lazy(loader: object) -> bool:
    """Does a loader leave it to the first use of a module to run it?"""
    lazy = namespace_of(sys.modules.get("importlib.util")).get("LazyLoader")
    return lazy is not None and isinstance(loader, lazy)


def _shadow_behind(function: object) -> _Shadow | None:
    """Return the shadow whose method a function is, None where it is anything else."""
    shadow = function.__self__ if type(function) is MethodType else None
    return shadow if type(shadow) is _Shadow else None


def _where_it_runs(loading: Loading | None, frame: Any) -> Loading | None:
    """Return who loads a module, from what calls `exec_module`: the application itself may."""
    try:
        if loading is not None and importers.importing_frame(frame) is frame:
            line, importer = frame.f_lineno or 0, frame.f_globals.get("__name__", "")
            return loading._replace(code=frame.f_code, offset=frame.f_lasti, line=line, importer=importer)
    except Exception:
        tripwire.lost[0] += 1
    return loading


def _is_to_be_run(spec: ModuleSpec) -> bool:
    """Does an import statement ask, so that the module runs next? Nothing may come between that can fail."""
    frame = _getframe(3).f_back  # of what called `find_spec`
    asks = frame is not None and frame.f_code.co_name == "_find_and_load_unlocked"
    return asks and isinstance(spec.loader, SourceFileLoader)


def _is_importing() -> bool:
    """Is a finder asked by an import, rather than by whoever only wants to know?"""
    frame: Any = _getframe(2)
    for _ in range(8):
        if frame is None or frame.f_code.co_name in ("_find_and_load_unlocked", "_find_and_load"):
            return frame is not None
        if not frame.f_code.co_filename.startswith("<frozen importlib"):
            return False
        frame = frame.f_back
    return False


def _file_of(spec: ModuleSpec) -> str | None:
    if spec.has_location:
        return spec.origin
    for directory in spec.submodule_search_locations or ():
        return directory + "/__init__.py"  # a namespace package: its directory decides
    return None


def _importer(module: str) -> Loading:
    frame = importers.importing_frame(_getframe(2))
    while frame is not None and (
        frame.f_code.co_filename.startswith(_OWN_FILES) or frame.f_code.co_name == "find_spec"
    ):
        frame = importers.importing_frame(frame.f_back)
    if frame is None:
        return Loading(module, None, -1, 0, "", called=False)
    called = _came_through_import_module()
    if builtins.__import__ is not importers.ORIGINAL_IMPORT:
        frame = importers.behind_replacement(frame)
    importer = importers.importer_of(frame)
    frame = importer.frame
    name, line = frame.f_globals.get("__name__", ""), frame.f_lineno or 0
    return Loading(module, frame.f_code, frame.f_lasti, line, name, called, importer.origin)


def _came_through_import_module() -> bool:
    frame = _getframe(3)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib."):
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None and frame.f_code.co_name == "import_module"
