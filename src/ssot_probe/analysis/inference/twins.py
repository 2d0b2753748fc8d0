"""Sets asynchronous twins apart: a client and its asynchronous client are two by design."""

from __future__ import annotations

from ssot_probe.analysis.inference.groups import Aside, Draft
from ssot_probe.model.concepts import lower_words
from ssot_probe.model.names import split

ASYNCHRONOUS = frozenset({"aio", "async", "asyncio", "asynchronous"})


def without_twins(draft: Draft) -> Draft:
    """Set those members apart that are the asynchronous form of another member."""
    synchronous: dict[frozenset[str], str] = {}
    aside = []
    for name in sorted(draft.members, key=lambda name: (is_asynchronous(name), name)):
        own = frozenset(lower_words(split(name)[1]) - ASYNCHRONOUS - {"sync"})
        if not is_asynchronous(name):
            synchronous.setdefault(own, name)
        elif own in synchronous:
            aside.append(Aside(name, f"the asynchronous twin of {synchronous[own]}"))
    return draft._replace(members=draft.members - {name for name, _ in aside}, aside=tuple(aside))


def are_twins(first: str, second: str) -> bool:
    """Is one asynchronous and the other not?"""
    return is_asynchronous(first) != is_asynchronous(second)


def is_asynchronous(name: str) -> bool:
    """Do the words of a qualified name say so?"""
    return bool(lower_words(name.replace(":", "_").replace(".", "_")) & ASYNCHRONOUS)
