"""What an object refers to, as far as a walk follows it: `gc.get_referents`, and what it misses."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from gc import get_referents
from itertools import islice
from types import CoroutineType, FrameType, FunctionType, GeneratorType
from typing import Any

from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.sharing.anatomy import (
    DictGetter,
    bases_of,
    dict_getter,
    namespace_of_class,
    qualified_name,
    strange_metaclasses,
)
from ssot_probe.observe.sharing.kinds import Kinds

LARGE = 128
"""Entries from which on a container is looked at alone, so that no step takes long."""

MOST_ENTRIES = 50_000
"""Of a container; of larger ones the first and the last are looked at."""

Special = Callable[[Any], list[Any]]

_SIZES: dict[type, Callable[[Any], int]] = {
    base: base.__len__ for base in (dict, list, tuple, set, frozenset, deque)
}
_globals_of = FunctionType.__dict__["__globals__"].__get__
_builtins_of = FunctionType.__dict__["__builtins__"].__get__
_HAS_HIDDEN_DICTS = sys.version_info >= (3, 13)


class Edges:
    """Follows references of objects whose types are known to `kinds`.

    Args:
        kinds: what each type is to the walk.
    """

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds
        self.strange = strange_metaclasses()
        self._sampled: set[int] = set()
        self.namespaces = frozenset(id(namespace_of(module)) for module in list(sys.modules.values()))
        self._special: dict[type, Special] = {}
        self._hidden_dicts: dict[type, DictGetter] = {}
        self._sizes: dict[type, Callable[[Any], int]] = {}
        self._plain: set[type] = set()
        self._class_attributes: dict[type, list[tuple[str, Any]]] = {}

    @property
    def sampled(self) -> int:
        """How many containers were too large to be looked at in full."""
        return len(self._sampled)

    def is_strange(self, thing: Any) -> bool:
        """Would even to ask for its type in a table run code of its metaclass? Then it is left out."""
        return type(type(thing)) in self.strange

    def forget(self) -> None:
        """Release what classes hold."""
        self._class_attributes.clear()

    def of(self, thing: Any) -> list[Any]:
        """Return what one object refers to, class attributes included; modules' dictionaries left out."""
        found = self.of_one(thing)
        if type(thing) in self.kinds.application:
            found += self.class_attributes(type(thing))
        return [each for each in found if id(each) not in self.namespaces]

    def of_one(self, thing: Any) -> list[Any]:
        """Return what one object refers to, of a very large container only the first and the last entries."""
        types = {type(thing)}
        self._learn(types - self._plain)
        size = self._sizes.get(type(thing))
        if size is not None and size(thing) > MOST_ENTRIES:
            self._sampled.add(id(thing))
            return self.without_strange(sample(thing))
        return self.of_all((thing,), types)

    def of_all(self, things: Sequence[Any], types: set[type]) -> list[Any]:
        """Return what the objects of these types refer to, without class attributes."""
        if not types <= self._plain:
            self._learn(types - self._plain)
            if not types.isdisjoint(self._special) or not types.isdisjoint(self._hidden_dicts):
                return self._of_some_special(things)
        return self.without_strange(get_referents(*things))

    def without_strange(self, things: list[Any]) -> list[Any]:
        """Leave out what is strange."""
        strange = self.strange
        return [each for each in things if type(type(each)) not in strange] if strange else things

    def large_ones(self, things: Sequence[Any], types: set[type]) -> list[Any]:
        """Return those that have many entries; their types have to be learned before."""
        sizes = self._sizes
        if types.isdisjoint(sizes):
            return []
        if types <= _SIZES.keys() and max(map(len, things)) <= LARGE:
            return []
        if types & sizes.keys() <= _SIZES.keys():
            return [each for each in things if type(each) in _SIZES and len(each) > LARGE]
        return [each for each in things if type(each) in sizes and sizes[type(each)](each) > LARGE]

    def learn(self, types: Iterable[type]) -> None:
        """Learn how instances of these types are followed, before `large_ones` is asked."""
        self._learn(set(types) - self._plain)

    def class_attributes(self, cls: type) -> list[Any]:
        """Return the data that an application's class and its bases hold for all their instances."""
        return [value for _, value in self.named_class_attributes(cls)]

    def named_class_attributes(self, cls: type) -> list[tuple[str, Any]]:
        """Return name and value of the data in an application's class and its bases, as at the first call."""
        known = self._class_attributes.get(cls)
        if known is None:
            known = self._class_attributes[cls] = list(self._read_class_attributes(cls))
        return known

    def _read_class_attributes(self, cls: type) -> Iterator[tuple[str, Any]]:
        for base in bases_of(cls):
            self.kinds.learn((base,))
            if base in self.kinds.application:
                for name, value in list(namespace_of_class(base).items()):
                    if not (name.startswith("__") or self.is_strange(value)) and self._is_data(type(value)):
                        yield name, value

    def _is_data(self, cls: type) -> bool:
        self.kinds.learn((cls,))
        if cls in self.kinds.skipped or cls in (FunctionType, staticmethod, classmethod):
            return False
        return not any("__get__" in namespace_of_class(base) for base in bases_of(cls))

    def _of_some_special(self, things: Sequence[Any]) -> list[Any]:
        special, hidden = self._special, self._hidden_dicts
        found = get_referents(*[each for each in things if type(each) not in special])
        for each in things:
            cls = type(each)
            if cls in special:
                found += special[cls](each)
            elif cls in hidden:
                found.append(hidden[cls](each))
        return self.without_strange(found)

    def _learn(self, types: set[type]) -> None:
        for cls in types:
            if cls in self._special or cls in self._hidden_dicts:
                continue
            for base in bases_of(cls):
                if base in _SIZES:
                    self._sizes[cls] = _SIZES[base]
            special = _special_of(cls)
            getter = dict_getter(cls) if _HAS_HIDDEN_DICTS and cls in self.kinds.application else None
            if special is not None:
                self._special[cls] = special
            elif getter is not None and not _is_thread_local(cls):
                self._hidden_dicts[cls] = getter
            else:
                self._plain.add(cls)


