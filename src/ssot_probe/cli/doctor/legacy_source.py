"""What of a legacy module is used without running its code, read from its source."""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Mapping

from ssot_probe.observe.paths.unheard import ENUM, EXCEPTION, PROTOCOL, TUPLE, TYPED_DICT

_BASES: Mapping[str, str] = {
    **dict.fromkeys(("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"), ENUM),
    "Protocol": PROTOCOL,
    "TypedDict": TYPED_DICT,
    "NamedTuple": TUPLE,
}


def unheard_classes(source: str, only: str = "") -> dict[str, str]:
    """Return the classes of a module whose uses cannot all be heard, with the reason.

    Args:
        source: of the module; none are found in what cannot be parsed.
        only: the one class that matters, "" for all.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what the source escapes in vain, its own tools tell
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            reasons = [_reason(base, found) for base in node.bases]
            why = next(filter(None, reasons), "")
            if why:
                found[node.name] = why
    return {name: why for name, why in found.items() if not only or name == only.partition(".")[0]}


def _reason(base: ast.expr, found: Mapping[str, str]) -> str:
    """Return what a base makes of a class: one of the library's kinds, or a class above in the module."""
    if isinstance(base, ast.Subscript):
        base = base.value
    name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
    if isinstance(base, ast.Name) and name in found:
        return found[name] if found[name] != PROTOCOL else ""  # who derives from a protocol may be none
    known = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        return EXCEPTION
    return _BASES.get(name, "")
