"""Hears requests of frameworks begin and end, so that their user is known, at the methods they enter by.

A method is wrapped when its module has loaded, and only then. What its wrapper does besides passing the call
on may fail without anybody noticing but the recording.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ssot_probe.context import frameworks
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.unseen_frames import leave_out, unseen

MODULES = (
    "starlette.applications",
    "starlette.routing",
    "django.core.handlers.base",
    "aiohttp.web_app",
    "channels.consumer",
    "flask.globals",
    "celery._state",
    "opentelemetry.context",
    "structlog.contextvars",
)
"""Those of `context.frameworks.entries`, which is not loaded before one of them is."""

_CO_COROUTINE = 0x80


class EntryPoints:
    """The frameworks that are listened to in this process.

    Args:
        on_loaded: called when a framework has been loaded.
        on_failure: told what could not be listened to.
    """

    def __init__(
        self, on_loaded: Callable[[], None], on_failure: Callable[[str, BaseException], None]
    ) -> None:
        self._on_loaded = on_loaded
        self._on_failure = on_failure
        self._awaited = set(MODULES)
        self._wrapped: list[tuple[type, str, Any, Any]] = []
        self._is_enabled = True

    def is_awaited(self, module: str) -> bool:
        """Is it to be told when this module has run?"""
        return module in self._awaited

    def look(self) -> None:
        """Take in the modules that were loaded unnoticed, or before the probe."""
        for name in [name for name in self._awaited if name in sys.modules]:
            module = sys.modules[name]
            spec = namespace_of(module).get("__spec__")
            if spec is not None and not spec.__dict__.get("_initializing", False):
                self.loaded(name, module)

    def loaded(self, name: str, module: ModuleType) -> None:
        """Listen to a framework one of whose modules has run."""
        if name not in self._awaited:
            return
        self._awaited.discard(name)
        try:
            from ssot_probe.context.frameworks import entries

            framework = frameworks.add(entries.framework_of(name))
            self._on_loaded()
            for entry in entries.ENTRIES.get(name, ()):
                self._wrap(module, entry, framework)
        except Exception as error:
            self._on_failure(f"the user of {name}", error)

    def remove(self) -> None:
        """Listen to none any more; wrappers that somebody stacked on stay, and do nothing."""
        self._is_enabled = False
        self._awaited.clear()
        frameworks.forget()
        while self._wrapped:
            owner, name, original, wrapper = self._wrapped.pop()
            if vars(owner).get(name) is wrapper:
                type.__setattr__(owner, name, original)

    def _wrap(self, module: ModuleType, entry: Any, framework: frameworks.Framework) -> None:
        owner = vars(module)[entry.owner]
        original = vars(owner)[entry.method]
        make, is_async, parameters = _SHAPES[entry.shape]
        code = original.__code__
        taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if taken != parameters or bool(code.co_flags & _CO_COROUTINE) != is_async:
            raise TypeError(f"{entry.owner}.{entry.method} takes {taken}")
        wrapper = make(self, original, entry.accounts, framework)
        _dress(wrapper, original)
        type.__setattr__(owner, entry.method, wrapper)
        self._wrapped.append((owner, entry.method, original, wrapper))

    def _begin(self, framework: frameworks.Framework, accounts: frameworks.Accounts, carrier: Any) -> Any:
        try:
            return frameworks.begin(framework, accounts, carrier) if self._is_enabled else None
        except Exception as error:
            framework.error = type(error).__name__
            return None

    # Each takes what the wrapped one does: uvicorn learns what an application is by calling it wrongly.

    @unseen
    def _asgi(self, original: Any, accounts: frameworks.Accounts, framework: frameworks.Framework) -> Any:
        begin, end = self._begin, frameworks.end

        async def ssot_probe_asgi(self: Any, scope: Any, receive: Any, send: Any) -> Any:
            begun = begin(framework, accounts, scope)
            try:
                return await original(self, scope, receive, send)
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                if begun is not None:
                    end(begun)

        return ssot_probe_asgi

    @unseen
    def _coroutine(
        self, original: Any, accounts: frameworks.Accounts, framework: frameworks.Framework
    ) -> Any:
        begin, end = self._begin, frameworks.end

        async def ssot_probe_coroutine(self: Any, request: Any) -> Any:
            begun = begin(framework, accounts, request)
            try:
                return await original(self, request)
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                if begun is not None:
                    end(begun)

        return ssot_probe_coroutine

    @unseen
    def _function(self, original: Any, accounts: frameworks.Accounts, framework: frameworks.Framework) -> Any:
        begin, end = self._begin, frameworks.end

        def ssot_probe_function(self: Any, request: Any) -> Any:
            begun = begin(framework, accounts, request)
            try:
                return original(self, request)
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                if begun is not None:
                    end(begun)

        return ssot_probe_function


_SHAPES: dict[str, tuple[Any, bool, tuple[str, ...]]] = {
    "asgi": (EntryPoints._asgi, True, ("self", "scope", "receive", "send")),
    "coroutine": (EntryPoints._coroutine, True, ("self", "request")),
    "function": (EntryPoints._function, False, ("self", "request")),
}
"""Shape of a method -> what wraps it, whether it is a coroutine function, and its parameters."""


def _dress(wrapper: Any, original: Any) -> None:
    """Let the wrapper look like what it wraps, as `functools.wraps` does."""
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(wrapper, name, getattr(original, name))
    wrapper.__annotations__ = original.__annotations__
    wrapper.__dict__.update(original.__dict__)
    wrapper.__wrapped__ = original
