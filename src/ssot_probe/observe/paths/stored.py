"""Wraps functions where they are stored: all of them before 3.12, later those whose calls run nothing yet."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from ssot_probe.model.names import qualify
from ssot_probe.model.path_records import CALLED, CONSTRUCTED
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.contents import Contents
from ssot_probe.observe.held_functions import held_elsewhere
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.paths import unheard
from ssot_probe.observe.paths.definitions import Definitions, living_definitions, own_classes
from ssot_probe.observe.paths.ear import Target
from ssot_probe.observe.paths.ears import Ears, frame_of
from ssot_probe.observe.paths.watched_path import PathTable, WatchedPath, file_of, is_part
from ssot_probe.observe.paths.wrapping import Wrapping, makes_what_starts_later

_SPOKEN = frozenset({"__init__", "__call__", "__enter__", "__aenter__"})


class StoredFunctions:
    """The functions that modules and classes of watched paths hold by name.

    Args:
        ears: what is heard.
        wrapping: puts the wrappers on.
        table: the watched paths.
    """

    def __init__(self, ears: Ears, wrapping: Wrapping, table: PathTable) -> None:
        self._ears = ears
        self._wrapping = wrapping
        self._table = table
        self._held: dict[str, frozenset[int]] = {}
        self._wrapped: dict[str, set[int]] = {}
        self._making: set[tuple[int, str]] = set()  # owners and names that are wrapped already
        self._unsearched: dict[str, ModuleType] = {}
        self._functions: dict[int, tuple[WatchedPath, str, CodeType, set[int]]] = {}

    def look_before_wrappers(self, name: str, module: ModuleType) -> None:
        """Note which functions are held elsewhere, as long as nothing stands in their places yet."""
        if not self._table.of(name, file_of(module)):
            return
        held = set(held_elsewhere(Contents(module, name)))
        for cls in own_classes(module, name).values():
            held |= held_elsewhere(Contents(cls, name))
        self._held[name] = frozenset(held)

    def listen_to_making(self, module: ModuleType, classes: dict[str, type]) -> None:
        """Hear when coroutines and generators are made: events tell only of those that are started."""
        for owner, attribute, value, _qualname in _stored(module, classes):
            function = plain_function(value)
            if function is None or not makes_what_starts_later(value) or attribute.startswith("__"):
                continue
            ear = self._ears.by_code.get(id(function.__code__))
            if ear is not None and (id(owner), attribute) not in self._making:
                self._making.add((id(owner), attribute))
                self._wrapping.listen_to_making(owner, attribute, value, ear)

    def wrap_all(
        self,
        path: WatchedPath,
        name: str,
        module: ModuleType,
        file: str,
        classes: dict[str, type],
        found: Definitions,
    ) -> None:
        """Wrap all functions of a path, and tell of those that cannot be."""
        held = self._held.get(name, frozenset())
        speaks: dict[str, set[str]] = {}
        for each in found.functions:
            speaks.setdefault(each.name.rpartition(".")[2], set()).update(each.code.co_names)
        wrapped = self._wrapped.setdefault(name, set())
        owners: list[tuple[Any, str]] = [(module, "")]
        owners += [(cls, f"{cls.__qualname__}.") for cls in classes.values()]
        for owner, prefix in owners:
            for attribute, value in list(vars(owner).items()):
                function = plain_function(value)
                qualname = prefix + attribute
                if function is None or not _belongs(function, name, found):
                    continue
                if path.name and not is_part(qualname, path.name) and attribute != "__getattr__":
                    continue
                if attribute.startswith("__") and not self._is_wrappable(attribute, owner):
                    continue
                wrapped.update(id(each.__code__) for each in _chain(value))
                is_constructor = bool(prefix) and attribute in ("__init__", "__new__")
                subject = prefix.rstrip(".") if is_constructor else qualname
                line = found.classes.get(subject) if is_constructor else function.__code__.co_firstlineno
                rung = CONSTRUCTED if is_constructor else CALLED
                target = Target(path.path, rung, qualify(name, subject), file, line or 0, subject, name)
                known = self._functions.setdefault(
                    id(function.__code__), (path, qualname, function.__code__, set())
                )
                known[3].add(id(function))
                is_held = any(layer in held for layer in _layers(value))  # before one more is put inside
                self._wrapping.listen_to_function(owner, attribute, value, target, speaks=speaks)
                if is_held:
                    path.unheard[qualname] = unheard.HELD
        for each in found.of(path.name):
            if id(each.code) not in wrapped and "<locals>" not in each.name and each.name != "<lambda>":
                path.unheard.setdefault(each.name, unheard.NO_WRAPPER)
        for _owner, _attribute, value, _qualname in _stored(module, classes):
            code = getattr(frame_of(value), "f_code", None)
            for each in found.of(path.name) if code is not None else ():
                if each.code is code:  # it was made while the module ran
                    path.unheard.setdefault(each.name, unheard.HELD)
        self._unsearched[name] = module

    def look_for_unwrapped(self) -> None:
        """Tell of functions that live where no name leads to them; from the recorder, as it takes a while."""
        modules, self._unsearched = self._unsearched, {}
        if not modules:
            return
        found = living_definitions(modules.values())
        for name, module in modules.items():
            wrapped = self._wrapped.get(name, set())
            for path in self._table.of(name, file_of(module)):
                for each in found[id(module)].living:
                    if id(each.code) not in wrapped and (not path.name or is_part(each.name, path.name)):
                        self._table.tell_unheard(path, each.name, unheard.NO_WRAPPER)

    def _is_wrappable(self, attribute: str, owner: type | ModuleType) -> bool:
        if not isinstance(owner, type):
            return False
        return attribute in _SPOKEN or (attribute == "__new__" and "__init__" not in vars(owner))

    def look_for_copies(self) -> None:
        """Tell of functions that run the code of wrapped ones, and are not wrapped."""
        codes = [code for _, _, code, _ in self._functions.values()]
        for function in gc.get_referrers(*codes) if codes else ():
            if type(function) is FunctionType:
                known = self._functions.get(id(function.__code__))
                if known is not None and id(function) not in known[3]:
                    for path in self._table.paths:
                        if path.module == known[0].module and (not path.name or is_part(known[1], path.name)):
                            self._table.tell_unheard(path, known[1], unheard.COPIED)


def _stored(module: ModuleType, classes: dict[str, type]) -> Iterator[tuple[Any, str, Any, str]]:
    """Yield what a module and its classes hold: owner, name, value and qualified name."""
    for owner, prefix in ((module, ""), *((cls, f"{cls.__qualname__}.") for cls in classes.values())):
        names = namespace_of(owner) if isinstance(owner, ModuleType) else vars(owner)
        for attribute, value in list(names.items()):
            yield owner, attribute, value, prefix + attribute


def _layers(value: Any) -> list[int]:
    """Return the ids of what is stored and of all that it wraps."""
    found = []
    for _ in range(16):
        found.append(id(value))
        value = getattr(value, "__func__", None) or getattr(value, "__wrapped__", None)
        if value is None:
            break
    return found


def _chain(value: Any) -> list[FunctionType]:
    """Return a function and those that it passes calls on to, as decorators leave them behind."""
    found = []
    for _ in range(16):
        if type(value) is FunctionType:
            found.append(value)
        if type(value) in (staticmethod, classmethod):
            value = value.__func__
        else:
            value = getattr(value, "__wrapped__", None)
        if value is None:
            break
    return found


def _belongs(function: FunctionType, name: str, found: Definitions) -> bool:
    if function.__module__ == name:
        return True
    return any(each.code is function.__code__ for each in found.functions)
