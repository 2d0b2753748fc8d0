"""Small applications, made from text, and a look at what their users share."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ssot_probe.observe.sharing.anatomy import qualified_name
from ssot_probe.observe.sharing.found import Look, Root, SharedObject
from ssot_probe.observe.sharing.look import SharingLook
from ssot_probe.observe.sharing.memory import Memory

APPLICATION = "sharing_app"

HARMLESS = ("partitioned", "resource", "unchanged", "seen-once")


def is_application(cls: type) -> bool:
    return qualified_name(cls).partition(":")[0] == APPLICATION


@contextmanager
def application(text: str) -> Iterator[Any]:
    """Run a module of the application, with a class `Manager` for the users' instances."""
    module = ModuleType(APPLICATION)
    module.__dict__["__file__"] = f"{APPLICATION}.py"
    sys.modules[APPLICATION] = module
    try:
        exec(compile("class Manager:\n    pass\n\n" + text, module.__file__ or "", "exec"), vars(module))
        yield module
    finally:
        for connection in vars(module).get("opened", ()):
            connection.close()
        del sys.modules[APPLICATION]


def look_at(
    instances: Iterable[tuple[str, Any]],
    memory: Memory | None = None,
    modules: Mapping[str, Mapping[str, Any]] | None = None,
    **options: Any,
) -> Look:
    """Look until the end at instances that are given with their users."""
    roots = [
        Root(instance, owner, serial, qualified_name(type(instance)), "manager")
        for serial, (owner, instance) in enumerate(instances, 1)
    ]
    look = SharingLook(roots, is_application, memory or Memory(), modules=modules, **options)
    while not look.advance(0.001):
        pass
    return look.result


def verdicts(look: Look) -> list[tuple[str, str]]:
    """Return type and verdict of everything that was found."""
    return [(one.type, one.verdict) for one in look.found]


def accused(look: Look) -> list[SharedObject]:
    """Return what is not harmless."""
    return [one for one in look.found if one.verdict not in HARMLESS]
