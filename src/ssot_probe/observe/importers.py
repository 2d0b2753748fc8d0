"""Finds who imports, and whether for use: walks out of code that imports for others, and tells sweeps apart.

A sweep looks at everything there is, and thereby makes a module that answers for names by `__getattr__`
load what nobody wanted. Where it is not certain that somebody sweeps, it is use by the application: a
sweep that passes for use is one finding too many, use that passes for a sweep is a path that looks dead.
"""

from __future__ import annotations

import builtins
import os
from functools import lru_cache
from types import BuiltinFunctionType, CodeType
from typing import Any, NamedTuple, Optional

from ssot_probe.observe.import_sites import CallSite, call_at

APPLICATION, SWEEP, UNPICKLING = "application", "sweep", "unpickling"
"""What an import was made for, as import records say it."""

_SWEEPERS = frozenset(
    {
        *("pkgutil", "inspect", "pydoc", "doctest", "unittest", "rlcompleter", "mypy", "griffe"),
        *(
            "_pytest",
            "pytest",
            "sphinx",
            "jedi",
            "IPython",
            "pdoc",
            "mkdocstrings",
        ),
        *(
            "django.utils.autoreload",
            "werkzeug._reloader",
            "uvicorn.supervisors",
            "gunicorn.reloader",
        ),
    }
)
"""Modules and packages that import modules, or read their attributes, to look at them: no use."""

_FOR_OTHERS: dict[str, frozenset[str]] = {
    "pickle": frozenset(),
    "shelve": frozenset(),
    "logging.config": frozenset(),
    "pkgutil": frozenset({"resolve_name", "get_data"}),
    "pydoc": frozenset({"safeimport", "locate"}),
    "unittest.mock": frozenset(),
    "_pytest.monkeypatch": frozenset(),
    "_pytest.outcomes": frozenset(),
}
"""Modules that import what their caller names, and in which functions: all of them where none is named."""

_BETWEEN = frozenset({"contextlib", "functools", "dataclasses", "typing", "asyncio.coroutines"})
"""Modules that only help whoever calls them."""

_OF_TESTS = frozenset({"unittest.mock", "_pytest.monkeypatch", "_pytest.outcomes"})
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_MOST_FRAMES = 12
_MOST_BETWEEN = 40

_BOOTSTRAP = "<frozen importlib._bootstrap>"
_IMPORTED = {"_find_spec": "name", "_find_and_load": "name", "_load_unlocked": "spec", "_exec": "spec"}
"""Functions of importlib that find or load a module, and what of theirs says which."""
_MOST_READERS = 2_000

_IMPORTLIB = os.path.join(os.path.dirname(os.__file__), "importlib") + os.sep
ORIGINAL_IMPORT = builtins.__import__ if isinstance(builtins.__import__, BuiltinFunctionType) else None
"""What executes import statements, unless somebody has put a function of their own in its place."""


class Importer(NamedTuple):
    """Who imports."""

    frame: Any  # where it is written
    origin: str  # what it is for
    is_shared: bool  # the instruction that imports does so for others: each time it has to be found for whom


def importing_frame(frame: Any) -> Any:
    """Walk out of importlib's own frames; None where nothing else is left."""
    while frame is not None and frame.f_code.co_filename.startswith(("<frozen importlib", _IMPORTLIB)):
        frame = frame.f_back
    return frame


def frame_that_imports(module: str, frame: Any) -> Any:
    """Return the frame of importlib that imports a module, whatever finders and loaders lie between.

    None where nobody near imports it: then somebody asks a finder, or calls a loader, on their own.
    """
    found = None
    for _ in range(_MOST_BETWEEN):
        if frame is None:
            break
        if frame.f_code.co_filename == _BOOTSTRAP:
            known = _IMPORTED.get(frame.f_code.co_name)
            asked = None if known is None else frame.f_locals.get(known)
            if getattr(asked, "name", asked) == module:
                found = frame
                if frame.f_code.co_name != "_find_spec":
                    break
        frame = frame.f_back
    return found


def behind_replacement(frame: Any) -> Any:
    """Return the frame with the import statement, where a replacement of `__import__` executes it."""
    code = getattr(builtins.__import__, "__code__", None)
    outer = frame
    for _ in range(_MOST_FRAMES):
        if outer is None or outer.f_code.co_name == "<module>":
            break
        if outer.f_code is code:
            return outer.f_back or frame
        outer = outer.f_back
        if outer is None or outer.f_code.co_filename.startswith("<frozen importlib"):
            break
    return frame


