"""Reads whose context a thread or task carries, by the policy's sources of that kind.

A ContextVar counts only where it was set: its default is nobody's context.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Optional

from ssot_probe.context.sources import readers_for, user_id
from ssot_probe.model.names import split
from ssot_probe.model.policy import UserSource
from ssot_probe.model.residue import CARRIED

CarriedUser = Callable[[], Optional[str]]
"""-> the id of the user whose context is carried here and now."""


class Carrier(NamedTuple):
    """One thing that carries a user's context."""

    name: str  # of the source, such as "contextvar chat.auth:current_user"
    read: CarriedUser


def carriers_of(
    sources: Sequence[UserSource], on_failure: Callable[[str, BaseException], None]
) -> tuple[Carrier, ...]:
    """Return what the policy's sources can say about what is carried, in their order.

    Args:
        sources: of the policy.
        on_failure: told when a source raises.
    """
    found = []
    for source in sources:
        if source.kind == "contextvar":
            read = _guarded(_variable_reader(source.target), source, on_failure)
        elif source.kind in CARRIED:
            (reader,) = readers_for([source], None, 0, on_failure)
            read = _without_arguments(reader)
        else:
            continue
        found.append(Carrier(f"{source.kind} {source.target}", read))
    return tuple(found)


def first_carried(carriers: Sequence[Carrier]) -> tuple[str, str | None]:
    """Return the first carrier's name that has a user, and that user; ("", None) where none has one."""
    for carrier in carriers:
        user = carrier.read()
        if user is not None:
            return carrier.name, user
    return "", None


def _variable_reader(target: str) -> CarriedUser:
    module, name = split(target)
    modules, parts = sys.modules, name.split(".")

    def read() -> str | None:
        found: Any = modules.get(module)
        for part in parts:
            found = getattr(found, part, None)
        value = None if found is None else found.get(None)
        if value is None or type(value) is str:
            return value or None
        return user_id(value)

    return read


def _without_arguments(reader: Callable[..., Optional[str]]) -> CarriedUser:
    return lambda: reader(None, (), {})


def _guarded(
    read: CarriedUser, source: UserSource, on_failure: Callable[[str, BaseException], None]
) -> CarriedUser:
    def guarded() -> str | None:
        try:
            return read()
        except Exception as error:
            on_failure(f"{source.kind} = {source.target!r}", error)
            return None

    return guarded
