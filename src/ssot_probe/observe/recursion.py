"""Which functions may call themselves: a wrapper around each of their frames takes its part of the stack."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def may_call_itself(name: str, speaks: Mapping[str, Collection[str]]) -> bool:
    """May a function call itself, by way of others too? By the names that their code speaks of."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for each in speaks.get(waiting.pop(), ()):
            if each == name:
                return True
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return False
