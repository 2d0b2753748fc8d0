"""Tells what a watched path is used for, from the frames around the use.

Where it is not certain it is the application: a test that passes for the application costs a second look, the
application that passes for a test costs the code it needs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from ssot_probe.model.path_records import APPLICATION, HEALTH_CHECK, PROBE, SWEEP, TEST, TOOLING
from ssot_probe.observe.unseen_frames import UNSEEN_FILE

MOST_FRAMES = 400
"""Frames that are looked at around a use."""

HEALTH_NAMES = frozenset(
    {
        *("health", "healthz", "healthcheck", "health_check"),
        *("liveness", "livez", "readiness", "readyz"),
    }
)
"""Functions that a supervisor asks whether the service is well."""

_TEST_RUNNERS = (
    *("_pytest", "pytest", "nose", "nose2", "doctest"),
    *("unittest.case", "unittest.suite", "unittest.runner", "unittest.main", "unittest.async_case"),
)
_TOOLS = (
    *("sphinx", "pdoc", "mkdocstrings", "griffe", "pydoc", "pylint", "astroid", "mypy", "jedi"),
    *("alembic.autogenerate", "django.db.migrations.autodetector", "rlcompleter"),
    *("django.core.management.commands.makemigrations", "django.core.management.commands.shell"),
    *("IPython.terminal", "IPython.core.completer"),
)
"""Modules that run what they look at, wherever they are in the stack."""

_SWEEPERS = (
    "pkgutil",
    "django.utils.autoreload",
    "werkzeug._reloader",
    "uvicorn.supervisors",
    "gunicorn.reloader",
)
"""Modules that look at whatever there is; the application may run inside of them, so only at first hand."""

_BETWEEN = frozenset({"contextlib", "functools", "wrapt", "_wrapt"})
"""Modules that only help whoever calls them."""

_DECORATED = frozenset({"wrapper", "wrapped", "inner", "decorated", "wrapped_view", "decorator"})
_OWN = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_OWN_PARTS = tuple(_OWN + part + os.sep for part in ("observe", "recorder", "context", "export"))
_PLUMBING = frozenset({UNSEEN_FILE, wraps.__code__.co_filename})


def caller_of(frame: Any) -> Any:
    """Return the frame that uses what runs in a frame, past those that only pass calls on; None for none."""
    frame = frame.f_back
    while frame is not None and _is_between(frame):
        frame = frame.f_back
    return frame


def origin_of(used: Any, caller: Any, is_first_party: Callable[[str, object], bool]) -> str:
    """Return what a use is for, from the frame of what is used, and from that which uses it."""
    if caller is not None and is_one_of(module_of(caller), _SWEEPERS):
        return SWEEP
    frame = last = used.f_back
    for _ in range(MOST_FRAMES):
        if frame is None:
            break
        last = frame
        found = _said_by(module_of(frame))
        if found:
            return found
        frame = frame.f_back
    if frame is None and last is not None and last.f_code.co_filename.startswith(_OWN_PARTS):
        return PROBE  # one of our own threads
    if caller is not None and _is_asked_for_health(caller, is_first_party):
        return HEALTH_CHECK
    return APPLICATION


@lru_cache(maxsize=4096)
def _said_by(module: str) -> str:
    """Return what a frame of the module says, wherever it is in the stack; "" for nothing."""
    return TEST if is_one_of(module, _TEST_RUNNERS) else TOOLING if is_one_of(module, _TOOLS) else ""


def _is_asked_for_health(caller: Any, is_first_party: Callable[[str, object], bool]) -> bool:
    """Is it a health check that somebody else calls, with nothing but the project's own code inside of it?"""
    outermost = None
    frame = caller
    for _ in range(MOST_FRAMES):
        if frame is None or not is_first_party(module_of(frame), frame.f_code.co_filename):
            break
        if frame.f_code.co_name not in _DECORATED:
            outermost = frame
        frame = frame.f_back
    return frame is not None and outermost is not None and outermost.f_code.co_name in HEALTH_NAMES


def is_one_of(module: str, names: tuple[str, ...]) -> bool:
    """Is it one of the modules, or within one?"""
    return any(module == name or module.startswith(name + ".") for name in names)


def module_of(frame: Any) -> str:
    """Return the name of the module that a frame's code runs in."""
    name = frame.f_globals.get("__name__")
    return name if isinstance(name, str) else ""


def _is_between(frame: Any) -> bool:
    file = frame.f_code.co_filename
    return file in _PLUMBING or file.startswith(_OWN_PARTS) or module_of(frame).partition(".")[0] in _BETWEEN
