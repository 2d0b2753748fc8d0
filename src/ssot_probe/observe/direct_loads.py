"""Sees modules that the application loads itself, from a file: no finder is asked for those.

Plugins, migrations and configuration in Python are loaded so. All begin with a spec that importlib makes of a
file; its function that does is replaced, in importlib's own modules only, by one that calls it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from sys import _getframe
from types import ModuleType
from typing import Any, Optional

_NAME = "spec_from_file_location"
_BOOTSTRAP = "<frozen importlib._bootstrap_external>"


class DirectLoads:
    """Calls `observe` with each spec that is made of a file, but for those that are found on the path.

    Args:
        observe: takes a spec before the application does; must not raise.
    """

    def __init__(self, observe: Callable[[ModuleSpec], None]) -> None:
        self._observe = observe
        self._original: Any = None
        self._replacement: Any = None

    def start(self) -> None:
        """Put the replacement in place."""
        external = sys.modules.get("_frozen_importlib_external")
        original = getattr(external, _NAME, None)
        if original is not None and self._replacement is None:
            self._original = original
            self._replacement = _replacing(original, self._tell)
            self._put(original, self._replacement)

    def stop(self) -> None:
        """Put importlib's own function back, unless somebody else has put theirs in front."""
        if self._replacement is not None:
            self._put(self._replacement, self._original)
            self._replacement = None

    def _tell(self, spec: ModuleSpec) -> None:
        if self._replacement is not None:  # who imported the function while it was ours still has it
            self._observe(spec)

    def _put(self, old: Any, new: Any) -> None:
        for name in ("_frozen_importlib_external", "importlib.util"):
            module: Optional[ModuleType] = sys.modules.get(name)
            if module is not None and getattr(module, _NAME, None) is old:
                setattr(module, _NAME, new)


def _replacing(original: Any, observe: Callable[[ModuleSpec], None]) -> Any:
    populate = original.__kwdefaults__["submodule_search_locations"]

    def spec_from_file_location(
        name: Any, location: Any = None, *, loader: Any = None, submodule_search_locations: Any = populate
    ) -> Any:
        spec = original(name, location, loader=loader, submodule_search_locations=submodule_search_locations)
        if spec is not None and _getframe(1).f_code.co_filename != _BOOTSTRAP:
            observe(spec)
        return spec

    spec_from_file_location.__module__ = original.__module__
    spec_from_file_location.__qualname__ = original.__qualname__
    spec_from_file_location.__doc__ = original.__doc__
    spec_from_file_location.__annotations__ = {}
    spec_from_file_location.__code__ = spec_from_file_location.__code__.replace(co_filename=_BOOTSTRAP)
    return spec_from_file_location
