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
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from sys import _getframe
from time import time_ns
from types import CodeType
from typing import Any, NamedTuple, Optional

from ssot_probe.context.current import thread_name
from ssot_probe.observe import cycles
from ssot_probe.observe.importers import (
    APPLICATION,
    ORIGINAL_IMPORT,
    behind_replacement,
    importer_of,
    importing_frame,
)

MOST_SITES = 20_000
"""Bound on the distinct importing places that are kept; imports beyond it are counted as lost."""

MOST_ALIKE = 16
"""Bound on the imports that are told apart at one place: `exec` makes any number of them."""

_BOOTSTRAP = "<frozen importlib._bootstrap>"
_TRIAL = "<trial of ssot-probe>"


class Hit(NamedTuple):
    """Imports of one module by one instruction."""

    module: str
    code: CodeType
    offset: int  # of the instruction, as `frame.f_lasti`
    importer: str  # name of the importing module
    called: bool  # by importlib.import_module rather than by a statement
    thread: str  # name of the first thread that came by
    first: int
    counter: list[int]  # how often; how much of it was told, and when; and was there at the last look
    origin: str = APPLICATION  # what it was for
    through: Optional[tuple[CodeType, int]] = None  # the instruction that imported for this one


hits: dict[tuple[Any, ...], Hit] = {}
shared: set[tuple[str, int, int]] = set()
"""Places that import for others, or that are swept and used: for whom has to be found each time."""

crowded: dict[tuple[str, str], Hit] = {}
"""By module and file: places with more imports than are told apart, with the first of each."""

unplaced: set[str] = set()
"""Modules that no code of Python imported: a program that embeds it did, or a thread that begins in C."""

on_new: list[Optional[Callable[[], None]]] = [None]
"""Called when a place imports for the first time: since a fork, nobody may be there to look at the hits."""

lost = [0]
_alike: dict[int, tuple[Hit, ...]] = {}  # by the hash of their place


def forget() -> None:
    """Count from zero."""
    hits.clear()
    shared.clear()
    crowded.clear()
    unplaced.clear()
    _alike.clear()
    lost[0] = 0
    cycles.forget()


def note(spec: ModuleSpec, frame: Any) -> None:
    """Count an import of the module by a frame that is not known to import it, or while it is initialised."""
    code = frame.f_code
    called = code.co_filename == _BOOTSTRAP
    module = spec.name
    if called:
        if code.co_name != "_find_and_load":
            _note_submodule(spec, frame)
            return  # importlib reads the flag too while it creates a module
        module = frame.f_locals.get("name", module)  # as asked for: it may be another name of the module
        frame = importing_frame(frame)
        if frame is None:
            return
    if builtins.__import__ is not ORIGINAL_IMPORT:
        outer = behind_replacement(frame)
        called = called and outer is frame
        frame = outer
    key = (module, id(frame.f_code), frame.f_lasti)
    hit = None if key in shared else hits.get(key)
    if hit is None:
        hit = _hit_of(key, frame, called)
    if hit is None:
        lost[0] += 1
    else:
        hit.counter[0] += 1
    if spec.__dict__.get("_initializing", False):
        cycles.note(spec.name, frame, called)


def _note_submodule(spec: ModuleSpec, frame: Any) -> None:
    """Note a cycle where importlib looks after a half initialised submodule for a `from package import`."""
    outer = frame.f_back
    if spec.__dict__.get("_initializing", False) and outer.f_code.co_name == "_handle_fromlist":
        importer = importing_frame(outer)
        if importer is not None and outer.f_locals.get("from_name") == spec.name:
            cycles.note(spec.name, importer, called=True)


def _hit_of(key: tuple[str, int, int], frame: Any, called: bool) -> Hit | None:
    """Return what counts an import at a place that is new, or that imports for others; None if too many."""
    importer = importer_of(frame)
    if not importer.is_shared:
        return _new_hit(key, frame, called, importer.origin)
    if len(shared) < MOST_SITES:
        shared.add(key)
    through = None if importer.frame is frame else (frame.f_code, frame.f_lasti)
    own = (*key, id(importer.frame.f_code), importer.frame.f_lasti, importer.origin)
    return hits.get(own) or _new_hit(own, importer.frame, called, importer.origin, through)


def _new_hit(
    key: tuple[Any, ...],
    frame: Any,
    called: bool,
    origin: str,
    through: tuple[CodeType, int] | None = None,
) -> Hit | None:
    """Return the hit of a new code object, or of an older one that says the same; None if too many."""
    module: str = key[0]
    code, offset, importer = frame.f_code, frame.f_lasti, frame.f_globals.get("__name__", "")
    place = hash((key[0], code.co_filename, code.co_name, frame.f_lineno, offset, importer, origin, through))
    alike = _alike.get(place, ())
    for hit in alike:
        if _says_the_same(hit.code, code, offset):
            return hit
    if len(alike) >= MOST_ALIKE:
        crowded.setdefault((module, code.co_filename), alike[0])
        return None
    if len(hits) >= MOST_SITES:
        return None
    hit = Hit(module, code, offset, importer, called, thread_name(), time_ns(), [0, 0, 0, 0], origin, through)
    hit = hits.setdefault(key, hit)
    if on_new[0] is not None and module != __name__:  # the trial below is nothing to record
        on_new[0]()
    _alike[place] = (*alike, hit)
    return hit


def _has_caller() -> bool:
    """Is there code of Python around the property that calls this?"""
    try:
        _getframe(2)
    except ValueError:
        return False
    return True


def _note_failure(module: str, has_caller: bool) -> None:
    """Note an import that cannot be told."""
    if has_caller:
        lost[0] += 1
    elif module not in unplaced and module != __name__:
        unplaced.add(module)
        if on_new[0] is not None:
            on_new[0]()


def _says_the_same(known: CodeType, code: CodeType, offset: int) -> bool:
    """Do two code objects of one place import by the same words there? `exec` makes a new one each time."""
    if known == code:
        return True
    from ssot_probe.observe.import_sites import statement_at

    statement = statement_at(code, offset)
    return statement is not None and statement == statement_at(known, offset)


class _WatchedSpec(ModuleSpec):
    """A module spec that tells of each import of its module. Otherwise a ModuleSpec in every respect."""

    @property
    def _initializing(self) -> bool:
        own = self.__dict__
        state: bool = own.get("_initializing", False)
        try:
            frame = _getframe(1)
            hit = hits.get((own["name"], id(frame.f_code), frame.f_lasti))
            if hit is None or state:
                note(self, frame)
            else:
                hit.counter[0] += 1
        except Exception:  # on 3.13 an error here would fail the application's import
            _note_failure(own.get("name", ""), _has_caller())
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
    spec = sys.modules[__name__].__spec__
    if not arm(spec):
        return False
    trial = compile("import " + __name__, _TRIAL, "exec")
    try:
        exec(
            trial, {"__name__": __name__}
        )  # other threads may import this module just now: they do not count
        return sum(hit.counter[0] for hit in list(hits.values()) if hit.code is trial) == 1
    finally:
        disarm(spec)
        for key in [key for key in list(hits) if key[0] == __name__]:
            hits.pop(key, None)
        for place in [place for place, alike in list(_alike.items()) if alike[0].module == __name__]:
            _alike.pop(place, None)
