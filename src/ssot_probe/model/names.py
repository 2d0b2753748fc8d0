"""Names of modules and of things in modules, written as `package.module` and `package.module:Qual.Name`."""

from __future__ import annotations

_VENDORED = frozenset({"_vendor", "_vendored", "third_party", "vendor", "vendored"})


def qualify(module: str, qualname: str) -> str:
    """Return the qualified name of a thing: `module:QualName`."""
    return f"{module}:{qualname}"


def split(name: str) -> tuple[str, str]:
    """Split a qualified name into module and qualified name; the second is empty for a bare module."""
    module, _, qualname = name.partition(":")
    return module, qualname


def last_part(name: str) -> str:
    """Return the name that a reader would say: `c` of `a.b:C.c`, `b` of `a.b`."""
    return name.replace(":", ".").rpartition(".")[2]


def is_within(module: str, package: str) -> bool:
    """Is `module` the package itself or something below it?"""
    return module == package or module.startswith(package + ".")


def is_vendored(module: str) -> bool:
    """Is the module a copy of somebody else's, by the usual names of the directories for such?"""
    return not _VENDORED.isdisjoint(module.split("."))


def is_public(name: str) -> bool:
    """Would a reader import this name, by Python's convention?"""
    return not name.startswith("_")
