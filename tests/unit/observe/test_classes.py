"""Which classes are looked at closely: a quick answer that must never leave one out."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.model.policy import Concept, Policy
from ssot_probe.observe.classes import ObservedClasses
from ssot_probe.observe.scope import Scope

WORDS = st.sampled_from(["Chat", "Session", "Manager", "Store", "Factory", "V2", "Impl", "Base", "s", "_"])
NAMES = st.lists(WORDS, min_size=1, max_size=4).map("".join).filter(str.isidentifier)
OWNERS = st.sampled_from(["", "Outer.", "make.<locals>."])
MODULES = st.sampled_from([__name__, "chat.core", "vendored"])
OWN_PATTERNS = st.lists(WORDS | st.sampled_from(["*", "?", "[SM]*"]), min_size=1, max_size=4).map("".join)
PATTERNS = OWN_PATTERNS | st.builds("{}:{}{}".format, MODULES | st.just("*"), OWNERS, OWN_PATTERNS)
CONCEPTS = st.builds(
    Concept,
    name=st.just("thing"),
    classes=st.lists(PATTERNS, max_size=3).map(tuple),
    canonical=st.just("") | st.builds("{}:{}{}".format, MODULES, OWNERS, NAMES),
)


def classes_of(policy: Policy) -> ObservedClasses:
    scope = Scope((), [os.path.dirname(os.path.abspath(__file__))])
    return ObservedClasses(policy, scope, lambda record: None)


@given(st.lists(CONCEPTS, max_size=2), NAMES, NAMES, OWNERS, MODULES)
def test_a_class_that_plays_a_concept_is_never_passed_over(
    concepts: list[Concept], name: str, qualname: str, owner: str, module: str
) -> None:
    classes = classes_of(Policy(concepts=tuple(concepts)))
    for called, qualified in ((name, owner + name), (name, owner + qualname)):
        cls = type(called, (), {"__module__": module, "__qualname__": qualified, "go": lambda self: None})
        could_play = classes.may_play(cls)
        assert could_play or classes.add(cls) is None


def test_a_subclass_of_an_observed_class_may_play_its_concept_whatever_it_is_called() -> None:
    classes = classes_of(Policy())

    class SessionManager: ...

    class Sub(SessionManager): ...

    assert not classes.may_play(Sub)
    assert classes.add(SessionManager) is not None
    assert classes.may_play(Sub)


def test_most_classes_are_passed_over() -> None:
    assert not classes_of(Policy()).may_play(dict)
    declared = Policy(concepts=(Concept(name="thing", classes=("*Manager", "chat:Session")),))
    assert not classes_of(declared).may_play(dict)
