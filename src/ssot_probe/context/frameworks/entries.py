"""Which modules of frameworks matter: those that keep the user, and those through which requests enter."""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.context.frameworks import (
    Accounts,
    Framework,
    aiohttp,
    asgi,
    celery,
    django,
    flask,
    structlog,
    telemetry,
)


class Entry(NamedTuple):
    """A method through which every request of a framework passes."""

    framework: str
    owner: str  # class in the module
    method: str
    shape: str  # "asgi" | "coroutine" | "function"
    accounts: Accounts


ENTRIES: dict[str, tuple[Entry, ...]] = {
    "starlette.applications": (Entry("Starlette", "Starlette", "__call__", "asgi", asgi.accounts),),
    # A middleware may pass on a scope of its own, which the router gets.
    "starlette.routing": (Entry("Starlette", "Router", "__call__", "asgi", asgi.accounts),),
    "django.core.handlers.base": (
        Entry("Django", "BaseHandler", "get_response", "function", django.accounts),
        Entry("Django", "BaseHandler", "get_response_async", "coroutine", django.accounts),
    ),
    "aiohttp.web_app": (Entry("aiohttp", "Application", "_handle", "coroutine", aiohttp.accounts),),
    "channels.consumer": (Entry("Channels", "AsyncConsumer", "__call__", "asgi", asgi.accounts),),
}
"""Module -> the methods in it."""

HOLDERS = {
    "flask.globals": ("Flask", flask.user),
    "celery._state": ("Celery", celery.user),
    "opentelemetry.context": ("OpenTelemetry", telemetry.user),
    "structlog.contextvars": ("structlog", structlog.user),
}
"""Module that keeps what runs in this context -> the framework's name, and who is its user here. The order
is that in which they are asked."""


def framework_of(module: str) -> Framework:
    """Return the framework that a module of the tables above belongs to."""
    if module in HOLDERS:
        return Framework(*HOLDERS[module], rank=list(HOLDERS).index(module))
    return Framework(ENTRIES[module][0].framework)
