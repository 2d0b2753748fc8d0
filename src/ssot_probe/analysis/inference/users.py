"""Where a program seems to keep who its current user is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ssot_probe.analysis.inference.facts import Facts, is_test
from ssot_probe.model.concepts import lower_words
from ssot_probe.model.names import split

_CURRENT = re.compile(r"(get_)?(current|request|signed_in|logged_in|authenticated)_user(_id)?\Z")
_CERTAIN = frozenset({"current_user", "current_user_id", "user", "user_id", "request_user"})
_NOT_WHO = frozenset({"agent", "agents", "count", "locale", "settings"})
"""Words that make something else of a name with `user` in it."""


class UserProposal(NamedTuple):
    """A source of the current user."""

    kind: str  # as in the policy: "contextvar" | "call"
    target: str
    is_certain: bool


def users(facts: Facts, context_variables: Iterable[str]) -> tuple[UserProposal, ...]:
    """Return the sources that the names suggest; `context_variables` are qualified names of ContextVars."""
    variables = sorted(
        name
        for name in set(context_variables)
        if {"user", "uid"} & lower_words(split(name)[1])
        and not _NOT_WHO & lower_words(split(name)[1])
        and not is_test(split(name)[0])
    )
    certain = [name for name in variables if split(name)[1].strip("_") in _CERTAIN]
    found = [UserProposal("contextvar", name, certain == [name]) for name in variables]
    return (*found, *_calls(facts))


def _calls(facts: Facts) -> Iterator[UserProposal]:
    for name in facts.functions:
        if _CURRENT.match(split(name)[1]):
            yield UserProposal("call", name, False)
