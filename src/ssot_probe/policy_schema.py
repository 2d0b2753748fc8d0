"""What a policy may say: one table of keys and readers for each value of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ssot_probe.errors import PolicyError
from ssot_probe.model.names import split
from ssot_probe.model.policy import (
    CYCLES,
    ISOLATIONS,
    USER_SOURCES,
    Boundary,
    Concept,
    Dead,
    Events,
    Policy,
    Pool,
    UserSource,
    Waiver,
)
from ssot_probe.policy_readers import (
    Where,
    at_least,
    day,
    lists,
    one_of,
    quoted,
    row,
    shaped,
    strings,
    table,
    tables,
    text,
)

if TYPE_CHECKING:
    from typing import Any, TypeVar

    from ssot_probe.policy_readers import Reader

    T = TypeVar("T")

_SHOWN = 20  # mistakes that one error lists


def parse_policy(data: Mapping[str, object], source: str, *, at: str = "") -> Policy:
    """Read a policy from plain data; `at` is the dotted path of the table in the file, "" for its top.

    Raises:
        PolicyError: Something in the data has no meaning; the message has one line for each mistake.
    """
    policy = read_all(_policy, data, Where(source or "policy", at, []))
    return policy._replace(source=source)


def read_all(reader: Reader[T], data: object, where: Where) -> T:
    """Read the data of a whole document.

    Raises:
        PolicyError: The reader noted mistakes.
    """
    result = reader(data, where)
    if result is None or where.mistakes:
        lines = where.mistakes[:_SHOWN]
        if len(where.mistakes) > _SHOWN:
            lines.append(f"and {len(where.mistakes) - _SHOWN} more")
        raise PolicyError("\n".join(lines))
    return result


def _is_module_name(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _is_qualified_name(name: str) -> bool:
    module, qualname = split(name)
    # A class that is defined in a function has "<locals>" in its name, and users may well share it.
    return _is_module_name(module) and _is_module_name(qualname.replace("<locals>", "locals"))


def _is_module_or_qualified_name(name: str) -> bool:
    return _is_module_name(name) or _is_qualified_name(name)


def _is_access_path(path: str) -> bool:
    first, *rest = path.split(".")
    return first.isidentifier() and all(part.strip() for part in rest)


def _is_code(code: str) -> bool:
    digits = code[4:]
    return code.startswith("SSOT") and len(digits) == 3 and digits.isascii() and digits.isdigit()


def _as_module_name(name: str) -> str:
    """Repair the name of a distribution or of a file."""
    return name.strip().removesuffix(".py").replace(".py:", ":").replace("/", ".").replace("-", "_")


def _as_qualified_name(name: str) -> str:
    """Repair a name that lacks the colon: the module ends where the first class begins."""
    parts = _as_module_name(name).replace(":", ".").split(".")
    last = len(parts) - 1
    module_ends = next((at for at, part in enumerate(parts) if part.lstrip("_")[:1].isupper()), last)
    return ".".join(parts[:module_ends]) + ":" + ".".join(parts[module_ends:])


_module_name = shaped(_is_module_name, 'a module name such as "chat.ws"', _as_module_name)
_qualified_name = shaped(
    _is_qualified_name, 'a qualified name such as "chat.ws.manager:WebSocketManager"', _as_qualified_name
)
_module_or_qualified_name = shaped(
    _is_module_or_qualified_name,
    'a module name such as "chat.ws.old", or a qualified name such as "chat.ws.compat:create_manager"',
    _as_module_name,
)
_access_path = shaped(_is_access_path, 'names joined by dots, such as "context.user_id"')
_code = shaped(_is_code, 'the code of a finding, such as "SSOT104"', lambda code: code.strip().upper())

_one_source = table(
    dict[str, str],
    required={},
    optional={
        "contextvar": _qualified_name,
        "call": _qualified_name,
        "argument": _access_path,
        "instance": _access_path,
        "baggage": text,
    },
)


def _user_source(value: object, where: Where) -> UserSource | None:
    found = _one_source(value, where)
    if found is None:
        return None
    if len(found) != 1:
        keys = ", ".join(found) or "an empty table"
        where.note(f"found {keys}, expected exactly one of {', '.join(USER_SOURCES)}")
        return None
    return UserSource(*found.popitem())


_events = table(
    Events,
    required={},
    optional={
        "methods": strings(),
        "type": text,
        "user": text,
        "run": text,
        "payload": text,
        "order": text,
    },
)


def _made_concept(*, classes: tuple[str, ...] = (), canonical: str = "", **rest: Any) -> Concept:
    return Concept(classes=classes or (canonical,), canonical=canonical, **rest)


_any_concept = table(
    _made_concept,
    required={"name": text},
    optional={
        "classes": strings(least=1),
        "canonical": _qualified_name,
        "factories": strings(_qualified_name),
        "legacy": strings(_module_or_qualified_name),
        "isolation": one_of(ISOLATIONS),
        "max_classes": at_least(1),
        "max_paths": at_least(1),
        "shared_ok": strings(_qualified_name),
        "events": _events,
    },
)


def _concept(value: object, where: Where) -> Concept | None:
    if isinstance(value, Mapping) and not value.keys() & {"classes", "canonical"}:
        where.key("classes").note('missing, expected a list of strings such as ["*Manager"], or "canonical"')
    return _any_concept(value, where)


_any_concepts = tables(_concept)


def _concepts(value: object, where: Where) -> tuple[Concept, ...] | None:
    concepts = _any_concepts(value, where)
    _note_repeated_names(value, where)
    return concepts


def _note_repeated_names(value: object, where: Where) -> None:
    first: dict[str, Where] = {}
    for index, raw in enumerate(value if isinstance(value, (list, tuple)) else ()):
        name = raw.get("name") if isinstance(raw, Mapping) else None
        place = where.item(index).key("name")
        if isinstance(name, str) and first.setdefault(name, place) is not place:
            place.note(f"found {quoted(name)} again, expected another name than that of {first[name].path}")


_any_pools = tables(
    table(
        Pool,
        required={"name": text, "acquire": _qualified_name},
        optional={"release": _qualified_name},
    )
)


def _pools(value: object, where: Where) -> tuple[Pool, ...] | None:
    pools = _any_pools(value, where)
    _note_repeated_names(value, where)
    return pools


_boundary = table(
    Boundary,
    required={"label": _qualified_name},
    optional={
        "apart": lists(row((text, text), 'a pair of strings such as ["hipaa", "free"]'), "pairs of strings")
    },
)

_dead = table(
    Dead,
    required={},
    optional={
        "environments": strings(),
        "roles": strings(),
        "min_days": at_least(0),
        "entry_points": strings(_qualified_name),
        "cycles": strings(one_of(CYCLES)),
    },
)

_waiver = table(
    Waiver,
    required={"code": _code, "subject": text, "reason": text},
    optional={"expires": day},
)


def _made_policy(
    *,
    concept: tuple[Concept, ...] = (),
    pool: tuple[Pool, ...] = (),
    waiver: tuple[Waiver, ...] = (),
    **rest: Any,
) -> Policy:
    return Policy(concepts=concept, pools=pool, waivers=waiver, **rest)


_policy = table(
    _made_policy,
    required={},
    optional={
        "packages": strings(_module_name),
        "user": tables(_user_source),
        "concept": _concepts,
        "pool": _pools,
        "boundary": _boundary,
        "dead": _dead,
        "waiver": tables(_waiver),
    },
)
