"""Finds in the frames around a finder who asks it, and whether for an import."""

from __future__ import annotations

import builtins
from importlib.machinery import ModuleSpec, SourceFileLoader
from sys import _getframe
from typing import Any

from ssot_probe.observe import importers
from ssot_probe.observe.loading import Loading

_OWN_FILES = __file__.removesuffix("finder_callers.py")


def runs_next(spec: ModuleSpec) -> bool:
    """Does an import statement ask, so that the module runs next? Nothing may come between that can fail."""
    frame = _getframe(3).f_back  # of what called `find_spec`
    asks = frame is not None and frame.f_code.co_name == "_find_and_load_unlocked"
    return asks and isinstance(spec.loader, SourceFileLoader)


def is_import() -> bool:
    """Is a finder asked by an import, rather than by whoever only wants to know?"""
    frame: Any = _getframe(2)
    for _ in range(8):
        if frame is None or frame.f_code.co_name in ("_find_and_load_unlocked", "_find_and_load"):
            return frame is not None
        if not frame.f_code.co_filename.startswith("<frozen importlib"):
            return False
        frame = frame.f_back
    return False


def importer_asking(module: str) -> Loading:
    """Return the import that makes the finder be asked for a module, whichever finder asks ours."""
    asking = importers.frame_that_imports(module, _getframe(2))
    frame = importers.importing_frame(asking or _getframe(2))
    while frame is not None and (
        frame.f_code.co_filename.startswith(_OWN_FILES) or frame.f_code.co_name == "find_spec"
    ):
        frame = importers.importing_frame(frame.f_back)
    if frame is None:
        return Loading(module, None, -1, 0, "", called=False)
    called = _came_through_import_module(asking or _getframe(2))
    if builtins.__import__ is not importers.ORIGINAL_IMPORT:
        frame = importers.behind_replacement(frame)
    importer = importers.importer_of(frame)
    frame = importer.frame
    name, line = frame.f_globals.get("__name__", ""), frame.f_lineno or 0
    return Loading(module, frame.f_code, frame.f_lasti, line, name, called, importer.origin)


def _came_through_import_module(frame: Any) -> bool:
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib."):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_name == "import_module"
