"""Whose id a value is, or holds. Only what an object stores is looked at, unless a policy asks for more.

A user is always a plain `str`: nothing of the application's, such as a subclass with an `__eq__` of its own,
is kept or compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import GetSetDescriptorType
from typing import Any, NamedTuple

LONGEST_ID = 4096
"""Characters of a user id at most: what is longer holds something else, and would be kept and hashed."""

_LARGEST = 1 << 256

ID_NAMES = ("user_id", "id", "pk", "uid", "sub", "username", "email")
"""What users store their ids as, asked in this order: Django's models, tokens, Starlette's SimpleUser."""

DECLARED_NAMES = ("user_id", "id")
"""What is asked of the value of a source that a policy declares."""

NOBODY = frozenset(
    {"AnonymousUser", "AnonymousUserMixin", "UnauthenticatedUser", "anonymous", "Anonymous", "ANONYMOUS"}
)
"""Classes by which frameworks say that nobody has logged in, and what stands for an id then."""

MOST_KINDS = 1000
"""Classes of which it is remembered how their instances are read."""


class _Kind(NamedTuple):
    """How instances of a class are read."""

    is_scalar: bool
    has_dictionary: bool  # a plain one: reading it runs no code
    is_nobody: bool
    is_lazy: bool  # one of Django's, that loads what it stands for when it is asked for anything
    is_record: bool  # an object of the usual kind: all that it holds is in its dictionary


_kinds: dict[type, _Kind] = {}

_dictionary_of = object.__getattribute__


def scalar(value: Any) -> str | None:
    """Return the id that a string, bytes, number or UUID is; None for everything else, `bool` and "" too."""
    kind = type(value)
    if kind is str:
        return value if 0 < len(value) <= LONGEST_ID and value not in NOBODY else None
    if kind is int:
        return str(value) if -_LARGEST < value < _LARGEST else None
    if value is None or kind is bool:
        return None
    if issubclass(kind, int):
        return scalar(int.__index__(value))
    if issubclass(kind, str):
        return scalar(str.__str__(value))
    if kind is bytes:
        return scalar(value.decode("utf-8", "backslashreplace")) if len(value) <= LONGEST_ID else None
    return str(value) if _is_uuid(kind) else None


def stored_id(value: Any) -> str | None:
    """Return the id that a declared source's value stands for: itself, or the `user_id` or `id` it stores.

    "" where it says that nobody has logged in, None where more has to be asked.
    """
    return _stored_id(value, DECLARED_NAMES)


def id_in_record(value: Any) -> str | None:
    """Return what `stored_id` does for the usual object with a `user_id`, quickly; None for all others.

    It is asked for every recorded call.
    """
    kind = _kinds.get(type(value))
    if kind is None or not kind.is_record:
        return None
    attributes = _dictionary_of(value, "__dict__")
    found = attributes.get("user_id")
    if type(found) is not str or not 0 < len(found) <= LONGEST_ID or found in NOBODY:
        return None
    return None if "is_authenticated" in attributes else found


def user_id(value: Any) -> str | None:
    """Return what `stored_id` does, or what asking for `user_id` or `id` brings, which may run any code."""
    plain = stored_id(value)
    if plain is not None or value is None:
        return plain or None
    for name in DECLARED_NAMES:
        found = scalar(_step(value, name))
        if found is not None:
            return found
    return None


def follow(value: Any, path: Sequence[str]) -> Any:
    """Return what is found along attributes or keys; None where one is missing. May run code, as above."""
    for step in path:
        if value is None:
            return None
        value = _step(value, step)
    return value


def _step(value: Any, name: str) -> Any:
    """Return an entry or attribute; what a request has that is a mapping too, is its attribute first."""
    cls = type(value)
    if not isinstance(value, Mapping):
        return getattr(value, name, None)
    if not issubclass(cls, dict) and hasattr(cls, name) and not hasattr(Mapping, name):
        return getattr(value, name, None)
    found = value.get(name)
    return getattr(value, name, None) if found is None and cls is not dict else found


def id_of_user(value: Any) -> str | None:
    """Return the id of what an argument called `user` or `user_id` holds."""
    if type(value) is str:
        return value if 0 < len(value) <= LONGEST_ID and value not in NOBODY else None
    plain = scalar(value)
    if plain is not None or value is None:
        return plain
    return _first_scalar(value, "user_id", "id")


def id_in_context(value: Any) -> str | None:
    """Return the id of the user in what an argument called `context` or the like holds."""
    if value is None or scalar(value) is not None:
        return None  # a bare string is a context's name, not a user
    return _first_scalar(value, "user_id") or _first_scalar(stored(value, "user"), "user_id", "id")


def id_of_account(value: Any) -> str | None:
    """Return the id of what a framework holds as the user; "" where it says that nobody has logged in."""
    return _stored_id(value, ID_NAMES)


def _stored_id(value: Any, names: tuple[str, ...]) -> str | None:
    if value is None:
        return None
    kind = _kind_of(value)
    if kind.is_scalar:
        return "" if type(value) is str and value in NOBODY else scalar(value)
    attributes = stored_attributes(value)
    if kind.is_nobody or attributes.get("is_authenticated") is False:
        return ""
    for name in names:
        found = attributes[name] if name in attributes else _field(value, name)
        if found is not None:
            plain = scalar(found)
            if plain is not None:
                return plain
            if type(found) is str and found in NOBODY:
                return ""
    return _primary_key(value) if names is ID_NAMES else None


def stored(value: Any, name: str) -> Any:
    """Read an attribute without running code that could query a database or force a lazy object.

    `isinstance` would ask a lazy object for its `__class__`.
    """
    attributes = stored_attributes(value)
    return attributes[name] if name in attributes else _field(value, name)


def stored_attributes(value: Any) -> Mapping[str, Any]:
    """Return an object's own dictionary, or the dictionary that it is.

    An empty one where it has none, or where asking for it runs code: a proxy, such as werkzeug's, loads what
    is behind it then.
    """
    if issubclass(type(value), dict):
        return value if type(value) is dict else dict.copy(value)
    if _kind_of(value).has_dictionary:
        attributes: Mapping[str, Any] = object.__getattribute__(value, "__dict__")
        return attributes
    return {}


def unwrapped(value: Any) -> Any:
    """Return what one of Django's lazy objects has loaded, None while it has not; else the value itself."""
    if type(value) is str or not _kind_of(value).is_lazy:
        return value
    inner = stored_attributes(value).get("_wrapped")
    return None if type(inner) is object else inner


