"""Hears what a finder is asked, and keeps the code of modules that are about to run."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from sys import _getframe
from time import time_ns
from types import CodeType, ModuleType
from typing import Any

from ssot_probe.context.current import thread_name
from ssot_probe.model.path_records import CALLED, RESOLVED
from ssot_probe.observe.importers import importing_frame
from ssot_probe.observe.loading import Loading
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.paths import unheard
from ssot_probe.observe.paths.capturing import Capture
from ssot_probe.observe.paths.ear import Ear, Target, Use
from ssot_probe.observe.paths.ears import Ears
from ssot_probe.observe.paths.watched_path import PathTable

_RUNNING = frozenset({"_find_and_load_unlocked", "reload"})
_MOST_FRAMES = 12


class Questions:
    """What the finder says of modules of watched paths, before they have run.

    Args:
        ears: what is heard.
        table: the watched paths.
    """

    def __init__(self, ears: Ears, table: PathTable) -> None:
        self._ears = ears
        self._table = table
        self._captures: dict[int, Capture] = {}
        self._asked: dict[tuple[str, bool], Ear] = {}

    def asked(self, name: str) -> None:
        """Note that a finder was asked for a module, if only to know whether it is there."""
        paths = self._table.named(name)
        frame = None if not paths else _asked_by(_getframe(2))
        if frame is None:
            return
        is_run = _is_of_runpy(frame.f_back)
        while _is_of_runpy(frame.f_back):
            frame = frame.f_back
        ear = self._asked.get((name, is_run))
        if ear is None:
            targets = [
                of_module(path.path, CALLED if is_run and not path.name else RESOLVED, name, path.file)
                for path in paths
            ]
            for path in paths:
                if is_run and path.name:
                    self._table.tell_unheard(path, path.name, unheard.PROGRAM)
            ear = self._asked[name, is_run] = self._ears.add(*targets)
        self._ears.note(ear, frame)

    def postponed(self, loading: Loading) -> None:
        """Note an import that has made a lazy module, of which nothing has run yet."""
        for path in self._table.named(loading.module):
            target = of_module(path.path, RESOLVED, loading.module, path.file)
            self._ears.add_use(
                Use(
                    *((target,), loading.code, loading.offset, loading.importer, loading.origin),
                    *(False, thread_name(), time_ns(), [1, 0, 0, time_ns()]),
                )
            )

    def begins(self, loader: Any, module: ModuleType) -> None:
        """Keep the code of a module that a loader is about to run."""
        spec = namespace_of(module).get("__spec__")
        if isinstance(spec, ModuleSpec) and self._table.of(spec.name, spec.origin):
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

    def code_of(self, module: ModuleType) -> CodeType | None:
        """Return the code of a module that has run, None where it was not kept; it is forgotten then."""
        capture = self._captures.pop(id(module), None)
        return None if capture is None else capture.code


def of_module(path: str, rung: str, name: str, file: str) -> Target:
    """Return what a use of a module as a whole is told as."""
    return Target(path, rung, name, file, 0, "<module>", name)


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
