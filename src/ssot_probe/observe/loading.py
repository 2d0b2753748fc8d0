"""Which modules are being loaded around a frame: the frames themselves say it, for any thread.

Nothing is kept while modules load. The frames of the code that runs a module lie between the importer and
the import that led to it, so they end with the load, failed or not, and are no other thread's or greenlet's.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple, Optional, TypeVar

from ssot_probe.observe.importers import APPLICATION

_F = TypeVar("_F", bound=Callable[..., Any])

_runners: list[CodeType] = []


class Loading(NamedTuple):
    """The import that loads a module, with the place that asked for it."""

    module: str
    code: Optional[CodeType]
    offset: int
    line: int
    importer: str
    called: bool  # by importlib.import_module rather than by a statement
    origin: str = APPLICATION  # what it was for


class LoadEvent(NamedTuple):
    """A first-party module was loaded, or failed to."""

    loading: Loading
    outcome: str
    thread: str
    time: int


def runs_modules(function: _F) -> _F:
    """Let what the function holds in its local variable `loading` be found while it runs."""
    _runners.append(function.__code__)
    return function


def loadings_around(frame: Any) -> list[Loading]:
    """Return the loadings that run around a frame, the innermost first."""
    found = []
    while frame is not None:
        if any(frame.f_code is code for code in _runners):
            loading = frame.f_locals.get("loading")
            if loading is not None:
                found.append(loading)
        frame = frame.f_back
    return found
