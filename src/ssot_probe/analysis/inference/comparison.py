"""Compares classes two at a time: do they play the same part?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from ssot_probe.analysis.inference.facts import ClassFacts, Facts
from ssot_probe.analysis.inference.likeness import Likeness, likeness, method_weights
from ssot_probe.analysis.inference.role_names import ONE_OF_MANY, plain_name
from ssot_probe.analysis.inference.twins import are_twins
from ssot_probe.model.concepts import role_words
from ssot_probe.model.names import last_part, split

MOST_IMPLEMENTATIONS = 12
"""A base class with more of them is a framework's, and its subclasses are about different things."""

SAME_THING = 0.5
"""Classes that share this much of their methods do the same for whatever they are named after."""

ENOUGH = 2.5
"""A class of another name joins a concept when it shares so much, and at least this weight."""

NEUTRAL_BASES = frozenset({"abc", "builtins", "typing", "typing_extensions"})
"""Modules whose classes prescribe no methods."""


class Comparison:
    """Knows the classes that may be members of a concept.

    Args:
        facts: of the whole program.
        candidates: the classes to compare, by qualified name.
    """

    def __init__(self, facts: Facts, candidates: Mapping[str, ClassFacts]) -> None:
        self._classes = candidates
        heirs = Counter(base for known in facts.classes.values() for base in known.cls.bases)
        self._narrow = frozenset(name for name in facts.classes if heirs[name] <= MOST_IMPLEMENTATIONS)
        self._weights = method_weights(known.methods for known in facts.classes.values())
        self._having: dict[str, set[str]] = defaultdict(set)
        for name, known in candidates.items():
            for method in known.methods:
                self._having[method].add(name)

    def methods(self, first: str, second: str) -> Likeness:
        """Compare what two classes can do, inherited methods left out."""
        return likeness(self._classes[first].methods, self._classes[second].methods, self._weights)

    def is_one_concept(self, first: str, second: str, words: tuple[str, ...]) -> bool:
        """Do two classes whose names end in these words play the same part?"""
        known, other = self._classes[first], self._classes[second]
        is_same_name = plain_name(first) == plain_name(second)
        # Beside each other in one module, under names of their own, two classes are two things.
        is_elsewhere = is_same_name or known.module != other.module
        found = self.methods(first, second)
        is_enough = is_same_name or words[-1] not in ONE_OF_MANY or found.weight >= ENOUGH
        if is_elsewhere and is_enough and found.share >= SAME_THING:
            return True
        if not is_same_name and words[-1] in ONE_OF_MANY:
            return False
        is_silent = not self._weights  # a recording does not tell of methods
        agree = is_silent or bool(known.methods & other.methods)
        agree = agree or role_words(known.cls.own_name) == role_words(other.cls.own_name)
        # The role alone says too little; two words say enough where nothing speaks against it.
        return agree and (
            self._are_related(first, second) or (len(words) > 1 and (is_same_name or is_silent))
        )

    def most_alike(self, name: str, among: Mapping[str, int]) -> str | None:
        """Return the class of another name that can do what this one can, None when there is none."""
        near = {other for method in self._classes[name].methods for other in self._having[method]}
        ranked = []
        for other in sorted((near & among.keys()) - {name}):
            found = self.methods(name, other)
            if found.weight >= ENOUGH and found.share >= SAME_THING and self._may_be_one(name, other):
                ranked.append((-found.share, other))
        return min(ranked)[1] if ranked else None

    def _may_be_one(self, first: str, second: str) -> bool:
        if split(first)[0] == split(second)[0] or are_twins(first, second):
            return False  # beside each other, one stands in front of the other
        if role_words(last_part(first))[-1:] == role_words(last_part(second))[-1:]:
            return False  # stores of two different things
        return not self._are_related(first, second) and not self._share_a_foreign_base(first, second)

    def _are_related(self, first: str, second: str) -> bool:
        """Do both have a base class of the tree in common that few have, or is one the other's?"""
        one = {first, *self._classes[first].cls.bases}
        other = {second, *self._classes[second].cls.bases}
        return bool(one & other & self._narrow)

    def _share_a_foreign_base(self, first: str, second: str) -> bool:
        """Do both implement something of a library, which prescribes their methods?"""
        common = {*self._classes[first].cls.bases} & {*self._classes[second].cls.bases}
        return any(split(base)[0] not in NEUTRAL_BASES for base in common)
