"""How many entries a cache may have, as it says itself or as the code does that releases them."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from functools import lru_cache, wraps
from types import ModuleType
from typing import Any

import pytest

from ssot_probe.observe.bounds import BY_AGE, bound_of

CACHE = """
from collections import OrderedDict

class Cache:
    def __init__(self, most=500):
        self._most = most
        self._entries = OrderedDict()

    def of(self, user):
        entry = self._entries.get(user)
        if entry is None:
            entry = self._entries[user] = object()
            {rest}
        return entry

cache = Cache()
held = cache.of("somebody")
"""

REGISTRY = """
{before}
entries = {{}}

def of(user):
    if user not in entries:
        {rest}
        entries[user] = object()
    return entries[user]

held = of("somebody")
"""


@pytest.fixture
def home() -> Iterator[Any]:
    module = ModuleType("home_of_bounds")
    sys.modules["home_of_bounds"] = module
    yield module
    del sys.modules["home_of_bounds"]


def in_class(home: Any, rest: str) -> int:
    exec(CACHE.format(rest=rest), vars(home))
    return bound_of((home, home.cache, home.cache._entries, home.held))


def in_module(home: Any, rest: str, before: str = "") -> int:
    exec(REGISTRY.format(rest=rest, before=before), vars(home))
    return bound_of((home, home.entries, home.held))


@pytest.mark.parametrize(
    "rest",
    [
        "if len(self._entries) > self._most: self._entries.popitem(last=False)",
        "while self._most < len(self._entries): self._entries.popitem()",
        "if len(self._entries) >= self._most: del self._entries[next(iter(self._entries))]",
        "if len(self._entries) > 500: self._entries.clear()",
    ],
)
def test_what_the_length_is_compared_with_before_entries_go_is_the_bound(home: Any, rest: str) -> None:
    assert in_class(home, rest) == 500


def test_the_entry_may_go_in_another_method(home: Any) -> None:
    rest = "if len(self._entries) > self._most: self.shrink()\n\n"
    assert in_class(home, rest + "    def shrink(self): self._entries.popitem()\n\n    def no(self):") == 500


@pytest.mark.parametrize(
    "rest",
    [
        "if len(self._entries) > self._most: print('many')",
        "self._most -= 1; self._entries.pop('nobody', None)",
        "self._most; len(self._entries); self._entries.popitem()",
        "if self._most > 3: self._entries.popitem()",
        "if len(user) > self._most: raise ValueError\n            self._entries.pop('nobody', None)",
    ],
)
def test_a_number_that_bounds_nothing_is_none(home: Any, rest: str) -> None:
    assert in_class(home, rest) == 0


def test_functions_of_a_module_bound_what_it_holds(home: Any) -> None:
    assert in_module(home, "if len(entries) >= 200: entries.pop(next(iter(entries)))") == 200
    assert in_module(home, "if len(entries) >= KEPT: entries.popitem()", before="KEPT = 300") == 300
    assert in_module(home, "if len(user) >= KEPT: entries.popitem()", before="KEPT = 300") == 0
    assert in_module(home, "assert len(entries) < 200") == 0


EXPIRE = """
import time

def expire():
    for user, entry in list(entries.items()):
        if time.monotonic() - entry.since > 900:
            del entries[user]
"""


def test_entries_that_go_by_their_age_have_no_number(home: Any) -> None:
    assert in_module(home, "expire()", before=EXPIRE) == BY_AGE


def test_a_clean_up_that_nobody_calls_is_none(home: Any) -> None:
    assert in_module(home, "pass", before=EXPIRE) == 0


def test_to_be_taken_out_is_no_bound(home: Any) -> None:
    assert in_module(home, "leave(user)", before="def leave(user):\n    entries.pop(user, None)") == 0


def test_decorated_functions_are_read(home: Any) -> None:
    def logged(function: Any) -> Any:
        @wraps(function)
        def inner(*arguments: Any) -> Any:
            return function(*arguments)

        return inner

    home.logged = logged
    exec(
        REGISTRY.format(before="", rest="if len(entries) > 90: entries.popitem()").replace(
            "def of", "@logged\ndef of"
        ),
        vars(home),
    )
    assert bound_of((home, home.entries, home.held)) == 90


def test_containers_say_their_own_bounds(home: Any) -> None:
    held = object()

    class Kept:
        __slots__ = ("items", "max_items")

        def __init__(self) -> None:
            self.items, self.max_items = [held], 40

    kept = Kept()
    assert bound_of((home, deque([held], maxlen=30), held)) == 30
    assert bound_of((home, deque([held]), held)) == 0
    assert bound_of((home, kept, kept.items, held)) == 40
    assert bound_of((home, lru_cache(maxsize=50)(lambda: held), held)) == 50
    assert bound_of((home, [held], held)) == 0


def test_no_code_of_the_application_runs(home: Any) -> None:
    class Loud:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    held = Loud()
    home.loud = Loud()
    home.entries = {"somebody": held}
    assert bound_of((home, home.entries, held)) == 0