def importer_of(frame: Any) -> Importer:
    """Return who imports, from the innermost frame that is not importlib's own."""
    module = _module_of(frame)
    if _imports_for_others(module, frame):
        return _behind(frame, module)
    if is_sweeper(module):
        return Importer(frame, SWEEP, is_shared=False)
    lazy = _lazy_answer(frame)
    if lazy is None:
        return Importer(frame, APPLICATION, is_shared=False)
    return Importer(frame, SWEEP if _is_swept(lazy) else APPLICATION, is_shared=True)


@lru_cache(maxsize=4096)
def is_sweeper(module: str) -> bool:
    """Does the module import others, or read their attributes, only to look at them?"""
    if module.partition(".")[0] in _SWEEPERS:
        return True
    return any(module == name or module.startswith(name + ".") for name in _SWEEPERS if "." in name)


def _imports_for_others(module: str, frame: Any) -> bool:
    functions = _FOR_OTHERS.get(module)
    return functions is not None and (not functions or frame.f_code.co_name in functions)


def _behind(frame: Any, module: str) -> Importer:
    origin = UNPICKLING if module in ("pickle", "shelve") else APPLICATION
    outer, name = frame, module
    while outer is not None and (_imports_for_others(name, outer) or name in _BETWEEN):
        outer = importing_frame(outer.f_back)
        name = _module_of(outer)
    if outer is None:
        return Importer(frame, origin, is_shared=True)
    if not is_sweeper(name):
        return Importer(outer, origin, is_shared=True)
    return Importer(frame, APPLICATION if module in _OF_TESTS else SWEEP, is_shared=True)


def _lazy_answer(frame: Any) -> Any:
    """Return the frame of the `__getattr__` that the import happens in, None where it happens in none."""
    for _ in range(_MOST_FRAMES):
        if frame is None or frame.f_code.co_name == "<module>":
            return None  # a module that is being loaded imports for itself, whoever loads it
        if frame.f_code.co_name == "__getattr__":
            return frame
        frame = frame.f_back
    return None


def _is_swept(answer: Any) -> bool:
    """Was the attribute that `__getattr__` answers for asked for by somebody who asks for everything?"""
    reader = answer.f_back
    while reader is not None and (reader.f_code.co_name == "__getattr__" or _module_of(reader) in _BETWEEN):
        reader = reader.f_back  # one module answers for another
    if reader is None or reader.f_code.co_filename.startswith("<frozen importlib"):
        return False
    module = _module_of(reader)
    function = reader.f_code.co_name
    if module == "pickle":
        return any(outer.f_code.co_name == "whichmodule" for outer in (reader, reader.f_back) if outer)
    if is_sweeper(module):
        return bool(function != "get_original")  # of unittest.mock: what is to be replaced
    return module not in _FOR_OTHERS and _walks(reader, str(asked_name(answer)))


def _walks(reader: Any, name: str) -> bool:
    """Does a function go through all attributes of a module, or through all modules?"""
    code = reader.f_code
    call = _call(code, reader.f_lasti)
    if call is None:  # it names the attribute itself
        return name.startswith("__") and name.endswith("__") and _walks_modules(code)
    if call.callee in ("dump", "dumps"):
        return True  # pickle written in C looks for the module of what it is given
    if call.callee not in ("getattr", "hasattr") or not call.is_in_loop:
        return False
    names = set(code.co_names)
    if code.co_name in _COMPREHENSIONS and reader.f_back is not None:
        names.update(reader.f_back.f_code.co_names)
    return ("dir" in names and name not in code.co_consts) or _walks_modules(code)


def _walks_modules(code: CodeType) -> bool:
    return "modules" in code.co_names and not {"values", "items"}.isdisjoint(code.co_names)


_calls: dict[tuple[int, int], tuple[CodeType, Optional[CallSite]]] = {}


def _call(code: CodeType, offset: int) -> CallSite | None:
    """Return the call at an instruction, None where there is none; read once."""
    known = _calls.get((id(code), offset))
    if known is None or known[0] is not code:
        if len(_calls) >= _MOST_READERS:
            _calls.clear()
        known = _calls[id(code), offset] = (code, call_at(code, offset))
    return known[1]


def asked_name(answer: Any) -> object:
    """Return the last argument of a `__getattr__` that runs."""
    code = answer.f_code
    return answer.f_locals.get(code.co_varnames[code.co_argcount - 1]) if code.co_argcount else None


def _module_of(frame: Any) -> str:
    name = frame.f_globals.get("__name__") if frame is not None else None
    return name if isinstance(name, str) else ""
