"""Wrappers that hear what events do not: constructions of classes without `__init__`, and all before 3.12.

Once such a wrapper has heard enough it takes itself off until it is put back. A function of a module, which
somebody may hold by now, stays what it is and only passes calls on.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Collection, Mapping
from sys import _getframe
from types import ModuleType
from typing import Any, Optional

from ssot_probe.observe.candidates import is_coroutine, is_generator, plain_function
from ssot_probe.observe.census import qualified_name
from ssot_probe.observe.class_set import ClassSet
from ssot_probe.observe.inherited_constructors import inherited_constructor, passing_on, shown_constructor
from ssot_probe.observe.patching import InnerPatch, Patch
from ssot_probe.observe.paths.ear import Ear, Target
from ssot_probe.observe.paths.ears import Ears
from ssot_probe.observe.recursion import may_call_itself
from ssot_probe.observe.unseen_frames import leave_out, unseen

MOST_ROUNDS = 200 if sys.version_info >= (3, 12) else sys.maxsize
"""How often wrappers in one class are put on again: a class that was changed a thousand times is slower for
good, since 3.13."""


class _Construction:
    """A class whose inherited constructor is listened to."""

    def __init__(self, cls: type, ear: Ear, shown: Any, wrapper: Any) -> None:
        self.cls, self.ear, self.shown, self.wrapper = cls, ear, shown, wrapper
        self.patch: Optional[Patch] = None
        self.rounds = 0


class _Function:
    """A function whose calls, or what it makes, a wrapper hears."""

    def __init__(self, ear: Ear, owner: type | ModuleType) -> None:
        self.ear = ear
        self.owner = owner
        self.patch: Patch | InnerPatch | None = None
        self.running: set[int] = set()  # threads that are in a call of it
        self.is_off = False  # until it is put back
        self.may_return: Callable[[], bool] = lambda: False  # into itself, so that each frame counts


class Wrapping:
    """Puts wrappers on and takes them off.

    Args:
        ears: what they tell.
        on_failure: told of what could not be wrapped.

    Attributes:
        replaced: what was exchanged while its wrapper was off, so that it is not heard any more.
        heard_elsewhere: subclasses whose own constructor is listened to.
    """

    def __init__(self, ears: Ears, on_failure: Callable[[str, BaseException], None]) -> None:
        self._ears = ears
        self._on_failure = on_failure
        self._is_enabled = True
        self._functions: list[_Function] = []
        self._outer: list[_Function] = []  # which hear what is made
        self._constructions: dict[int, _Construction] = {}  # by the id of the class, which each keeps
        self._rounds: dict[type, int] = {}
        self.replaced: list[Target] = []
        self.heard_elsewhere = ClassSet()

    def listen_to_constructions(self, cls: type, *targets: Target) -> bool:
        """Hear constructions of a class that inherits its constructor. False where that cannot be done."""
        known = self._constructions.get(id(cls))
        if known is not None:
            known.ear.targets = tuple(dict.fromkeys((*known.ear.targets, *targets)))
            return True
        inherited = inherited_constructor(cls)
        if "__init__" in vars(cls) or inherited is None:
            return False
        ear = self._ears.add(*targets)
        shown = shown_constructor(cls, plain_function(inherited[1]))
        construction = _Construction(cls, ear, shown, None)
        construction.wrapper = self._constructing(construction, passing_on(cls))
        self._constructions[id(cls)] = construction
        return self._put(construction)

    def listen_to_function(
        self,
        owner: type | ModuleType,
        name: str,
        value: Any,
        *targets: Target,
        speaks: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Hear calls of a function where it is stored; inside of a wrapper that is there already.

        Args:
            owner: what holds it.
            name: that it is held by.
            value: what is held.
            targets: what a call is told as.
            speaks: name of a function beside it -> the names that its code speaks of.
        """
        ear = self._ears.add(*targets)
        if makes_what_starts_later(value):
            self.listen_to_making(owner, name, value, ear)
            return
        function = _Function(ear, owner)
        function.may_return = lambda: may_call_itself(name, speaks or {})
        wrapper = self._hearing(function)
        try:
            if type(value).__name__ in ("ObservedFunction", "ObservedConstructor"):
                function.patch = InnerPatch(value, "__wrapped__", wrapper)
            else:
                function.patch = Patch(owner, name, value, wrapper)
        except Exception as error:
            self._on_failure(ear.targets[0].subject, error)
        else:
            self._functions.append(function)

    def listen_to_making(self, owner: type | ModuleType, name: str, value: Any, ear: Ear) -> None:
        """Hear when a coroutine or generator is made, which runs nothing of it yet.

        Outside of a wrapper that is there already: that one may call the function at the first step only.
        """
        function = _Function(ear, owner)
        try:
            function.patch = Patch(owner, name, value, self._making(function))
        except Exception as error:
            self._on_failure(ear.targets[0].subject, error)
        else:
            self._outer.append(function)

    def put_back(self, ears: list[Ear]) -> None:
        """Listen again to constructions and calls whose wrappers took themselves off.

        Args:
            ears: those that only wrappers hear and that have been resting until now.
        """
        for construction in list(self._constructions.values()):
            if construction.patch is None and construction.ear in ears:
                if construction.rounds < MOST_ROUNDS:
                    self._put(construction)
                else:
                    construction.ear.is_resting = construction.ear.has_rested = True
        for function in [*self._functions, *self._outer]:
            if function.is_off and not function.ear.is_resting and self._is_enabled:
                function.is_off = False
                if function.patch is not None and not function.patch.wake():
                    self.replaced.extend(function.ear.targets)

    def disable(self) -> None:
        """Only pass calls on; what stands around wrappers of others is taken off."""
        self._is_enabled = False
        while self._outer:
            _remove(self._outer.pop())

    def remove(self) -> None:
        """Take all wrappers off that nobody has stacked on."""
        self.disable()
        for function in reversed(self._functions):
            _remove(function)
        for construction in list(self._constructions.values()):
            self._take_off(construction)

    def _put(self, construction: _Construction) -> bool:
        cls = construction.cls
        if not self._is_enabled or "__init__" in vars(cls):
            return False
        try:
            construction.patch = Patch(cls, "__init__", construction.shown, construction.wrapper)
            construction.rounds += 1
        except Exception as error:
            self._on_failure(qualified_name(cls), error)
            return False
        return True

    def _take_off(self, construction: _Construction) -> None:
        patch = construction.patch
        if patch is not None and patch.remove():
            construction.patch = None

    @unseen
    def _constructing(self, construction: _Construction, call: Callable[..., Any]) -> Any:
        note, cls, ear = self._ears.note, construction.cls, construction.ear
        failed = self._ears.failed
        known, elsewhere = self._constructions, self.heard_elsewhere

        def ssot_probe_heard(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            if self._is_enabled and not ear.is_resting:
                try:
                    kind, targets = type(instance), None
                    is_told = kind is not cls and (id(kind) in known or kind in elsewhere)
                    if kind is not cls and not is_told:
                        through = qualified_name(kind)
                        targets = tuple(target._replace(through=through) for target in ear.targets)
                    if not is_told and not note(ear, _getframe(), targets):
                        ear.is_resting = ear.has_rested = True
                        self._take_off(construction)
                except Exception as error:  # and nothing is called here: there may be no room on the stack
                    failed.append((ear, error))
            try:
                return call(instance, *args, **kwargs)
            except BaseException as error:
                leave_out(error)
                raise

        return ssot_probe_heard

    @unseen
    def _hearing(self, function: _Function) -> Any:
        note, failed, ear, running = self._ears.note, self._ears.failed, function.ear, function.running

        def ssot_probe_heard(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            thread = 0
            if self._is_enabled and not ear.is_resting:
                try:
                    if note(ear, _getframe()):
                        thread = self._enter(function)
                    else:
                        ear.is_resting = ear.has_rested = True
                        self._rest(function)
                except Exception as error:
                    failed.append((ear, error))
            try:
                return wrapped(*args, **kwargs)
            except BaseException as error:
                leave_out(error)
                raise
            finally:
                if thread:
                    running.discard(thread)

        return ssot_probe_heard

    def _enter(self, function: _Function) -> int:
        """Note that a thread is in a call. What calls itself needs the stack, and rests for a while."""
        thread = get_ident()
        if thread not in function.running:
            function.running.add(thread)
            return thread
        if function.patch is not None and function.patch.remove():
            function.is_off = function.ear.is_resting = function.ear.has_rested = True
        return 0

    def _rest(self, function: _Function) -> None:
        """Let a function's calls pass, as one that was heard often enough."""
        owner, patch = function.owner, function.patch
        if function.is_off or patch is None:
            return
        if isinstance(owner, type) and isinstance(patch, Patch):
            rounds = self._rounds.get(owner, 0)
            if rounds >= MOST_ROUNDS:
                return
            self._rounds[owner] = rounds + 1
        function.is_off = True
        if function.may_return():
            patch.remove()
        patch.rest()

    @unseen
    def _making(self, function: _Function) -> Any:
        note, failed, ear = self._ears.note, self._ears.failed, function.ear

        def ssot_probe_heard(
            wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            is_heard = False
            if self._is_enabled:
                try:
                    if not ear.is_resting:
                        is_heard = ear.code is not None
                        if not note(ear, _getframe()):
                            ear.is_resting = ear.has_rested = True
                    if ear.is_resting:  # the event at its first step may have said so
                        self._rest(function)
                except Exception as error:
                    failed.append((ear, error))
            try:
                made = wrapped(*args, **kwargs)
            except BaseException as error:
                leave_out(error)
                raise
            if is_heard:
                try:
                    self._ears.expect_start(ear, made)
                except Exception as error:
                    failed.append((ear, error))
            return made

        return ssot_probe_heard


def makes_what_starts_later(value: Any) -> bool:
    """Is it a function whose call runs nothing: that of a coroutine or generator?"""
    function = plain_function(value)
    return function is not None and (is_coroutine(function.__code__) or is_generator(function.__code__))


def _remove(function: _Function) -> None:
    if function.patch is not None:
        function.patch.remove()
