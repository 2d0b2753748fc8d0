"""Finds the file of a module that was never loaded, without loading anything."""

from __future__ import annotations

import os
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from typing import Any

from ssot_probe.observe.modules import namespace_of

ABSENT, UNKNOWN = "absent", "unknown"

_HARMLESS = frozenset(
    {"ssot_probe", "_distutils_hack", "six", "importlib_metadata", "pkg_resources", "setuptools"}
)
"""Packages whose finders find nothing of the application's."""

_USUAL = (BuiltinImporter, FrozenImporter, PathFinder)


def locate(name: str) -> tuple[str, str]:
    """Return UNKNOWN (what it holds) for a module that is there, or ABSENT; and its file, "" for none known.

    Only the path is searched, step by step. What another finder would find is not asked for: it may run code.
    Such finders know of modules at the top, rarely of those in a package that is there. Where one of these is
    taken for absent, nothing is said of it, and its uses are heard all the same.
    """
    path: Any = None
    found: Any = None
    parts = name.split(".")
    for position in range(len(parts)):
        package = ".".join(parts[: position + 1])
        names = namespace_of(sys.modules.get(package))
        if names:
            path = names.get("__path__")
            found = names.get("__spec__")
            file = names.get("__file__")
        else:
            found = PathFinder.find_spec(package, path)
            if found is None:
                return (UNKNOWN if not position and _may_be_found_otherwise(package) else ABSENT), ""
            path = found.submodule_search_locations
            file = found.origin if found.has_location else None
        if path is None and position < len(parts) - 1:
            return ABSENT, ""
    return UNKNOWN, file if isinstance(file, str) else ""


def is_same_file(one: str, other: str) -> bool:
    """Are two names of files those of one file?"""
    return bool(one and other) and (one == other or os.path.realpath(one) == os.path.realpath(other))


def _may_be_found_otherwise(name: str) -> bool:
    if name in sys.builtin_module_names or name in sys.stdlib_module_names:
        return True
    foreign = [finder for finder in sys.meta_path if finder not in _USUAL]
    return any(_home_of(finder).partition(".")[0] not in _HARMLESS for finder in foreign)


def _home_of(finder: object) -> str:
    return str(finder.__module__ if isinstance(finder, type) else type(finder).__module__)
