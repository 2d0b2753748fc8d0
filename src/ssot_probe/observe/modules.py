"""Looks into modules without asking them: what stands in `sys.modules` may be lazy, or no module at all."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def namespace_of(module: object) -> dict[str, Any]:
    """Return a module's dictionary as it is, without loading a lazy module; {} for what is no module."""
    if not issubclass(type(module), ModuleType):
        return {}
    names: dict[str, Any] = object.__getattribute__(module, "__dict__")
    return names


def present_modules() -> list[tuple[str, Any]]:
    """Return what stands in `sys.modules`, by name, whatever other threads load meanwhile.

    Before 3.12 each pair that is made may start a garbage collection, and with that any code.
    """
    return list(sys.modules.copy().items())


def spec_of(module: object) -> ModuleSpec | None:
    """Return the spec that a module was loaded by, None where there is none of importlib's."""
    spec = namespace_of(module).get("__spec__")
    return spec if isinstance(spec, ModuleSpec) else None


def has_been_loaded(name: str, module: object) -> bool:
    """Is it a module of this name that has run, and no test? pytest's own finder loads those."""
    if name in ("__main__", "__mp_main__") or type(module) is not ModuleType:
        return False  # looked at by its lines; or lazy still
    names, spec = namespace_of(module), spec_of(module)
    if spec is None or spec.name != name or names.get("__name__") != name or not names.get("__file__"):
        return False  # another name for a module, or a namespace package: nothing was run
    is_pytest_s = str(type(spec.loader).__module__).startswith("_pytest.")
    own_name = name.rpartition(".")[2]
    is_test = own_name == "conftest" or own_name.startswith("test_") or own_name.endswith("_test")
    return not spec.__dict__.get("_initializing", False) and not (is_pytest_s and is_test)
