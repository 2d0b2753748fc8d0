"""The spec tripwire: sees each import of a module that is already loaded, with the importer's place.

On every import of a loaded module CPython reads `module.__spec__._initializing`
(`import_ensure_initialized` in Python/import.c; `_find_and_load` in importlib/_bootstrap.py). A spec whose
class has a property of that name is therefore told of each import, with the importer's frame one up. Other
modules pay nothing, and an attribute read on the module itself costs what it did.

The attribute is private to CPython, so `works()` proves at start that it is still read.
"""

from __future__ import annotations

import builtins
import sys
from importlib.machinery import ModuleSpec
from sys import _getframe
from time import time_ns
from types import CodeType
from typing import Any, NamedTuple, Optional

from ssot_probe.context.current import thread_name
from ssot_probe.observe.importers import (
    APPLICATION,
    ORIGINAL_IMPORT,
    behind_replacement,
    importer_of,
    importing_frame,
)

MOST_SITES = 20_000
"""Bound on the distinct importing places that are kept; imports beyond it are counted as lost."""

_BOOTSTRAP = "<frozen importlib._bootstrap>"


class Hit(NamedTuple):
    """Imports of one module by one instruction."""

    module: str
    code: CodeType
    offset: int  # of the instruction, as `frame.f_lasti`
    importer: str  # name of the importing module
    called: bool  # by importlib.import_module rather than by a statement
    thread: str  # name of the first thread that came by
    first: int
    counter: list[int]  # how often; how much of it was told, and when. A list can be raised in place
    origin: str = APPLICATION  # what it was for
    through: Optional[tuple[CodeType, int]] = None  # the instruction that imported for this one
    is_shared: bool = False  # it imports for others: who they are has to be found each time


hits: dict[tuple[Any, ...], Hit] = {}
lost = [0]


def forget() -> None:
    """Count from zero."""
    hits.clear()
    lost[0] = 0


def note(module: str) -> None:
    """Count an import of the module by the frame that called our caller."""
    frame = _getframe(2)
    code = frame.f_code
    called = code.co_filename == _BOOTSTRAP
    if called:
        if code.co_name != "_find_and_load":
            return  # importlib reads the flag too while it creates a module
        outer = importing_frame(frame)
        if outer is None:
            return
        module = frame.f_locals.get("name", module)  # as asked for: it may be another name of the module
        frame, code = outer, outer.f_code
    if builtins.__import__ is not ORIGINAL_IMPORT:
        outer = behind_replacement(frame)
        if outer is not frame:
            frame, code, called = outer, outer.f_code, False
    hit = hits.get((module, id(code), frame.f_lasti))
    if hit is None or hit.is_shared:
        hit = _hit_of(module, frame, called)
        if hit is None:
            return
    hit.counter[0] += 1


def _hit_of(module: str, frame: Any, called: bool) -> Hit | None:
    """Return what counts an import that is seen at its place for the first time, or made for others."""
    importer = importer_of(frame)
    key: tuple[Any, ...] = (module, id(frame.f_code), frame.f_lasti)
    through = None
    if importer.is_shared:
        if key not in hits and len(hits) < MOST_SITES:
            hits[key] = _new_hit(module, frame, called)._replace(is_shared=True)
        if importer.frame is not frame:
            through = (frame.f_code, frame.f_lasti)
        key = (*key, id(importer.frame.f_code), importer.frame.f_lasti, importer.origin)
    hit = hits.get(key)
    if hit is None:
        if len(hits) >= MOST_SITES:
            lost[0] += 1
            return None
        hit = _new_hit(module, importer.frame, called)._replace(origin=importer.origin, through=through)
        hit = hits.setdefault(key, hit)
    return hit


def _new_hit(module: str, frame: Any, called: bool) -> Hit:
    importer = frame.f_globals.get("__name__", "")
    return Hit(module, frame.f_code, frame.f_lasti, importer, called, thread_name(), time_ns(), [0, 0, 0])


class _WatchedSpec(ModuleSpec):
    """A module spec that tells of each import of its module. Otherwise a ModuleSpec in every respect."""

    @property
    def _initializing(self) -> bool:
        try:
            note(self.name)
        except Exception:  # on 3.13 an error here would fail the application's import
            lost[0] += 1
        state: bool = self.__dict__.get("_initializing", False)
        return state

    @_initializing.setter
    def _initializing(self, value: bool) -> None:
        self.__dict__["_initializing"] = value

    def __reduce_ex__(self, protocol: Any) -> Any:
        from copyreg import _reconstructor  # type: ignore[attr-defined]

        return _reconstructor, (ModuleSpec, object, None), dict(self.__dict__)  # an ordinary spec


_WatchedSpec.__name__ = ModuleSpec.__name__
_WatchedSpec.__qualname__ = ModuleSpec.__qualname__
_WatchedSpec.__module__ = ModuleSpec.__module__


def arm(spec: object) -> bool:
    """Watch imports of the module with this spec. False where it has none of the usual kind."""
    if type(spec) is _WatchedSpec:
        return True
    if type(spec) is not ModuleSpec:
        return False
    spec.__class__ = _WatchedSpec
    return True


def disarm(spec: object) -> None:
    """Make the spec an ordinary one again; nothing happens to one that is not watched."""
    if type(spec) is _WatchedSpec:
        spec.__class__ = ModuleSpec  # type: ignore[assignment]


def is_armed(spec: object) -> bool:
    """Is the module with this spec watched?"""
    return type(spec) is _WatchedSpec


def works() -> bool:
    """Does this interpreter still read the flag? Imports a loaded module once to find out."""
    module = sys.modules[__name__]
    spec = module.__spec__
    if not arm(spec):
        return False
    try:
        before = sum(hit.counter[0] for hit in hits.values())
        exec("import " + __name__, {"__name__": __name__})
        after = sum(hit.counter[0] for hit in hits.values())
    finally:
        disarm(spec)
        for key in [key for key in hits if key[0] == __name__]:
            del hits[key]
    return after == before + 1
