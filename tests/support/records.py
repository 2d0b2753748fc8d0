"""Records with nothing left empty, one of each kind."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

from ssot_probe.model.records import Record, Site

KINDS: tuple[type[Any], ...] = get_args(Record)

_FULL: dict[Any, Any] = {
    str: "text",
    int: 1,
    bool: True,
    tuple[str, ...]: ("text",),
    Site: Site("a.py", 1, "f", "a"),
}


def full_record(kind: type[Any], **values: Any) -> Any:
    """Return a record of a kind, each of its fields with some value unless one is given."""
    return kind(**{**{name: _FULL[hint] for name, hint in get_type_hints(kind).items()}, **values})
