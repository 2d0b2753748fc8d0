"""Looks into modules without asking them: what stands in `sys.modules` may be lazy, or no module at all."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def namespace_of(module: object) -> dict[str, Any]:
    """Return a module's dictionary as it is, without loading a lazy module; {} for what is no module."""
    if not issubclass(type(module), ModuleType):
        return {}
    names: dict[str, Any] = object.__getattribute__(module, "__dict__")
    return names