def _kind_of(value: Any) -> _Kind:
    cls = type(value)
    kind = _kinds.get(cls)
    if kind is None:
        bases = [vars(base) for base in cls.__mro__]
        dictionaries = [names["__dict__"] for names in bases if "__dict__" in names]
        guests = [names["is_authenticated"] for names in bases if "is_authenticated" in names]
        is_scalar = issubclass(cls, (str, int, bytes)) or _is_uuid(cls)
        has_dictionary = bool(dictionaries) and type(dictionaries[0]) is GetSetDescriptorType
        is_nobody = cls.__name__ in NOBODY or (bool(guests) and guests[0] is False)
        is_lazy = any(base.__name__ == "LazyObject" for base in cls.__mro__)
        is_special = is_scalar or is_nobody or is_lazy or issubclass(cls, dict)
        kind = _Kind(is_scalar, has_dictionary, is_nobody, is_lazy, has_dictionary and not is_special)
        if len(_kinds) >= MOST_KINDS:
            _kinds.clear()
        _kinds[cls] = kind
    return kind


def _is_uuid(cls: type) -> bool:
    return cls.__module__ == "uuid" and cls.__name__ == "UUID"


def _field(value: Any, name: str) -> Any:
    """Return what a slot or a field of a named tuple holds."""
    for base in type(value).__mro__:
        descriptor = vars(base).get(name)
        if descriptor is not None:
            is_field = type(descriptor).__name__ in ("member_descriptor", "_tuplegetter")
            return descriptor.__get__(value) if is_field else None
    return None


def _primary_key(value: Any) -> str | None:
    """Return the key of a model of Django's or SQLAlchemy's that has another name, or has expired."""
    state = stored(value, "_sa_instance_state")
    if state is not None:
        key = stored(state, "key")
        is_simple = type(key) is tuple and len(key) > 1 and type(key[1]) is tuple and len(key[1]) == 1
        return scalar(key[1][0]) if is_simple else None
    for base in type(value).__mro__:
        options = vars(base).get("_meta")
        if options is not None:
            name = stored(stored(options, "pk"), "attname")
            return scalar(stored(value, name)) if type(name) is str else None
    return None


def _first_scalar(value: Any, *names: str) -> str | None:
    for name in names:
        plain = scalar(stored(value, name))
        if plain is not None:
            return plain
    return None
