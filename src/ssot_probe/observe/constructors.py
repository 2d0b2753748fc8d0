"""Puts wrappers on what constructs an observed class, and on the methods that it is used by."""

from __future__ import annotations

import typing
from collections.abc import Callable
from time import time_ns
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ssot_probe.model.process_records import BlindRecord
from ssot_probe.observe import census
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.classes import ObservedClasses
from ssot_probe.observe.inherited_constructors import inherited_constructor, passing_on, shown_constructor
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.patching import Patches
from ssot_probe.observe.wrappers import Wrappers

if TYPE_CHECKING:
    from ssot_probe.model.records import Record

NOT_MADE = frozenset({"protocol", "exception", "enum", "typed-dict"})
"""Traits of classes whose instances nobody hands out as the concept."""

MOST_CLASSES = 5_000
"""Classes that are known at most: what is known of one made for a single call stays for good."""

_IN_C = "constructed by code that is not Python: seen only when a factory hands it out"
_NO_REFERENCE = "allows no weak references: who shares its instances cannot be seen"


class Constructors:
    """Knows which wrapper reports the constructions of which class.

    Args:
        classes: the observed classes.
        wrappers: makes the wrapper functions; asks back here about classes that it meets first.
        patches: puts wrappers on.
        make_maker: (name, kind, function, leading parameters that a call does not pass on) -> maker.
        emit: takes a record of what cannot be observed.

    Attributes:
        reporters: class object -> the class whose `__init__` wrapper reports it, None for none.
        inner_codes: ids of code objects that run between a call site and the wrapper.
    """

    def __init__(
        self,
        classes: ObservedClasses,
        patches: Patches,
        make_maker: Callable[[str, str, FunctionType | None, int], Maker],
        emit: Callable[[Record], None],
    ) -> None:
        self.reporters: dict[type, type | None] = {}
        self.inner_codes: set[int] = set()
        self.makers: dict[type, Maker] = {}
        self._kept_codes: list[object] = []  # so that the ids above stay theirs
        self._classes = classes
        self._patches = patches
        self._make_maker = make_maker
        self._emit = emit
        self._metaclasses: set[type] = set()
        self._is_full = False
        self._created: set[type] = set()  # classes whose `__new__` is wrapped
        self._skip(typing._BaseGenericAlias.__call__)  # type: ignore[attr-defined]  # of `Pool[int]()`

    def wrap(self, cls: type, known: ObservedClass, wrappers: Wrappers) -> None:
        """Observe the constructions of a class, by whatever Python code they run through."""
        own, creator = vars(cls).get("__init__"), vars(cls).get("__new__")
        self._wrap_metaclass(cls, wrappers)
        if not cls.__weakrefoffset__:
            self._emit(BlindRecord(known.name, _NO_REFERENCE, time_ns()))
        if plain_function(own) is not None:
            self._wrap_init(cls, known, own, wrappers)
            if plain_function(creator) is not None:
                self._wrap_new(cls, creator, wrappers)
        elif own is None and plain_function(creator) is not None:
            self.makers[cls] = self._make_maker(known.name, "constructor", plain_function(creator), 1)
            self._wrap_new(cls, creator, wrappers)
            self.reporters[cls] = None
            self._created.add(cls)
        else:
            self._wrap_inherited(cls, known, wrappers)
        self._note_whether_seen(cls)

    def resolve(self, cls: type) -> None:
        """Find out which wrapper reports a class that was never bound in a module."""
        if len(self.reporters) >= MOST_CLASSES:
            if not self._is_full:
                self._is_full = True
                what = f"classes of which there are more than {MOST_CLASSES:,}"
                self._emit(BlindRecord(what, "made at run time: their instances are not followed", time_ns()))
            return
        reporter = None
        for base in cls.__mro__:
            if self.reporters.get(base) is base:
                reporter = base
                break
            function = plain_function(vars(base).get("__init__"))
            if function is not None:
                self._skip(function)
        if reporter is not None and cls not in self._classes.by_object:
            self._classes.add_for(cls, self._classes.by_object[reporter].concept)
        self.reporters[cls] = reporter
        self._note_whether_seen(cls)

    def _note_whether_seen(self, cls: type) -> None:
        known = self._classes.by_object.get(cls)
        if known is not None:
            by_new = not self._created.isdisjoint(cls.__mro__)
            known.is_seen_constructed = by_new or self.reporters.get(cls) is not None

    def _wrap_init(self, cls: type, known: ObservedClass, own: Any, wrappers: Wrappers) -> None:
        maker = self.makers[cls] = self._make_maker(known.name, "constructor", plain_function(own), 1)
        self._patches.put(cls, "__init__", own, wrappers.constructor(maker, cls))
        self.reporters[cls] = cls

    def _wrap_new(self, cls: type, creator: Any, wrappers: Wrappers) -> None:
        wrapper = wrappers.creator(self._maker_by_new, self.makers.get)
        self._patches.put(cls, "__new__", creator, wrapper)

    def _wrap_inherited(self, cls: type, known: ObservedClass, wrappers: Wrappers) -> None:
        inherited = inherited_constructor(cls) if "__init__" not in vars(cls) else None
        function = None if inherited is None else plain_function(inherited[1])
        maker = self.makers[cls] = self._make_maker(known.name, "constructor", function, 1)
        if inherited is None:
            self.reporters[cls] = None
            self._emit(BlindRecord(known.name, _IN_C, time_ns()))
        elif self.reporters.get(inherited[0]) is inherited[0]:
            self.reporters[cls] = inherited[0]  # the wrapper that is there reports subclasses too
        elif function is None and not self._created.isdisjoint(cls.__mro__):
            self.reporters[cls] = None  # the same is true of a wrapper of `__new__`
        else:
            wrapper = wrappers.constructor(maker, cls, passing_on(cls))
            shown = shown_constructor(cls, function)
            self._patches.put(cls, "__init__", shown, wrapper)
            self.reporters[cls] = cls

    def _maker_by_new(self, cls: type) -> Maker | None:
        """Return the maker that the wrapper of `__new__` reports; an `__init__` that follows says more."""
        return None if self.reporters.get(cls) is not None else self.makers.get(cls)

    def _wrap_metaclass(self, cls: type, wrappers: Wrappers) -> None:
        for metaclass in census.metaclasses(cls):
            if metaclass is type:
                return
            call = vars(metaclass).get("__call__")
            function = plain_function(call)
            if function is not None and self._classes.is_first_party(metaclass):
                if metaclass not in self._metaclasses:
                    self._metaclasses.add(metaclass)
                    wrapper: Any = wrappers.creator(self.makers.get, self.makers.get)
                    self._skip(function)
                    self._skip(wrapper)
                    self._patches.put(metaclass, "__call__", call, wrapper)
                return

    def _skip(self, function: FunctionType) -> None:
        self._kept_codes.append(function.__code__)
        self.inner_codes.add(id(function.__code__))
