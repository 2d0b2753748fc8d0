"""Reads the current user from where the policy says; else from the frameworks, and from arguments by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from time import time_ns
from types import CodeType
from typing import Any, Optional

from ssot_probe.context import frameworks
from ssot_probe.context.asking import Asking, SourceError, reading
from ssot_probe.context.frameworks import framework_user
from ssot_probe.context.loaded import loaded
from ssot_probe.context.values import (
    LONGEST_ID,
    NOBODY,
    follow,
    id_in_context,
    id_in_record,
    id_of_user,
    scalar,
    stored_id,
    unwrapped,
    user_id,
)
from ssot_probe.model.names import split
from ssot_probe.model.policy import UserSource
from ssot_probe.model.process_records import UserSourceRecord

__all__ = ["AMBIENT", "ARGUMENTS", "UserReader", "UserSources", "find_source", "reading"]

UserReader = Callable[[object, tuple[Any, ...], Mapping[str, Any]], Optional[str]]
"""(instance, positional arguments, keyword arguments) of an observed call -> user id."""

AMBIENT = frozenset({"contextvar", "call", "baggage"})
"""Kinds of user sources that say who is running, rather than whom a call is about."""

USER_ARGUMENTS = ("user_id", "user")
"""Parameters that, by their name, hold the user or the user's id."""

CONTEXT_ARGUMENTS = ("user_context", "context", "ctx")
"""Parameters that, by their name, hold something that has the user."""

ARGUMENTS = "arguments"
"""What the default source that reads arguments by their names is called."""


class UserSources:
    """What says who the current user is, and what became of asking it.

    Args:
        declared: of the policy; empty for the default: the frameworks' own user, then arguments by name.
        on_failure: told once when a source raises, or is not asked any more.
    """

    def __init__(
        self, declared: Sequence[UserSource], on_failure: Callable[[str, BaseException], None]
    ) -> None:
        self._declared = tuple(declared)
        self._on_failure = on_failure
        self.askings = {text_of(source): Asking(text_of(source), on_failure) for source in declared}
        if not declared:
            self.askings[ARGUMENTS] = Asking(ARGUMENTS, on_failure)
        self._told: dict[tuple[str, str], str] = {}

    def of_maker(self, code: CodeType | None, skipped: int) -> tuple[UserReader, ...]:
        """Return the readers that can answer for one maker, in the order in which they are asked.

        Args:
            code: of the maker, to find parameters by name.
            skipped: leading parameters that a call does not pass on (1 for `self` and `cls`).
        """
        positions = parameter_positions(code, skipped)
        if not self._declared:
            return self.with_frameworks(tuple(self._of_arguments(positions)))
        readers = (_reader(source, self.askings[text_of(source)], positions) for source in self._declared)
        return tuple(reader for reader in readers if reader is not None)

    def of_use(self) -> tuple[UserReader, ...]:
        """Return the readers that say who is running, whatever a call is about."""
        if not self._declared:
            return self.with_frameworks(())
        ambient = [source for source in self._declared if source.kind in AMBIENT]
        readers = (_reader(source, self.askings[text_of(source)], {}) for source in ambient)
        return tuple(reader for reader in readers if reader is not None)

    def with_frameworks(self, readers: tuple[UserReader, ...]) -> tuple[UserReader, ...]:
        """Return a maker's readers with the frameworks before them, once there is one to ask."""
        if self._declared or _of_frameworks in readers or not frameworks.loaded():
            return readers
        return (_of_frameworks, *readers)

    def changes(self) -> list[UserSourceRecord]:
        """Return what has become of each source, where that is new."""
        states = {(asking.source, "policy"): _state_of(asking) for asking in self.askings.values()}
        if not self._declared:
            states = {(ARGUMENTS, ARGUMENTS): states[ARGUMENTS, "policy"]}
            for framework in frameworks.loaded():
                states[framework.name, "framework"] = "answered" if framework.has_answered else "silent"
        for source in self._declared:
            key = (text_of(source), "policy")
            if states[key] == "silent" and _is_missing(source):
                states[key] = "missing"
        new = {key: state for key, state in states.items() if state and self._told.get(key) != state}
        self._told.update(new)
        for framework in frameworks.loaded():
            if framework.error:
                self._on_failure(
                    f"the user of {framework.name}", SourceError(f"reading it raised {framework.error}")
                )
        now = time_ns()
        return [UserSourceRecord(*key, state, now) for key, state in new.items()]

    def _of_arguments(self, positions: Mapping[str, int]) -> list[UserReader]:
        asking = self.askings[ARGUMENTS]
        ways = {
            **dict.fromkeys(USER_ARGUMENTS, id_of_user),
            **dict.fromkeys(CONTEXT_ARGUMENTS, id_in_context),
        }
        return [
            _plain_argument_reader(name, positions[name], asking, read)
            for name, read in ways.items()
            if name in positions
        ]


def _state_of(asking: Asking) -> str:
    return "answered" if asking.has_answered else "silent" if asking.was_silent else ""


