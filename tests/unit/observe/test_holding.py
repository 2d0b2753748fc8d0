"""What holds instances, named by names from source only."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from functools import lru_cache, partial
from types import ModuleType
from typing import Any

import pytest

from ssot_probe.observe.holding import Holding, search


class Thing:
    """What is held."""

    def method(self) -> None: ...


class Slotted:
    __slots__ = ("inside",)


class Holder:
    def __init__(self, thing: Thing) -> None:
        self.thing = thing


@pytest.fixture
def home() -> Iterator[Any]:
    module = ModuleType("home_of_things")
    sys.modules["home_of_things"] = module
    yield module
    del sys.modules["home_of_things"]


def held(*things: Thing) -> Holding:
    return search(dict(enumerate(things, 1)), lambda name, file: name == "home_of_things")


def path(thing: Thing) -> tuple[str, ...]:
    return held(thing).paths[1]


def test_a_value_of_a_dictionary_is_named_without_its_key(home: Any) -> None:
    thing = Thing()
    home.registry = {"user-of-mine": thing}
    assert path(thing) == ("module home_of_things", "registry", "a value of a dict")


def test_an_attribute_is_named_where_the_source_names_it(home: Any) -> None:
    thing, other = Thing(), Thing()
    home.holder = Holder(thing)
    assert path(thing) == ("module home_of_things", "holder", "thing")
    home.holder = Holder(Thing())
    setattr(home.holder, "user-of-mine", other)
    assert path(other)[-1] == "an attribute"


def test_slots_and_class_attributes_are_named(home: Any) -> None:
    thing, other = Thing(), Thing()
    home.slotted = Slotted()
    home.slotted.inside = thing
    assert path(thing)[-1] == "inside"
    home.Registry = type("Registry", (), {"made": [other], "__module__": "home_of_things"})
    assert path(other) == ("module home_of_things", "Registry", "made", "an item of a list")


def test_methods_partials_closures_and_deques_are_named(home: Any) -> None:
    thing = Thing()
    home.callbacks = deque([thing.method])
    assert path(thing)[1:] == ("callbacks", "an item of a deque", "bound method")
    home.callbacks = partial(print, thing)
    assert path(thing)[1:] == ("callbacks", "partial", "an item of a tuple")
    home.callbacks = lambda: thing
    assert path(thing)[-1] == "a variable of a closure"


def test_a_stored_exception_leads_through_its_traceback(home: Any) -> None:
    def fail() -> None:
        inside = Thing()
        made.append(inside)
        raise ValueError

    made: list[Thing] = []
    try:
        fail()
    except ValueError as error:
        home.last_error = error
    found = path(made.pop())
    assert found[1:3] == ("last_error", "exception")
    assert found[-1] == "frame of fail, variable inside"


def test_what_only_local_variables_hold_is_not_found(home: Any) -> None:
    thing = Thing()
    assert held(thing).held == frozenset()
    assert thing is not None


def test_weak_references_hold_nothing(home: Any) -> None:
    import weakref

    thing = Thing()
    home.weak = weakref.WeakValueDictionary({"a": thing})
    home.reference = weakref.ref(thing)
    assert not held(thing).held


def test_bounds_are_read_where_a_cache_says_them(home: Any) -> None:
    thing = Thing()

    @lru_cache(maxsize=64)
    def cached() -> Thing:
        return thing

    cached()
    home.cached = cached
    del home.cached.__wrapped__
    assert held(thing).bound == 64
    home.cached = type("Cache", (), {})()
    home.cached.max_entries = 7
    home.cached.entries = [thing]
    assert held(thing).bound == 7


def test_all_of_many_are_found_at_once(home: Any) -> None:
    things = [Thing() for _ in range(100)]
    home.registry = list(things)
    assert len(held(*things).held) == 100
