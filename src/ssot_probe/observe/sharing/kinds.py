"""Sorts types by what a walk does with their instances; each type once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CellType,
    CodeType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)

from ssot_probe.observe.sharing import known_types
from ssot_probe.observe.sharing.anatomy import bases_of, is_frozen_dataclass, names_of_bases, qualified_name
from ssot_probe.observe.sharing.traits import TraitsOfTypes, is_wrapt

ATOMS: frozenset[type] = frozenset(
    {
        int,
        float,
        complex,
        bool,
        str,
        bytes,
        range,
        slice,
        type(None),
        type(...),
        type(NotImplemented),
        CodeType,
    }
)

_MUTABLE = frozenset({list, dict, set, bytearray, deque})
_FROZEN = frozenset(
    {
        *(tuple, frozenset, FunctionType, MethodType, BuiltinFunctionType, MethodWrapperType, CellType),
        *(CoroutineType, GeneratorType, AsyncGeneratorType, staticmethod, classmethod),
        *(
            type({}.keys()),
            type({}.values()),
            type({}.items()),
            type(iter([])),
            type(iter({})),
            type(iter(())),
        ),
        *(map, filter, zip, enumerate),
    }
)


class Kinds:
    """What each type is to the walk.

    Args:
        is_application: is the type defined by a first-party file? Asked once for each type.
        shared_ok: qualified names of types that users may share, and what is derived from them.
        never_share: qualified names of more types that nobody may share.
    """

    def __init__(
        self,
        is_application: Callable[[type], bool],
        shared_ok: Iterable[str] = (),
        never_share: Iterable[str] = (),
    ) -> None:
        self.skipped: set[type] = set(ATOMS)  # neither entered nor reported
        self.frozen: set[type] = set()  # looked through: cannot be changed, but may lead to what can
        self.mutable: set[type] = set()  # entered and reported
        self.leaves: set[type] = set()  # of a library: reported, but not entered
        self.never_share: set[type] = set()  # some of the leaves
        self.requests: set[type] = set()  # some of those that nobody may share
        self.application: set[type] = set()  # some of the mutable and the frozen ones
        self.entered: set[type] = set()  # the frozen and the mutable ones
        self.known: set[type] = set(ATOMS)
        self.traits = TraitsOfTypes()
        self._is_application = is_application
        self._shared_ok = frozenset(shared_ok)
        self._never_share = known_types.NEVER_SHARE | frozenset(never_share)

    def learn(self, types: Iterable[type]) -> None:
        """Sort the types that are not known yet."""
        for cls in types:
            if cls not in self.known:
                self._sort(cls).add(cls)
                if cls in self.frozen or cls in self.mutable:
                    self.entered.add(cls)
                self.known.add(cls)

    def is_of_application(self, cls: type) -> bool:
        """Is the class defined by a first-party file?"""
        try:
            return bool(self._is_application(cls))
        except Exception:  # a type that nothing can be said about is a library's
            return False

    def _sort(self, cls: type) -> set[type]:
        bases = bases_of(cls)
        names = names_of_bases(cls)
        if names & self._shared_ok or names & known_types.CUT:
            return self.skipped
        if not ATOMS.isdisjoint(bases) or type in bases or ModuleType in bases:
            return self.skipped
        if qualified_name(cls).startswith("ssot_probe."):
            return self.frozen if is_wrapt(cls) else self.skipped
        is_application = self.is_of_application(cls)
        if names & self._never_share:
            self.never_share.add(cls)
            if names & known_types.REQUESTS:
                self.requests.add(cls)
            return self.leaves
        if names & known_types.CUT_UNLESS_APPLICATION and not is_application:
            return self.skipped
        if is_application:
            self.application.add(cls)
            return self.frozen if self._is_frozen(cls, bases) else self.mutable
        if not _FROZEN.isdisjoint(bases) or names & known_types.LOOKED_THROUGH:
            return self.frozen
        if not _MUTABLE.isdisjoint(bases) or qualified_name(cls) in known_types.SEEN_THROUGH:
            return self.mutable
        return self.frozen if is_wrapt(cls) else self.leaves

    def _is_frozen(self, cls: type, bases: tuple[type, ...]) -> bool:
        return not _FROZEN.isdisjoint(bases) or is_frozen_dataclass(cls)
