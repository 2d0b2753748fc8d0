"""Looks into modules without asking them: what stands in `sys.modules` may be lazy, or no module at all."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


def namespace_of(module: object) -> dict[str, Any]:
    """Return a module's dictionary as it is, without loading a lazy module; {} for what is no module."""
    if not issubclass(type(module), ModuleType):
        return {}
    names: dict[str, Any] = object.__getattribute__(module, "__dict__")
    return names


def is_importing(thread: int) -> bool:
    """Is the thread in the middle of an import? Its lock would never open in a forked child."""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib._bootstrap"):
            return True
        frame = frame.f_back
    return False
