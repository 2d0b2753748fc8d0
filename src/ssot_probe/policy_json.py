"""A policy as JSON, the form in which a recording carries the policy that was in force.

Unlike a policy file it repeats the model field by field, so that nothing is lost, and it is read by the
model's own annotations. What a recording lacks takes its default; what it has and the model lacks is an
error, because a policy that is only half understood would judge wrongly.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, get_args, get_origin, get_type_hints

from ssot_probe.errors import PolicyError
from ssot_probe.model.policy import Policy
from ssot_probe.policy_readers import Where, exactly, lists, row, table
from ssot_probe.policy_schema import read_all

if TYPE_CHECKING:
    from typing import Any

    from ssot_probe.policy_readers import Reader

_SOURCE = "recorded policy"


def policy_to_json(policy: Policy) -> str:
    """Return the policy as one line of JSON, in ASCII."""
    from json import dumps

    return dumps(_plain(policy), separators=(",", ":"))


def policy_from_json(text: str) -> Policy:
    """Read a policy that `policy_to_json` wrote.

    Raises:
        PolicyError: The text is no such policy.
    """
    from json import loads

    try:
        data = loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{_SOURCE}: not valid JSON: {error}") from error
    policy: Policy = read_all(_reader_of(Policy), data, Where(_SOURCE, "", []))
    return policy


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        items = [_plain(item) for item in value]
        return items if fields is None else dict(zip(fields, items, strict=True))
    return value.isoformat() if isinstance(value, date) else value


def _reader_of(kind: Any) -> Reader[Any]:
    """Return the reader for an annotation of the model."""
    arguments = get_args(kind)
    if type(None) in arguments:
        return _or_none(_reader_of(arguments[0]))
    if get_origin(kind) is tuple:
        if arguments[-1] is Ellipsis:
            return lists(_reader_of(arguments[0]), "values")
        return row([_reader_of(argument) for argument in arguments], f"a list of {len(arguments)} values")
    if issubclass(kind, tuple):
        return _value_reader(kind)
    return _day if kind is date else exactly(kind, f"a value of type {kind.__name__}")


def _value_reader(kind: Any) -> Reader[Any]:
    readers = {field: _reader_of(annotation) for field, annotation in get_type_hints(kind).items()}
    optional = {field: reader for field, reader in readers.items() if field in kind._field_defaults}
    required = {field: reader for field, reader in readers.items() if field not in optional}
    return table(kind, required, optional)


def _or_none(reader: Reader[Any]) -> Reader[Any]:
    return lambda value, where: None if value is None else reader(value, where)


def _day(value: object, where: Where) -> date | None:
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]  # what is no string, it refuses itself
    except (TypeError, ValueError):
        where.expected('a date such as "2027-01-31"', value)
        return None
