"""Import cycles at load: who imported a module that this very thread was still loading.

Of each such import the first is kept, with the chain of imports that led from the module to it. Whoever asks
a package for a submodule, while the package's own code runs, wants nothing of it that could be missing.
"""

from __future__ import annotations

import sys
from collections import deque
from time import time_ns
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from ssot_probe.context.current import thread_name
from ssot_probe.observe.loading import Loading, loadings_around
from ssot_probe.observe.modules import namespace_of

if TYPE_CHECKING:
    from ssot_probe.observe.import_sites import ImportStatement

MOST_CYCLES = 500
"""Bound on the imports of half initialised modules that are kept; that there were more is told."""

MOST_FAILED = 1_000
"""Modules that failed to load and are remembered, so that nobody takes them for names that are missing."""


class Cycle(NamedTuple):
    """An import of a module that was being loaded around it."""

    module: str  # the half initialised one
    names: tuple[str, ...]  # fetched from it, and there
    absent: tuple[str, ...]  # asked for, and not there yet: submodules that come now, or what is too late
    is_lazy: bool  # the module answers for names that are not there
    chain: tuple[Loading, ...]  # what was loaded because of the module, down to whoever imported it
    last: Loading  # that import
    is_statement: bool
    thread: str
    time: int


waiting: deque[Cycle] = deque()
"""Those that the recorder has not taken yet."""

failed: set[str] = set()
"""Modules that raised while they were loaded."""

_seen: set[tuple[str, str, int, int]] = set()
_beyond = [False]


def forget() -> None:
    """Know of no cycle: a forked child tells its own."""
    waiting.clear()
    failed.clear()
    _seen.clear()
    _beyond[0] = False


def went_beyond() -> bool:
    """Were there more than are kept?"""
    return _beyond[0]


def note_failed(module: str) -> None:
    """Remember a module that raised while it was loaded."""
    if len(failed) < MOST_FAILED:
        failed.add(module)


def note(module: str, frame: Any, called: bool) -> None:
    """Keep an import of a module that is not initialised yet, unless it is another thread's to do so.

    Args:
        module: the half initialised one.
        frame: the importer's.
        called: by importlib rather than by a statement.
    """
    key = _key(module, frame)
    if key in _seen or _name_of(frame) == module:  # a module that imports itself misses nothing
        return
    statement = None if called else _statement_at(frame)
    names: list[str] = []
    absent: list[str] = []
    if statement is not None:
        asked = sys.modules.get(_absolute(statement, frame))
        if asked is not sys.modules.get(module):
            return  # a submodule is imported, which touches its package
        for name in statement.names:
            _sort_in(name, module, names, absent)
        if statement.names and not names and not absent:
            return
    is_lazy = "__getattr__" in namespace_of(sys.modules.get(module))
    last = Loading(module, frame.f_code, frame.f_lasti, frame.f_lineno or 0, _name_of(frame), called)
    cycle = Cycle(
        *(module, tuple(names), tuple(absent), is_lazy, (), last, statement is not None),
        thread_name(),
        time_ns(),
    )
    _keep(key, cycle, frame)


def is_initializing(module: str) -> bool:
    """Is the module being loaded, in any thread?"""
    spec = namespace_of(sys.modules.get(module)).get("__spec__")
    return getattr(spec, "__dict__", {}).get("_initializing", False) is True


def _keep(key: tuple[str, str, int, int], cycle: Cycle, frame: Any) -> None:
    loadings = loadings_around(frame)
    position = next((index for index, one in enumerate(loadings) if one.module == cycle.module), -1)
    if position < 0:
        return  # another thread loads it, and is merely waited for
    if len(_seen) >= MOST_CYCLES:
        _beyond[0] = True
        return
    _seen.add(key)
    waiting.append(cycle._replace(chain=tuple(reversed(loadings[:position]))))


def _key(module: str, frame: Any) -> tuple[str, str, int, int]:
    code = frame.f_code
    return module, code.co_filename, code.co_firstlineno, frame.f_lasti


def _statement_at(frame: Any) -> ImportStatement | None:
    from ssot_probe.observe.import_sites import statement_at

    return statement_at(frame.f_code, frame.f_lasti)


def _absolute(statement: ImportStatement, frame: Any) -> str:
    from ssot_probe.observe.import_sites import resolve

    package = frame.f_globals.get("__package__") or _name_of(frame).rpartition(".")[0]
    return resolve(statement, str(package))


def _name_of(frame: Any) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _sort_in(name: str, module: str, names: list[str], absent: list[str]) -> None:
    """Put a name that is fetched where it belongs; one of a submodule belongs nowhere."""
    held = namespace_of(sys.modules.get(module))
    submodule = sys.modules.get(f"{module}.{name}")
    if name == "*":
        names.append(name)
    elif name not in held:
        if submodule is None:
            absent.append(name)
    elif submodule is None or held[name] is not submodule or not issubclass(type(submodule), ModuleType):
        names.append(name)
