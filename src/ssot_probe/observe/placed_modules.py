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
OTHER_SPEC = "its spec is of a class of its own, and only the usual one tells of repeated imports"


class Placed(NamedTuple):
    """Something that stands in `sys.modules` and was not loaded under that name."""

    name: str
    module: Optional[ModuleType]  # None where it is no module
    blind: str  # why its imports are not seen, "" where they are from now on


def placed_modules(names: Iterable[str]) -> Iterator[Placed]:
    """Yield those of the names that were not loaded in the usual way."""
    for name in names:
        module = sys.modules.get(name)
        if module is None or name == "__main__":  # which no loader of ours ever runs
            continue
        if not issubclass(type(module), ModuleType):
            yield Placed(name, None, NO_MODULE)
            continue
        spec = namespace_of(module).get("__spec__")
        if spec is None:
            yield Placed(name, module, NO_SPEC)
        elif type(spec) is ModuleSpec or tripwire.is_armed(spec):
            is_made = type(spec) is ModuleSpec and not namespace_of(module).get("__file__")
            if is_made or spec.name != name:
                yield Placed(name, module, "")
        else:
            yield Placed(name, module, OTHER_SPEC)
