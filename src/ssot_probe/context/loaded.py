"""Finds libraries that somebody has loaded: one that is still being loaded lacks what it is asked for."""

from __future__ import annotations

import sys
from typing import Any


def loaded(name: str) -> Any:
    """Return a module once it is there as a whole; None before, or where nobody loads it."""
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    # Asked for past the class: an import of the module would be counted.
    return None if getattr(spec, "__dict__", {}).get("_initializing", False) else module
