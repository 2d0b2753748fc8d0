"""Reads the current user from where the policy says, or from arguments whose names say it."""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any, Optional

from ssot_probe.model.names import split
from ssot_probe.model.policy import UserSource

UserReader = Callable[[object, tuple[Any, ...], Mapping[str, Any]], Optional[str]]
"""(instance, positional arguments, keyword arguments) of an observed call -> user id."""

USER_ARGUMENTS = ("user_id", "user")
"""Parameters that, by their name, hold the user or the user's id."""

CONTEXT_ARGUMENTS = ("user_context", "context", "ctx")
"""Parameters that, by their name, hold something that has the user."""

reading: set[int] = set()
"""Threads in which a callable of the policy is running: what it constructs is not observed."""


def readers_for(
    sources: Sequence[UserSource],
    code: CodeType | None,
    skipped: int,
    on_failure: Callable[[str, BaseException], None],
) -> tuple[UserReader, ...]:
    """Return the readers that can answer for one maker, in the order in which they are asked.

    Args:
        sources: of the policy; empty for the default, which reads arguments by their names.
        code: of the maker, to find parameters by name.
        skipped: leading parameters that a call does not pass on (1 for `self` and `cls`).
        on_failure: told when a source raises.
    """
    positions = parameter_positions(code, skipped)
    if not sources:
        return _default_readers(positions)
    readers = []
    for source in sources:
        reader = _reader(source, positions)
        if reader is not None:
            readers.append(_guarded(reader, f"{source.kind} = {source.target!r}", on_failure))
    return tuple(readers)


def parameter_positions(code: CodeType | None, skipped: int) -> dict[str, int]:
    """Return each parameter's position in the arguments of a call; -1 for keyword-only ones."""
    if code is None:
        return {}
    count = code.co_argcount
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    return {name: index - skipped if index < count else -1 for index, name in enumerate(names)}


def user_id(value: Any) -> str | None:
    """Return the id that a declared source's value stands for: itself, or its `user_id` or `id`."""
    plain = _scalar(value)
    if plain is not None or value is None:
        return plain
    for name in ("user_id", "id"):
        found = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
        plain = _scalar(found)
        if plain is not None:
            return plain
    return None


def _scalar(value: Any) -> str | None:
    kind = type(value)
    if kind is str:
        return value or None
    if kind is int:
        return str(value)
    if kind.__module__ == "uuid" or (issubclass(kind, (str, int)) and kind is not bool):
        return str(value) or None
    return None


def _default_readers(positions: Mapping[str, int]) -> tuple[UserReader, ...]:
    readers: list[UserReader] = []
    for name in USER_ARGUMENTS:
        if name in positions:
            readers.append(_argument_reader(name, positions[name], _id_of_user))
    for name in CONTEXT_ARGUMENTS:
        if name in positions:
            readers.append(_argument_reader(name, positions[name], _id_in_context))
    return tuple(readers)


def _argument_reader(name: str, position: int, read: Callable[[Any], str | None]) -> UserReader:
    def reader(instance: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
        if name in kwargs:
            return read(kwargs[name])
        return read(args[position]) if 0 <= position < len(args) else None

    return reader


def _id_of_user(value: Any) -> str | None:
    kind = type(value)
    if kind is str:
        return value or None
    plain = _scalar(value)
    if plain is not None or value is None:
        return plain
    return _first_scalar(value, "user_id", "id")


def _id_in_context(value: Any) -> str | None:
    if value is None or _scalar(value) is not None:
        return None  # a bare string is a context's name, not a user
    return _first_scalar(value, "user_id") or _first_scalar(_stored(value, "user"), "user_id", "id")


def _first_scalar(value: Any, *names: str) -> str | None:
    for name in names:
        plain = _scalar(_stored(value, name))
        if plain is not None:
            return plain
    return None


def _stored(value: Any, name: str) -> Any:
    """Read an attribute without running code that could query a database or force a lazy object.

    `isinstance` would ask a lazy object for its `__class__`.
    """
    if issubclass(type(value), dict):
        return value.get(name)
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        attributes = {}
    if name in attributes:
        return attributes[name]
    for base in type(value).__mro__:
        descriptor = vars(base).get(name)
        if descriptor is not None:
            is_field = type(descriptor).__name__ in ("member_descriptor", "_tuplegetter")
            return descriptor.__get__(value) if is_field else None
    return None


def _reader(source: UserSource, positions: Mapping[str, int]) -> UserReader | None:
    if source.kind == "argument":
        name, *path = source.target.split(".")
        if name not in positions:
            return None
        return _argument_reader(name, positions[name], lambda value: user_id(_follow(value, path)))
    if source.kind == "instance":
        steps = source.target.split(".")
        return lambda instance, args, kwargs: user_id(_follow(instance, steps))
    if source.kind == "baggage":
        return lambda instance, args, kwargs: _baggage(source.target)
    module, name = split(source.target)
    if source.kind == "contextvar":
        return lambda instance, args, kwargs: _context_variable(module, name)
    return lambda instance, args, kwargs: _call(module, name)


def _follow(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        if value is None:
            return None
        value = value.get(step) if isinstance(value, Mapping) else getattr(value, step, None)
    return value


def _context_variable(module: str, name: str) -> str | None:
    variable = _loaded(module, name)
    if variable is None:
        return None
    try:
        value = variable.get()
    except LookupError:  # it has no value here and no default
        return None
    return user_id(value)


def _call(module: str, name: str) -> str | None:
    function = _loaded(module, name)
    if function is None:
        return None
    thread = get_ident()
    reading.add(thread)
    try:
        return user_id(function())
    finally:
        reading.discard(thread)


def _loaded(module: str, name: str) -> Any:
    home: Any = sys.modules.get(module)
    for part in name.split("."):
        home = getattr(home, part, None)
    return home


def _baggage(key: str) -> str | None:
    baggage = sys.modules.get("opentelemetry.baggage")
    return None if baggage is None else user_id(baggage.get_baggage(key))


def _guarded(reader: UserReader, source: str, on_failure: Callable[[str, BaseException], None]) -> UserReader:
    def guarded(instance: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
        try:
            return reader(instance, args, kwargs)
        except Exception as error:
            on_failure(source, error)
            return None

    return guarded
