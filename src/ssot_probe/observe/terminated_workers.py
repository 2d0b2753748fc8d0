"""Hears workers of multiprocessing begin, and when they are to be terminated, a whole pool at once."""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from ssot_probe.observe.unseen_frames import leave_out, unseen

PROCESSES, SIGNALS, POOLS = "multiprocessing.process", "multiprocessing.popen_fork", "multiprocessing.pool"
_ARGUMENTS = ("cls", "taskqueue", "inqueue", "outqueue", "pool")


class TerminatedWorkers:
    """Listens to what makes this process a worker, and to what terminates those that it made.

    Args:
        begun: called in a worker with the id of the process that made it; must not raise.
        before: called with the ids of processes, right before these get their signal; must not raise.
        on_failure: told what could not be listened to.
    """

    def __init__(
        self,
        begun: Callable[[int], None],
        before: Callable[[Sequence[int]], None],
        on_failure: Callable[[str, BaseException], None],
    ) -> None:
        self._begun = begun
        self._before = before
        self._on_failure = on_failure
        self._awaited = {PROCESSES, SIGNALS, POOLS}
        self._pools: dict[int, Sequence[Any]] = {}  # the workers of the pool that a thread terminates
        self._wrapped: list[tuple[type, str, Any, Any]] = []
        self._is_enabled = True

    def is_awaited(self, module: str) -> bool:
        """Is it to be told when this module has run?"""
        return module in self._awaited

    def look(self) -> None:
        """Take in what was loaded unnoticed, or before the probe."""
        for name in [name for name in self._awaited if name in sys.modules]:
            module = sys.modules[name]
            spec = getattr(module, "__spec__", None)
            if spec is not None and not spec.__dict__.get("_initializing", False):
                self.loaded(name, module)

    def loaded(self, name: str, module: ModuleType) -> None:
        """Listen to a module that has been loaded."""
        if name not in self._awaited:
            return
        self._awaited.discard(name)
        try:
            if name == PROCESSES:
                self._wrap(vars(module)["BaseProcess"], "_bootstrap", self._beginning)
            elif name == SIGNALS:
                self._wrap(vars(module)["Popen"], "terminate", self._terminating)
            else:
                self._wrap(vars(module)["Pool"], "_terminate_pool", self._terminating_pool)
        except Exception as error:
            self._on_failure(f"the end of workers by {name}", error)

    def remove(self) -> None:
        """Listen to nothing any more; what somebody stacked on stays, and only passes on."""
        self._is_enabled = False
        self._awaited.clear()
        while self._wrapped:
            owner, name, original, wrapper = self._wrapped.pop()
            if vars(owner).get(name) is wrapper:
                setattr(owner, name, original)

    def _wrap(self, owner: type, name: str, wrapping: Callable[[Any], Any]) -> None:
        original = vars(owner)[name]
        wrapper = wrapping(original)
        setattr(owner, name, wrapper)
        self._wrapped.append((owner, name, original, wrapper))

    @unseen
    def _beginning(self, original: Any) -> Any:
        this = self

        def ssot_probe_bootstrap(self: Any, *arguments: Any, **options: Any) -> Any:
            this._tell_begun(self)
            try:
                return original(self, *arguments, **options)
            except BaseException as error:
                leave_out(error)
                raise

        return _dressed(ssot_probe_bootstrap, original)

    @unseen
    def _terminating(self, original: Any) -> Any:
        this = self

        def ssot_probe_terminate(self: Any) -> None:
            this._tell_before(self)
            try:
                original(self)
            except BaseException as error:
                leave_out(error)
                raise

        return _dressed(ssot_probe_terminate, original)

    @unseen
    def _terminating_pool(self, original: Any) -> Any:
        pools, function = self._pools, original.__func__
        if function.__code__.co_varnames[: len(_ARGUMENTS)] != _ARGUMENTS:
            raise TypeError(f"pools are terminated with {function.__code__.co_varnames}")

        def ssot_probe_terminate_pool(cls: Any, *arguments: Any, **options: Any) -> Any:
            thread = get_ident()
            if len(arguments) > 3:
                pools[thread] = arguments[3]
            try:
                return function(cls, *arguments, **options)
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                pools.pop(thread, None)

        return classmethod(_dressed(ssot_probe_terminate_pool, function))

    def _tell_begun(self, worker: Any) -> None:
        try:
            if self._is_enabled and type(worker._parent_pid) is int:
                self._begun(worker._parent_pid)
        except Exception as error:
            self._on_failure("the beginning of workers", error)

    def _tell_before(self, worker: Any) -> None:
        """Tell of one worker; with the first one of a pool, of all."""
        if not self._is_enabled:
            return
        try:
            fellows = self._pools.pop(get_ident(), ())
            alive = [worker.pid, *(fellow.pid for fellow in fellows if fellow.exitcode is None)]
            self._before(sorted({pid for pid in alive if type(pid) is int}))
        except Exception as error:
            self._is_enabled = False
            self._on_failure("the end of workers", error)


def _dressed(wrapper: Any, original: Any) -> Any:
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(wrapper, name, getattr(original, name))
    wrapper.__wrapped__ = original
    return wrapper
