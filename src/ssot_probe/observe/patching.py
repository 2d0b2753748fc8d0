"""Puts one wrapper on a function where it is stored, and takes it off again."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any


class Patch:
    """A wrapper in the dictionary of a class or module; `remove()` undoes it and may be called twice."""

    __slots__ = ("_inherited", "_is_off", "_observed", "_original", "name", "owner")

    def __init__(
        self, owner: type | ModuleType, name: str, wrapped: Any, wrapper: Callable[..., Any]
    ) -> None:
        """Wrap `wrapped` (as it stands in the owner's dictionary, or inherited) and store it as `name`."""
        from ssot_probe.observe import observed_function  # it brings wrapt

        self.owner = owner
        self.name = name
        self._is_off = False
        self._inherited = name not in vars(owner)
        self._original = wrapped
        observe: Any = (
            observed_function.ObservedConstructor
            if name == "__init__"
            else observed_function.ObservedFunction
        )
        self._observed = observe(wrapped, wrapper)
        _store(owner, name, self._observed)

    def remove(self) -> bool:
        """Put the original back. False where somebody stacked a wrapper on ours: then it stays."""
        if vars(self.owner).get(self.name) is not self._observed:
            return False
        if self._inherited:
            _drop(self.owner, self.name)
        else:
            _store(self.owner, self.name, self._original)
        self._is_off = True
        return True

    def pass_on(self) -> None:
        """Only pass calls on, past the wrapper, where it stands and for whoever holds it."""
        _pass_on(self._observed)

    def observe_again(self) -> None:
        """Observe again after `pass_on`."""
        _observe_again(self._observed)

    def rest(self) -> None:
        """Observe nothing until `wake`: what a module holds stays what it is, and only passes calls on."""
        if not isinstance(self.owner, type) or not self.remove():
            self.pass_on()

    def wake(self) -> bool:
        """Observe again after `rest` or `remove`. False where something else stands there by now."""
        self.observe_again()
        if self._is_off and not self._inherited and vars(self.owner).get(self.name) is self._original:
            _store(self.owner, self.name, self._observed)
            self._is_off = False
        return not self._is_off


class InnerPatch:
    """A wrapper on a function that something else holds as a plain attribute, such as a cached property."""

    __slots__ = ("_holder", "_name", "_observed", "_original")

    def __init__(self, holder: Any, name: str, wrapper: Callable[..., Any]) -> None:
        from ssot_probe.observe import observed_function

        self._holder, self._name = holder, name
        self._original = getattr(holder, name)
        self._observed = observed_function.ObservedFunction(self._original, wrapper)
        setattr(holder, name, self._observed)

    def remove(self) -> bool:
        """Put the original back. False where somebody stacked a wrapper on ours: then it stays."""
        if getattr(self._holder, self._name) is not self._observed:
            return False
        setattr(self._holder, self._name, self._original)
        return True

    def rest(self) -> None:
        """Observe nothing until `wake`."""
        if not self.remove():
            _pass_on(self._observed)

    def wake(self) -> bool:
        """Observe again after `rest`. False where something else stands there by now."""
        _observe_again(self._observed)
        if getattr(self._holder, self._name) is self._original:
            setattr(self._holder, self._name, self._observed)
        return True


class Patches:
    """All wrappers that were put on, to be taken off again in reverse.

    Args:
        on_failure: told what could not be wrapped, and why.
    """

    def __init__(self, on_failure: Callable[[str, BaseException], None]) -> None:
        self._patches: list[Patch | InnerPatch] = []
        self._on_failure = on_failure

    def put(
        self, owner: type | ModuleType, name: str, wrapped: Any, wrapper: Callable[..., Any]
    ) -> Patch | None:
        """Put one wrapper on, and return it; where that fails, the function stays as it was."""
        try:
            patch = Patch(owner, name, wrapped, wrapper)
        except Exception as error:
            if isinstance(owner, type):
                self._on_failure(f"{owner.__module__}:{owner.__qualname__}.{name}", error)
            else:
                self._on_failure(f"{owner.__name__}:{name}", error)
            return None
        self._patches.append(patch)
        return patch

    def put_inside(self, holder: Any, name: str, subject: str, wrapper: Callable[..., Any]) -> None:
        """Put a wrapper on a function that an object holds; `subject` is what a failure is told of."""
        try:
            self._patches.append(InnerPatch(holder, name, wrapper))
        except Exception as error:
            self._on_failure(subject, error)

    def remove(self) -> None:
        """Take all wrappers off that nobody has stacked on."""
        while self._patches:
            self._patches.pop().remove()


def _pass_on(observed: Any) -> None:
    from ssot_probe.observe import observed_function

    observed_function.pass_on(observed)


def _observe_again(observed: Any) -> None:
    from ssot_probe.observe import observed_function

    observed_function.observe_again(observed)


def _store(owner: type | ModuleType, name: str, value: object) -> None:
    # Past metaclasses and module subclasses that interfere with setting attributes.
    if isinstance(owner, type):
        type.__setattr__(owner, name, value)
    else:
        vars(owner)[name] = value


def _drop(owner: type | ModuleType, name: str) -> None:
    if isinstance(owner, type):
        type.__delattr__(owner, name)
    else:
        vars(owner).pop(name, None)
