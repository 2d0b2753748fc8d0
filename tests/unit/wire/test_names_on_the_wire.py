"""The registry: every name that is sent is in it, and every name in it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.records import KINDS, full_record

from ssot_probe.export.resource import resource_attributes
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import BoundaryRecord, ModuleRecord, Record, SharedObjectRecord
from ssot_probe.settings import Settings
from ssot_probe.wire.metrics import Counts, points
from ssot_probe.wire.otlp_json import AttributeValue
from ssot_probe.wire.registry import ATTRIBUTES, METRICS, SPANS
from ssot_probe.wire.spans import to_spans

TYPES = {"string": str, "int": int, "bool": bool, "string[]": tuple}
BY_SDK = {"telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version"}


def every_record() -> list[Any]:
    """Return a record of each kind, and those that are no finding as well: they travel by another name."""
    unjudged = [full_record(kind, severity="") for kind in (SharedObjectRecord, BoundaryRecord)]
    return [*map(full_record, KINDS), *unjudged]


def sent_attributes() -> dict[str, AttributeValue]:
    """Return every attribute that stands on a span, a point or the resource, with a value."""
    found: dict[str, AttributeValue] = {}
    for span in to_spans(every_record()):
        found.update(span.attributes)
    for point in sent_points():
        found.update(point.attributes)
    given = tuple((attribute.name, "text") for attribute in ATTRIBUTES if "(resource)" in attribute.brief)
    found.update(resource_attributes(Settings(resource_attributes=given), "one"))
    return found


def sent_points() -> list[Any]:
    policy = Policy(concepts=(Concept("manager", ("*Manager",), legacy=("chat.old",)),))
    return points(policy, Counts({}, {("a", "b"): 1}, {("a", "b"): 1}, {}, 1, {"disk": 1}, 1, 1.0))


def test_every_attribute_that_is_sent_is_registered() -> None:
    registered = {attribute.name for attribute in ATTRIBUTES}
    assert set(sent_attributes()) <= registered


def test_every_registered_attribute_is_sent() -> None:
    assert {attribute.name for attribute in ATTRIBUTES} - BY_SDK <= set(sent_attributes())


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda attribute: attribute.name)
def test_an_attribute_has_the_type_that_the_registry_says(attribute: Any) -> None:
    if attribute.name not in BY_SDK:
        assert type(sent_attributes()[attribute.name]) is TYPES[attribute.type]


def test_spans_are_those_of_the_registry() -> None:
    assert {span.name for span in to_spans(every_record())} == {span.name for span in SPANS}


def test_metrics_are_those_of_the_registry_with_their_attributes() -> None:
    sent = {(point.metric.name, tuple(sorted(point.attributes))) for point in sent_points()}
    assert sent == {(metric.name, tuple(sorted(metric.attributes))) for metric in METRICS}


def test_no_name_is_both_a_leaf_and_a_namespace() -> None:
    names = [attribute.name for attribute in ATTRIBUTES]
    assert [name for name in names if any(other.startswith(name + ".") for other in names)] == []


def test_no_name_is_registered_twice() -> None:
    for table in (ATTRIBUTES, METRICS, SPANS):
        names = [entry.name for entry in table]
        assert len(names) == len(set(names))


def test_names_are_written_as_the_conventions_want_them() -> None:
    for entry in (*ATTRIBUTES, *METRICS, *SPANS):
        for part in entry.name.split("."):
            assert part
            assert part == part.lower()
            assert part.replace("_", "").isalnum()


def test_own_names_stand_below_one_namespace() -> None:
    foreign = (
        "service.",
        "process.",
        "host.",
        "telemetry.",
        "code.",
        "thread.",
        "deployment.",
        "user.",
        "error.",
    )
    for entry in (*ATTRIBUTES, *METRICS, *SPANS):
        assert entry.name.startswith(("ssot.", *foreign))


def test_attributes_of_the_resource_are_not_taken_over_unless_registered() -> None:
    given = (("user.email", "a@b.example"), ("deployment.environment.name", "staging"))
    sent = resource_attributes(Settings(resource_attributes=given), "one")
    assert "user.email" not in sent
    assert sent["deployment.environment.name"] == "staging"
    assert sent["service.instance.id"] == "one"


def test_module_records_have_no_attribute_for_each_module() -> None:
    modules: list[Record] = [ModuleRecord(f"m{number}", "m.py", "", False, 1) for number in range(50)]
    (span,) = to_spans(modules)
    assert len(span.attributes) < 10
    assert Path(str(span.attributes["ssot.module.files"][0])).name == "m.py"  # type: ignore[index]
