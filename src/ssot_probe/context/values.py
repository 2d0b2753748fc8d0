"""Whose id a value is, or holds. Only what an object stores is looked at, unless a policy asks for more.

A user is always a plain `str`: nothing of the application's, such as a subclass with an `__eq__` of its own,
is kept or compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import GetSetDescriptorType
from typing import Any

LONGEST_ID = 4096
"""Characters of a user id at most: what is longer holds something else, and would be kept and hashed."""

_LARGEST_BITS = 256

ID_NAMES = ("user_id", "id", "pk", "uid", "sub", "username", "email")
"""What users store their ids as, asked in this order: Django's models, tokens, Starlette's SimpleUser."""

NOBODY = frozenset(
    {"AnonymousUser", "AnonymousUserMixin", "UnauthenticatedUser", "anonymous", "Anonymous", "ANONYMOUS"}
)
"""Classes by which frameworks say that nobody has logged in, and what stands for an id then."""


def scalar(value: Any) -> str | None:
    """Return the id that a string, bytes, number or UUID is; None for everything else, `bool` and "" too."""
    kind = type(value)
    if kind is str:
        return value if 0 < len(value) <= LONGEST_ID and value not in NOBODY else None
    if kind is int or (issubclass(kind, int) and kind is not bool):
        return int.__repr__(value) if int.bit_length(value) <= _LARGEST_BITS else None
    if issubclass(kind, str):
        return scalar(str.__str__(value))
    if kind is bytes:
        return scalar(value.decode("utf-8", "backslashreplace")) if len(value) <= LONGEST_ID else None
    if kind.__module__ == "uuid" and kind.__name__ == "UUID":
        return str(value)
    return None


def user_id(value: Any) -> str | None:
    """Return the id that a declared source's value stands for: itself, or its `user_id` or `id`.

    Runs code of the application, such as a property, where neither is stored. Nobody where it says so.
    """
    plain = scalar(value)
    if plain is not None or value is None or type(value).__name__ in NOBODY:
        return plain
    is_mapping = issubclass(type(value), Mapping)
    for name in ("user_id", "id"):
        found = scalar(stored(value, name))
        if found is None:
            found = scalar(value.get(name) if is_mapping else getattr(value, name, None))
        if found is not None:
            return None if _is_guest(value) else found
    return None


def follow(value: Any, path: Sequence[str]) -> Any:
    """Return what is found along attributes or keys; None where one is missing. May run code, as above."""
    for step in path:
        if value is None:
            return None
        value = value.get(step) if isinstance(value, Mapping) else getattr(value, step, None)
    return value


def id_of_user(value: Any) -> str | None:
    """Return the id of what an argument called `user` or `user_id` holds."""
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
    plain = scalar(value)
    if plain is not None or value is None:
        return plain
    if type(value) is str:
        return "" if value in NOBODY else None
    if type(value).__name__ in NOBODY or _is_guest(value):
        return ""
    for name in ID_NAMES:
        found = stored(value, name)
        plain = scalar(found)
        if plain is not None:
            return plain
        if type(found) is str and found in NOBODY:
            return ""
    return _primary_key(value)


def _is_guest(value: Any) -> bool:
    if stored(value, "is_authenticated") is False:
        return True
    return any(vars(base).get("is_authenticated") is False for base in type(value).__mro__)


def stored(value: Any, name: str) -> Any:
    """Read an attribute without running code that could query a database or force a lazy object.

    `isinstance` would ask a lazy object for its `__class__`.
    """
    if issubclass(type(value), dict):
        return dict.get(value, name)
    attributes = stored_attributes(value)
    if name in attributes:
        return attributes[name]
    for base in type(value).__mro__:
        descriptor = vars(base).get(name)
        if descriptor is not None:
            is_field = type(descriptor).__name__ in ("member_descriptor", "_tuplegetter")
            return descriptor.__get__(value) if is_field else None
    return None


def stored_attributes(value: Any) -> Mapping[str, Any]:
    """Return an object's own dictionary; an empty one where it has none, or where asking for it runs code."""
    for base in type(value).__mro__:
        descriptor = vars(base).get("__dict__")
        if descriptor is not None:  # a proxy, such as werkzeug's, has another kind that loads what is behind
            is_plain = type(descriptor) is GetSetDescriptorType
            return descriptor.__get__(value) if is_plain else {}
    return {}


def unwrapped(value: Any) -> Any:
    """Return what one of Django's lazy objects has loaded, None while it has not; else the value itself."""
    if "Lazy" in type(value).__name__:
        attributes = stored_attributes(value)
        if "_wrapped" in attributes:
            inner = attributes["_wrapped"]
            return None if type(inner) is object else inner
    return value


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
