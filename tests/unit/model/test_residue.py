"""What a stale context is: the one definition."""

from __future__ import annotations

import pytest

from ssot_probe.model.policy import Concept
from ssot_probe.model.residue import context_severity, is_stale
from ssot_probe.model.severity import Severity


@pytest.mark.parametrize(
    ("carried", "work_of", "expected"),
    [
        ("anna", {"bert"}, True),
        ("anna", {"anna"}, False),
        ("anna", {"anna", "bert"}, False),
        ("anna", set(), False),
        (None, {"bert"}, False),
        ("anonymous", {"bert"}, False),
        ("System", {"bert"}, False),
    ],
)
def test_a_context_is_stale_where_all_that_is_known_is_others(
    carried: str | None, work_of: set[str], expected: bool
) -> None:
    assert is_stale(carried, work_of) is expected


def test_it_is_an_error_where_something_declared_ran_with_it() -> None:
    concept = Concept("cart", ("CartManager",))
    assert context_severity(concept, had_effect=True) is Severity.ERROR
    assert context_severity(None, had_effect=True) is Severity.ERROR
    assert context_severity(concept, had_effect=False) is Severity.WARNING
    assert context_severity(concept._replace(declared=False), had_effect=True) is Severity.WARNING
