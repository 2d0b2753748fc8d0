"""Finds what was put into `sys.modules` by hand under names that the policy gives: no loader told of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import NamedTuple, Optional

from ssot_probe.observe import tripwire
from ssot_probe.observe.modules import namespace_of

NO_MODULE = "what sys.modules holds under this name is no module"
NO_SPEC = "it was put into sys.modules without a spec, by which repeated imports are seen"


class Placed(NamedTuple):
    """Something that stands in `sys.modules` and was not loaded under that name."""

    name: str
    module: Optional[ModuleType]  # None where it is no module
    blind: str  # why its imports are not seen, "" where they are from now on


def placed_modules(names: Iterable[str]) -> Iterator[Placed]:
    """Yield those of the names that were not loaded in the usual way."""
    for name in names:
        module = sys.modules.get(name)
        if module is None:
            continue
        if not issubclass(type(module), ModuleType):
            yield Placed(name, None, NO_MODULE)
            continue
        spec = namespace_of(module).get("__spec__")
        if isinstance(spec, ModuleSpec):
            if spec.name != name and (type(spec) is ModuleSpec or tripwire.is_armed(spec)):
                yield Placed(name, module, "")
        elif spec is None:
            yield Placed(name, module, NO_SPEC)