def sample(thing: Any) -> list[Any]:
    """Return the first and the last entries of a container, of sets and dictionaries the first ones."""
    half = MOST_ENTRIES // 2
    bases = bases_of(type(thing))
    for base in (list, tuple):
        if base in bases:
            return [*base.__getitem__(thing, slice(0, half)), *base.__getitem__(thing, slice(-half, None))]
    if dict in bases:
        entries = snapshot(lambda: list(islice(dict.items(thing), half)))
        return [each for entry in entries for each in entry]
    other: Any = next(base for base in (set, frozenset, deque) if base in bases)
    return snapshot(lambda: list(islice(other.__iter__(thing), MOST_ENTRIES)))


def snapshot(read: Callable[[], list[Any]]) -> list[Any]:
    """Read what another thread may be changing; [] where it always is."""
    for _ in range(5):
        try:
            return read()
        except RuntimeError:  # changed while it was read
            continue
    return []


def is_own(function: Any) -> bool:
    """Is it a function of ours?"""
    module = _globals_of(function).get("__name__")
    return type(module) is str and (module == "ssot_probe" or module.startswith("ssot_probe."))


def _special_of(cls: type) -> Special | None:
    bases = bases_of(cls)
    name = qualified_name(cls)
    if cls is FunctionType:
        return _of_function
    if FunctionType not in bases and name in ("_asyncio:Future", "_asyncio:Task"):
        return _OfFuture(cls)
    if cls in (GeneratorType, CoroutineType) and sys.version_info < (3, 11):
        return _of_generator
    if name == "numpy:ndarray":
        return _OfArray(cls)
    return None


def _of_function(function: Any) -> list[Any]:
    """Return closure, defaults and attributes, never the module that the function lives in."""
    if is_own(function):
        return []
    apart = (_globals_of(function), _builtins_of(function))
    return [
        each
        for each in get_referents(function)
        if type(each) in (tuple, dict) and each is not apart[0] and each is not apart[1]
    ]


def _of_generator(generator: Any) -> list[Any]:
    """Return the locals of a generator or coroutine, on a Python where its frame stands between."""
    found = []
    for frame in get_referents(generator):
        if type(frame) is FrameType:
            apart = (frame.f_globals, frame.f_builtins)
            found += [each for each in get_referents(frame) if not any(each is one for one in apart)]
    return [each for each in found if type(each) is not FrameType]


class _OfFuture:
    """Follows a future to its result, and a task to its coroutine: never to callbacks, loop or context."""

    def __init__(self, cls: type) -> None:
        attributes = ("_result", "_coro")
        found = (base.get(name) for base in map(namespace_of_class, bases_of(cls)) for name in attributes)
        self._read = [descriptor.__get__ for descriptor in found if descriptor is not None]

    def __call__(self, future: Any) -> list[Any]:
        return [read(future) for read in self._read]


class _OfArray:
    """Follows an array to the one whose memory it shows."""

    def __init__(self, cls: type) -> None:
        self._base = namespace_of_class(cls)["base"].__get__

    def __call__(self, array: Any) -> list[Any]:
        return [*get_referents(array), self._base(array)]


def _is_thread_local(cls: type) -> bool:
    return any(qualified_name(base) == "_thread:_local" for base in bases_of(cls))
