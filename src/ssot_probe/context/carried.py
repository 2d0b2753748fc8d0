"""Reads whose context a thread or task carries, by the policy's sources of that kind.

A ContextVar counts only where it was set: its default is nobody's context.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Optional

from ssot_probe.context.sources import UserSources, find_source, text_of
from ssot_probe.context.values import id_in_record, scalar, unwrapped, user_id
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
        if source.kind in CARRIED:
            if source.kind == "contextvar":
                read = _variable_reader(source, on_failure)
            else:
                (reader,) = UserSources([source], on_failure).of_use()
                read = _without_arguments(reader)
            found.append(Carrier(f"{source.kind} {source.target}", read))
    return tuple(found)


def first_carried(carriers: Sequence[Carrier]) -> tuple[str, str | None]:
    """Return the first carrier's name that has a user, and that user; ("", None) where none has one."""
    for name, read in carriers:
        user = read()
        if user is not None:
            return name, user
    return "", None


def _variable_reader(source: UserSource, on_failure: Callable[[str, BaseException], None]) -> CarriedUser:
    module, name = split(source.target)
    modules = sys.modules

    def read() -> str | None:
        try:
            home = modules.get(module)
            variable: Any = None if home is None else home.__dict__.get(name)
            if variable is None:
                variable = find_source(module, name)
            value = None if variable is None else variable.get(None)
            if value is None:
                return None
            return scalar(value) if type(value) is str else id_in_record(value) or user_id(unwrapped(value))
        except Exception as error:
            on_failure(text_of(source), error)
            return None

    return read


def _without_arguments(reader: Callable[..., Optional[str]]) -> CarriedUser:
    return lambda: reader(None, (), {})
