"""Attributes that were text for a while are again what they were."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clickhouse_store import text_of
from support.records import KINDS

from ssot_probe.analysis.clickhouse.attributes import attributes_of
from ssot_probe.model.records import MakeRecord, Record
from ssot_probe.model.site import NOWHERE, Site
from ssot_probe.wire.spans import from_span, to_spans

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.integers(min_value=0, max_value=2**63 - 1)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: numbers,
    bool: st.booleans(),
    tuple[str, ...]: st.lists(texts, max_size=3).map(tuple),
    Site: st.builds(Site, texts, numbers, texts, texts),
}


def records(kind: type[Any]) -> st.SearchStrategy[Any]:
    fields = {name: VALUES[hint] for name, hint in get_type_hints(kind).items()}
    if kind is MakeRecord:
        fields["definition"] = st.builds(Site, texts, numbers, st.just(""), st.just(""))
    return st.builds(kind, **fields)


def through_text(record: Record) -> tuple[Record, ...]:
    (span,) = to_spans([record])
    told = [(name, text_of(value)) for name, value in span.attributes.items()]
    return from_span(span._replace(attributes=attributes_of(told)))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_record_comes_back_from_a_store_that_knows_text_only(kind: type[Any], data: st.DataObject) -> None:
    record = data.draw(records(kind))
    assert through_text(record) == (record,)


def test_names_between_angle_brackets_come_back() -> None:
    assert text_of(("<module>",)) == '["\\u003cmodule\\u003e"]'
    assert attributes_of([("ssot.maker.chain", text_of(("<module>",)))]) == {
        "ssot.maker.chain": ("<module>",)
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ssot.count", "***"),
        ("ssot.import.at_load", "yes"),
        ("ssot.import.fetched", "[1]"),
        ("ssot.import.fetched", "[torn"),
        ("ssot.import.fetched", '{"a": 1}'),
        ("of.somebody.else", "7"),
    ],
)
def test_what_cannot_have_been_of_its_type_stays_text(name: str, text: str) -> None:
    assert attributes_of([(name, text)]) == {name: text}


def test_a_number_that_was_masked_is_not_understood_rather_than_read_as_nothing() -> None:
    (span,) = to_spans([MakeRecord(*_make())])
    told = [
        (name, "***" if name == "ssot.count" else text_of(value)) for name, value in span.attributes.items()
    ]
    with pytest.raises(ValueError, match=r"ssot\.count is"):
        from_span(span._replace(attributes=attributes_of(told)))


def _make() -> tuple[Any, ...]:
    return ("a:f", "function", "returned", "a:C", 1, (), "", "", NOWHERE, NOWHERE, "t", "", 3, 0, 1, 2)
