"""Hears jobs of thread pools and of Celery begin and end, once the application has loaded what runs them.

A job's two boundaries are where a context or a thread-local that an earlier job left can be told from one
that the job itself was given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextvars import Context
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from ssot_probe.context import work
from ssot_probe.context.carried import Carrier, first_carried
from ssot_probe.context.current import bound_user
from ssot_probe.context.frameworks import framework_user
from ssot_probe.observe.unseen_frames import leave_out, unseen

POOLS = "concurrent.futures.thread"
CELERY = "celery.signals"

UID = "ssot_probe.observe.jobs"
"""By which Celery knows what we connect."""

MOST_WAITING = 10_000
"""Jobs that wait to be run and of which it is known who handed them in."""


class Jobs:
    """Listens to the jobs of this process.

    Args:
        carriers: what carries a user's context, by the policy.
        on_failure: told what could not be listened to.
    """

    def __init__(self, carriers: Sequence[Carrier], on_failure: Callable[[str, BaseException], None]) -> None:
        self._carriers = tuple(carriers)
        self._on_failure = on_failure
        self._awaited = {POOLS, CELERY}
        self._tasks: dict[str, Any] = {}  # id of a Celery task that runs -> what `work.end` takes
        self._handed_in: dict[int, str] = {}  # `id` of a job that waits -> the user who was current then
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
        """Listen to the jobs that a module runs which has been loaded."""
        if name not in self._awaited:
            return
        self._awaited.discard(name)
        try:
            if name == CELERY:
                module.task_prerun.connect(self._task_begins, weak=False, dispatch_uid=UID)
                module.task_postrun.connect(self._task_ends, weak=False, dispatch_uid=UID)
                return
            item = vars(module)["_WorkItem"]
            self._wrap(item, "__init__", self._handing_in(vars(item)["__init__"]))
            self._wrap(item, "run", self._running(vars(item)["run"]))
        except Exception as error:
            self._on_failure(f"jobs of {name}", error)

    def remove(self) -> None:
        """Listen to nothing any more; what somebody stacked on stays, and only passes on."""
        self._is_enabled = False
        if CELERY not in self._awaited and CELERY in sys.modules:
            sys.modules[CELERY].task_prerun.disconnect(dispatch_uid=UID)
            sys.modules[CELERY].task_postrun.disconnect(dispatch_uid=UID)
        self._awaited.clear()
        while self._wrapped:
            owner, name, original, wrapper = self._wrapped.pop()
            if vars(owner).get(name) is wrapper:
                type.__setattr__(owner, name, original)

    def forget(self) -> None:
        """Forget what waits: a forked child runs none of it."""
        self._handed_in.clear()

    def _wrap(self, owner: type, name: str, wrapper: Any) -> None:
        original = vars(owner)[name]
        for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(wrapper, attribute, getattr(original, attribute))
        wrapper.__wrapped__ = original
        type.__setattr__(owner, name, wrapper)
        self._wrapped.append((owner, name, original, wrapper))

    @unseen
    def _handing_in(self, original: Any) -> Any:
        this, handed_in, carriers = self, self._handed_in, self._carriers
        if original.__code__.co_varnames[:5] != ("self", "future", "fn", "args", "kwargs"):
            raise TypeError(f"jobs are made of {original.__code__.co_varnames}")

        def ssot_probe_hand_in(self: Any, future: Any, fn: Any, args: Any, kwargs: Any) -> None:
            original(self, future, fn, args, kwargs)
            if not this._is_enabled:
                return
            try:
                user = bound_user() or framework_user()
                if user is None and carriers:
                    _, user = first_carried(carriers)
                if user is not None and len(handed_in) < MOST_WAITING:
                    handed_in[id(self)] = user
                elif handed_in:
                    handed_in.pop(id(self), None)
            except Exception as error:
                this._failed(error)

        return ssot_probe_hand_in

    @unseen
    def _running(self, original: Any) -> Any:
        this, handed_in, begin, end = self, self._handed_in, work.begin, work.end

        def ssot_probe_run(self: Any) -> Any:
            begun = None
            if this._is_enabled:
                try:
                    user = handed_in.pop(id(self), None) if handed_in else None
                    fn = self.fn
                    if type(fn) is FunctionType and not self.args:
                        begun = begin("job", user, fn.__code__)
                    else:
                        begun = begin("job", user, *_job_of(self))
                except Exception as error:
                    this._failed(error)
            try:
                return original(self)
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                if begun is not None:
                    end(begun)

        return ssot_probe_run

    def _task_begins(self, task_id: Any = None, task: Any = None, **more: Any) -> None:
        try:
            if self._is_enabled and len(self._tasks) < MOST_WAITING:
                code = getattr(getattr(task, "run", None), "__code__", None)
                self._tasks[str(task_id)] = work.begin("job", framework_user(), code)
        except Exception as error:
            self._failed(error)

    def _task_ends(self, task_id: Any = None, **more: Any) -> None:
        try:
            begun = self._tasks.pop(str(task_id), None)
            if begun is not None:
                work.end(begun)
        except Exception as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        self._is_enabled = False
        self._on_failure("jobs in threads", error)


def _job_of(item: Any) -> tuple[CodeType | None, bool]:
    """Return the code that a job runs, and whether it does so in the thread's own context."""
    found, brings_context = item.fn, False
    for argument in item.args:
        if type(argument) is BuiltinFunctionType and type(argument.__self__) is Context:
            brings_context = True
    while type(found) is partial:
        for argument in (*found.args, *found.keywords.values()):
            if type(argument) is BuiltinFunctionType and type(argument.__self__) is Context:
                brings_context = True
        found = found.func
    kind = type(found)
    if kind is FunctionType:
        return found.__code__, not brings_context
    if kind is BuiltinFunctionType and type(found.__self__) is Context:
        brings_context = True
    if kind is MethodType:
        found = found.__func__
    code = getattr(getattr(found, "__wrapped__", found), "__code__", None)
    return (code if type(code) is CodeType else None), not brings_context