def _is_missing(source: UserSource) -> bool:
    """Has the module of a source been loaded, and nothing of the name is in it?"""
    if source.kind not in ("contextvar", "call"):
        return False
    module, name = split(source.target)
    home = sys.modules.get(module)
    spec = getattr(home, "__spec__", None)
    is_loading = spec is not None and spec.__dict__.get("_initializing", False)
    return (home is not None or is_main(module)) and not is_loading and find_source(module, name) is None


def text_of(source: UserSource) -> str:
    """Return a source as the policy writes it."""
    return f"{source.kind} = {source.target!r}"


def parameter_positions(code: CodeType | None, skipped: int) -> dict[str, int]:
    """Return each parameter's position in the arguments of a call; -1 for keyword-only ones."""
    if code is None:
        return {}
    count = code.co_argcount
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    return {name: index - skipped if index < count else -1 for index, name in enumerate(names)}


def find_source(module: str, name: str) -> Any:
    """Return what a source of the policy names, None while it is not there.

    A script is known by its own name too, though it runs as `__main__`.
    """
    home: Any = sys.modules.get(module)
    if home is None and is_main(module):
        home = sys.modules["__main__"]
    for part in name.split("."):
        home = getattr(home, part, None)
    return home


def is_main(module: str) -> bool:
    """Is it the module that runs as the program, by the name that it would be imported by?

    Once it was, it stays: the interpreter takes `__file__` away from a script that has ended.
    """
    if module in _scripts:
        return True
    main = sys.modules.get("__main__")
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is not None:
        return bool(spec.name in (module, f"{module}.__main__"))
    if file is not None and f"/{file.removesuffix('.py')}".endswith("/" + module.replace(".", "/")):
        _scripts.add(module)
        return True
    return False


_scripts: set[str] = set()


def _of_frameworks(instance: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    return framework_user()


def _reader(source: UserSource, asking: Asking, positions: Mapping[str, int]) -> UserReader | None:
    if source.kind == "argument":
        name, *path = source.target.split(".")
        if name not in positions:
            return None
        if not path:
            return _argument_reader(name, positions[name], lambda value: _id_of_value(value, asking))
        return _argument_reader(
            name, positions[name], lambda value: asking.ask(lambda: user_id(follow(value, path)))
        )
    if source.kind == "instance":
        steps = source.target.split(".")
        return lambda instance, args, kwargs: asking.ask(lambda: user_id(follow(instance, steps)))
    if source.kind == "baggage":
        return lambda instance, args, kwargs: asking.ask(lambda: _baggage(source.target))
    module, name = split(source.target)
    if source.kind == "contextvar":
        return _variable_reader(module, name, asking)
    return lambda instance, args, kwargs: asking.ask(lambda: _call(module, name))


def _argument_reader(name: str, position: int, read: Callable[[Any], str | None]) -> UserReader:
    def reader(instance: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
        if name in kwargs:
            return read(kwargs[name])
        return read(args[position]) if 0 <= position < len(args) else None

    return reader


def _plain_argument_reader(
    name: str, position: int, asking: Asking, read: Callable[[Any], str | None]
) -> UserReader:
    """Return what reads an argument without running code of the application: it need not be watched."""

    def reader(instance: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
        if name in kwargs:
            value = kwargs[name]
        elif 0 <= position < len(args):
            value = args[position]
        else:
            return None
        try:
            user = read(value)
        except Exception as error:
            asking.failed(error)
            return None
        if user is None:
            asking.was_silent = True
        else:
            asking.has_answered = True
        return user

    return reader


def _variable_reader(module: str, name: str, asking: Asking) -> UserReader:
    modules, is_plain = sys.modules, "." not in name
    home, names = None, dict[str, Any]()

    def reader(instance: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
        nonlocal home, names
        try:
            found = modules.get(module)
            if found is not home:
                names = {} if found is None or not is_plain else found.__dict__
                home = found
            variable = names.get(name) or find_source(module, name)
            value = None if variable is None else variable.get()
            if type(value) is str and 0 < len(value) <= LONGEST_ID and value not in NOBODY:
                user: str | None = value  # as `scalar` says
            else:
                user = id_in_record(value)
            if user is not None:
                asking.has_answered = True
                return user
        except LookupError:  # it has no value here and no default
            value = None
        except Exception as error:
            asking.failed(error)
            return None
        if type(value) is not str:
            return _id_of_value(value, asking)
        user = scalar(value)
        if user is None:
            asking.was_silent = True
        else:
            asking.has_answered = True
        return user

    return reader


def _id_of_value(value: Any, asking: Asking) -> str | None:
    """Return the id that is stored; the application's code is asked for it only where none is."""
    user = None
    try:
        value = unwrapped(value)
        user = stored_id(value)
    except Exception as error:
        asking.failed(error)
    if user:
        asking.has_answered = True
        return user
    if value is None or user == "":
        asking.was_silent = True
        return None
    return asking.ask(lambda: user_id(value))


def _call(module: str, name: str) -> str | None:
    function = find_source(module, name)
    return None if function is None else user_id(unwrapped(Asking.answer_of(function)))


def _baggage(key: str) -> str | None:
    baggage = loaded("opentelemetry.baggage")
    return None if baggage is None else user_id(baggage.get_baggage(key))
