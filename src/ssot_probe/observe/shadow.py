"""Tells when a loader has run a module: its `exec_module` is shadowed once, and the loader stays what it is.

So `inspect`, `pkgutil`, resources and reload work as without the probe.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from sys import _getframe
from types import MethodType, ModuleType
from typing import Any, Optional, Protocol, TypeVar

from ssot_probe.observe import importers, tripwire
from ssot_probe.observe.loading import Loading, runs_modules
from ssot_probe.observe.modules import namespace_of

_HIDES_ITSELF = sys.version_info >= (3, 11)
"""Before, `raise` keeps the traceback with our frame, whatever is done to the exception."""

_F = TypeVar("_F", bound=Callable[..., Any])


class Listener(Protocol):
    """What is told. Nothing of it may raise."""

    def starts(self, name: str, loader: Any, module: ModuleType) -> None:
        """A module is run now."""

    def executed(self, name: str, module: ModuleType, loading: Loading | None, loader: Any) -> None:
        """It has run."""

    def failed(self, loading: Loading, module: ModuleType) -> None:
        """Running it raised."""

    def finished(self, name: str) -> None:
        """It has run, or failed to."""


def as_importlib(function: _F) -> _F:
    """Let tracebacks leave our frame out and warnings look past it, as they do with importlib's own."""
    function.__code__ = function.__code__.replace(
        co_filename="<frozen importlib._bootstrap_external>", co_name="_call_with_frames_removed"
    )
    return function


def shadow(spec: ModuleSpec, loading: Loading | None, listener: Listener) -> bool:
    """Let a listener be told when the loader has run the module.

    Args:
        spec: of the module.
        loading: who loads it; None for what is not watched, and only to be told of.
        listener: told in the thread that runs it.

    Returns:
        False for what cannot tell: builtin, frozen modules.
    """
    loader = spec.loader
    attributes = getattr(loader, "__dict__", None)
    if isinstance(loader, type) or not isinstance(attributes, dict):
        return False
    own = attributes.get("exec_module")
    known = _shadow_behind(own)
    if known is None or known.listener is not listener:
        known = _Shadow(loader, own, listener)
        attributes["exec_module"] = known.exec_module
    if loading is not None or spec.name not in known.waiting:
        known.waiting[spec.name] = loading
    return True


class _Shadow:
    """Stands in front of one loader's `exec_module` until the modules that are expected have run."""

    def __init__(self, loader: Any, own: Any, listener: Listener) -> None:
        self.loader = loader
        self.waiting: dict[str, Optional[Loading]] = {}
        self._own = own
        self.listener = listener

    @runs_modules
    @as_importlib
    def exec_module(self, module: ModuleType) -> None:
        """Run the module as the loader does. A method: to call an object counts twice as deep a recursion."""
        spec = namespace_of(module).get("__spec__")
        name = getattr(spec, "name", "")
        loading = _where_it_runs(self.waiting.pop(name, None), _getframe(1))
        if not self.waiting:
            self._step_aside()
        run = self._own or type(self.loader).exec_module.__get__(self.loader)
        self.listener.starts(name, self.loader, module)
        try:
            run(module)
        except BaseException as error:
            if loading is not None:
                self.listener.failed(loading, module)
            if error.__traceback__ is not None and _HIDES_ITSELF:
                error.__traceback__ = error.__traceback__.tb_next
            raise
        else:
            self.listener.executed(name, module, loading, self.loader)
        finally:
            self.listener.finished(name)

    def _step_aside(self) -> None:
        attributes = vars(self.loader)
        if _shadow_behind(attributes.get("exec_module")) is self:
            if self._own is None:
                del attributes["exec_module"]
            else:
                attributes["exec_module"] = self._own


def _shadow_behind(function: object) -> _Shadow | None:
    """Return the shadow whose method a function is, None where it is anything else."""
    owner = function.__self__ if type(function) is MethodType else None
    return owner if type(owner) is _Shadow else None


def _where_it_runs(loading: Loading | None, frame: Any) -> Loading | None:
    """Return who loads a module, from what calls `exec_module`: the application itself may.

    A loader that passes everything on to the one that it stands for calls it too, for an import.
    """
    try:
        if (
            loading is not None
            and importers.importing_frame(frame) is frame
            and importers.frame_that_imports(loading.module, frame) is None
        ):
            line, importer = frame.f_lineno or 0, frame.f_globals.get("__name__", "")
            return loading._replace(code=frame.f_code, offset=frame.f_lasti, line=line, importer=importer)
    except Exception:
        tripwire.lost[0] += 1
    return loading
