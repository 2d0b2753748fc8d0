"""The observed classes: which class objects play a concept, each with a serial and a description."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from itertools import count
from time import time_ns
from typing import TYPE_CHECKING, TypeVar

from ssot_probe.model.code_records import ClassRecord
from ssot_probe.model.concepts import concept_of, lower_words, plays_role, role_words
from ssot_probe.model.names import qualify, split
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.sharing import may_be_shared
from ssot_probe.observe import census
from ssot_probe.observe.makers import ObservedClass
from ssot_probe.observe.scope import Scope

if TYPE_CHECKING:
    from ssot_probe.model.records import Record

_T = TypeVar("_T")

_WILD = frozenset("*?[")
"""What makes a pattern one for several names."""


class ObservedClasses:
    """Decides what is observed: the classes of the policy's concepts, or of the role words without any.

    Args:
        policy: declares the concepts, or none.
        scope: which modules are first-party.
        emit: takes a record of each class that is observed.

    Attributes:
        by_object: class object -> what is known of it.
        files: module -> its file, for classes that do not lead to theirs.
        words: lower-case words that the observed classes are called by.
        names: name -> is it that of an observed class, or of something that stands for one? Makers and
            aliases are added as they are found.
    """

    def __init__(self, policy: Policy, scope: Scope, emit: Callable[[Record], None]) -> None:
        self.by_object: dict[type, ObservedClass] = {}
        self.files: dict[str, str] = {}
        self.words: set[str] = set()
        self.names = _Answers(self._is_class_name)
        self._roles = _Answers(plays_role)
        self._patterns = _compiled(policy)
        self._own_names = _Answers(self._may_be_declared) if policy.concepts else self._roles
        self._declared = _Answers(lambda name: concept_of(policy, name))
        self._policy = policy
        self._scope = scope
        self._emit = emit
        self._serial = count(1).__next__
        for concept in policy.concepts:
            for pattern in (*concept.classes, concept.canonical):
                self.words.update(lower_words(split(pattern)[1] or pattern))

    def may_play(self, cls: type) -> bool:
        """Could the class play a concept, by its own name or because a base of it does? False is certain.

        Most classes that a module binds do not: this costs a tenth of finding out.
        """
        return self.is_named(cls) or not self.by_object.keys().isdisjoint(cls.__mro__)

    def is_named(self, cls: type) -> bool:
        """Could the class play a concept, by its own name alone?"""
        return self._own_names[cls.__qualname__ if self._policy.concepts else cls.__name__]

    def add(self, cls: type, bound_in: str = "") -> ObservedClass | None:
        """Return what is known of a class, from now on if need be; None where it plays no concept."""
        known = self.by_object.get(cls)
        if known is None:
            concept = self._concept_of(cls, bound_in)
            known = None if concept is None else self.add_for(cls, concept, bound_in)
        return known

    def add_for(self, cls: type, concept: Concept, bound_in: str = "") -> ObservedClass:
        """Observe a class that plays a concept."""
        name = census.qualified_name(cls)
        known = ObservedClass(name, self._serial(), concept, may_be_shared(concept, name))
        self.by_object[cls] = known
        self.names[cls.__name__] = True
        self.words.update(lower_words(cls.__name__))
        self._emit(self._describe(cls, known, bound_in))
        return known

    def is_first_party(self, cls: type, bound_in: str = "") -> bool:
        """Is the class defined in a module of the project?"""
        module, file = census.module_of(cls, bound_in), self._file_of(cls, bound_in)
        if not file:  # its module was made by hand
            return self._scope.watches(module, None)
        return self._scope.is_first_party(module, file)

    def _file_of(self, cls: type, bound_in: str) -> str:
        return census.file_of(cls, bound_in) or self.files.get(census.module_of(cls, bound_in), "")

    def _concept_of(self, cls: type, bound_in: str) -> Concept | None:
        if self._policy.concepts:
            name = census.qualified_name(cls)
            concept = self._declared[name]
            if concept is not None:
                names_it = any(":" in pattern for pattern in concept.classes) or name == concept.canonical
                return concept if names_it or self.is_first_party(cls, bound_in) else None
        elif self._roles[cls.__name__] and self.is_first_party(cls, bound_in):
            ending = "-".join(word.lower() for word in role_words(cls.__name__)[-2:])
            return Concept(name=ending, classes=(census.qualified_name(cls),), declared=False)
        for base in cls.__mro__[1:-1]:  # a subclass plays what its base plays, whatever its name
            known = self.by_object.get(base)
            if known is not None:
                return known.concept
        return None

    def _is_class_name(self, name: str) -> bool:
        """Is it what a class of some concept may be called, whether or not one exists yet?"""
        if self._policy.concepts:
            return self._patterns.match(name) is not None and (
                concept_of(self._policy, qualify("", name)) is not None
            )
        return self._roles[name]

    def _may_be_declared(self, qualname: str) -> bool:
        """Does the policy mean classes of this name in some module?"""
        if self._is_class_name(qualname.rpartition(".")[2]):
            return True
        return any(
            not _WILD.isdisjoint(pattern) or split(pattern)[1] == qualname
            for concept in self._policy.concepts
            for pattern in (*concept.classes, concept.canonical)
            if ":" in pattern
        )

    def _describe(self, cls: type, known: ObservedClass, bound_in: str) -> ClassRecord:
        return ClassRecord(
            name=known.name,
            serial=known.serial,
            file=self._scope.relative(self._file_of(cls, bound_in)),
            line=census.line_of(cls),
            bases=census.base_names(cls),
            traits=census.traits(cls),
            time=time_ns(),
        )


def _compiled(policy: Policy) -> re.Pattern[str]:
    """Return one pattern for all of the policy's that are matched against a class's own name."""
    patterns = [pattern for concept in policy.concepts for pattern in concept.classes if ":" not in pattern]
    return re.compile("|".join(map(translate, patterns)) or "(?!)")


class _Answers(dict[str, _T]):
    """Remembers the answer for each name."""

    def __init__(self, ask: Callable[[str], _T]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, name: str) -> _T:
        answer = self[name] = self._ask(name)
        return answer
