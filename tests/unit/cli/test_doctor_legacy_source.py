from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.cli.doctor.legacy_source import unheard_classes
from ssot_probe.observe.paths.unheard import ENUM, EXCEPTION, PROTOCOL, TUPLE, TYPED_DICT


@pytest.mark.parametrize(
    ("bases", "reason"),
    [
        ("Enum", ENUM),
        ("str, enum.Enum", ENUM),
        ("ValueError", EXCEPTION),
        ("Warning", EXCEPTION),
        ("Protocol", PROTOCOL),
        ("typing.Protocol[T]", PROTOCOL),
        ("TypedDict", TYPED_DICT),
        ("NamedTuple", TUPLE),
    ],
)
def test_kinds_that_are_used_without_their_code_have_a_reason(bases: str, reason: str) -> None:
    assert unheard_classes(f"class A({bases}): pass\n") == {"A": reason}


@pytest.mark.parametrize(
    "source", ["class A: pass", "class A(B): pass", "def a(): pass", "class (", "\0", ""]
)
def test_nothing_is_said_of_others(source: str) -> None:
    assert unheard_classes(source) == {}


def test_a_class_is_what_its_base_above_is_but_for_protocols() -> None:
    source = "class A(Enum): pass\nclass B(A): pass\nclass P(Protocol): pass\nclass Q(P): pass\n"

    assert unheard_classes(source) == {"A": ENUM, "B": ENUM, "P": PROTOCOL}


def test_no_warning_comes_of_reading() -> None:
    assert unheard_classes("A = '\\d'\nclass B(Enum): pass\n") == {"B": ENUM}


def test_only_the_class_that_is_named_matters() -> None:
    source = "class A(Enum): pass\nclass B(Enum): pass\n"

    assert unheard_classes(source, "A.RED") == {"A": ENUM}
    assert unheard_classes(source, "make") == {}


@given(st.text(max_size=80))
def test_no_source_is_too_odd(source: str) -> None:
    unheard_classes(source)
