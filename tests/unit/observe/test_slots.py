"""Where a factory keeps what it made: found by identity, without running the application's code."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

import pytest

from ssot_probe.observe.slots import LARGE, LARGEST, Slot, slots_of


class Thing:
    pass


class Hostile:
    """Whatever is asked of it, it fails."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __hash__(self) -> int:
        return 1


class Registry:
    def __init__(self) -> None:
        self._things: dict[str, Thing] = {}

    def find(self, key: str) -> Thing:
        if key not in self._things:
            self._things[key] = Thing()
        return self._things[key]

    def put(self, key: str, thing: Thing) -> None:
        self._things[key] = thing


class Slotted:
    __slots__ = ("thing",)
    thing: Thing


_things: dict[str, Any] = {}
_weak: WeakValueDictionary[str, Thing] = WeakValueDictionary()
_the_one: Thing | None = None
_list: list[Thing] = []
_registry = Registry()
_slotted = Slotted()
_hostile: dict[str, Any] = {"it": Hostile()}


def from_dictionary(key: str) -> Thing:
    if key not in _things:
        _things[key] = Thing()
    found: Thing = _things[key]
    return found


def from_weak_dictionary(key: str) -> Thing:
    thing = _weak.get(key)
    if thing is None:
        thing = _weak[key] = Thing()
    return thing


def from_global() -> Thing:
    global _the_one
    if _the_one is None:
        _the_one = Thing()
    return _the_one


def from_registry(key: str) -> Thing:
    return _registry.find(key)


def from_slot() -> Thing:
    if not hasattr(_slotted, "thing"):
        _slotted.thing = Thing()
    return _slotted.thing


def from_default(key: str, cache: dict[str, Thing] = {}) -> Thing:  # noqa: B006
    if key not in cache:
        cache[key] = Thing()
    return cache[key]


@lru_cache
def from_cache(key: str) -> Thing:
    return Thing()


def beside_something_hostile(key: str) -> Thing:
    if key not in _hostile:
        _hostile[key] = Thing()
    found: Thing = _hostile[key]
    return found


def put_in_dictionary(key: str) -> Thing:
    thing = Thing()
    _things[key] = thing
    return thing


def put_in_registry(key: str) -> Thing:
    thing = Thing()
    _registry.put(key, thing)
    return thing


def put_in_list() -> Thing:
    thing = Thing()
    if _list is not None:
        _list.append(thing)
    return thing


def slot_of(factory: Callable[..., Thing], *arguments: str) -> Slot | None:
    """Return where the factory keeps what it gives out now; something else must not be found."""
    kept = factory(*arguments)
    found, other = slots_of(factory, getattr(factory, "__self__", None), (kept, Thing()))
    assert other is None
    return found


@pytest.mark.parametrize(
    ("factory", "name"),
    [
        (from_dictionary, "_things"),
        (from_registry, "_things"),
        (_registry.find, "_things"),
        (from_default, "cache"),
        (from_cache, "cache"),
        (from_weak_dictionary, "_weak"),
        (beside_something_hostile, "_hostile"),
    ],
)
def test_what_a_factory_keeps_by_a_key_is_found(factory: Callable[..., Thing], name: str) -> None:
    found = slot_of(factory, "anna")
    assert found is not None
    assert (found.name, found.is_inside) == (name, True)


@pytest.mark.parametrize(("factory", "name"), [(from_global, "_the_one"), (from_slot, "thing")])
def test_the_one_that_a_factory_keeps_is_found(factory: Callable[..., Thing], name: str) -> None:
    found = slot_of(factory)
    assert found is not None
    assert (found.name, found.is_inside, found.is_asked_first) == (name, False, True)


@pytest.mark.parametrize(
    "factory",
    [from_dictionary, from_registry, _registry.find, from_default, from_cache, from_weak_dictionary],
)
def test_a_place_that_is_looked_into_first_is_told_from_one_that_is_only_written(
    factory: Callable[..., Thing],
) -> None:
    found = slot_of(factory, "bert")
    assert found is not None
    assert found.is_asked_first


@pytest.mark.parametrize("factory", [put_in_dictionary, put_in_registry])
def test_a_place_that_is_only_written_is_no_cache(factory: Callable[..., Thing]) -> None:
    found = slot_of(factory, "carl")
    assert found is not None
    assert not found.is_asked_first


def test_a_list_is_no_place_for_one() -> None:
    assert slot_of(put_in_list) is None


def test_what_is_no_more_is_nowhere() -> None:
    assert slots_of(from_dictionary, None, (None, None)) == [None, None]


@pytest.mark.parametrize(("size", "is_found"), [(LARGE * 4, True), (LARGEST + 1, False)])
def test_a_cache_that_is_too_large_is_given_up(size: int, is_found: bool) -> None:
    cache: dict[int, object] = {number: object() for number in range(size)}

    def factory(key: int) -> object:
        return cache.setdefault(key, object())

    kept, other = factory(-1), object()
    found, missing = slots_of(factory, None, (kept, other))
    assert (found is not None) == is_found
    assert missing is None
