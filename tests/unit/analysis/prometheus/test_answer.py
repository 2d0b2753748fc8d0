"""What an answer of a Prometheus counts, and which answers are none."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.analysis.prometheus.answers import NOW, answer, sample

from ssot_probe.analysis.prometheus.answer import read_answer
from ssot_probe.analysis.prometheus.fleet_counts import FleetProcess, UseCount, Watchers
from ssot_probe.errors import PrometheusError

ABOUT = {
    "service_name": "shop",
    "deployment_environment_name": "staging",
    "ssot_role": "web",
    "host_name": "h1",
    "process_pid": "7",
}
PROCESS = FleetProcess("p1", "shop", "staging", "web", "h1", "7")


def test_each_part_of_the_answer_is_told_from_the_others() -> None:
    counts = read_answer(
        answer(
            sample("3", ssot_path_name="shop.old", ssot_path_rung="called", instance="p1", **ABOUT),
            sample("2", "imports", ssot_import_name="shop.old", instance="p1", **ABOUT),
            sample("5", "dropped", instance="p1", **ABOUT),
            sample("9.5", "processes", instance="p1", **ABOUT),
            sample("4", "watchers", ssot_path_name="shop.old", service_name="shop"),
            sample("1700000000", "oldest"),
        ),
        "here",
    )
    assert counts.uses == (UseCount("shop.old", "called", PROCESS, 3),)
    assert counts.imports == (UseCount("shop.old", "", PROCESS, 2),)
    assert counts.lossy == counts.processes == (PROCESS,)
    assert counts.watchers == (Watchers("shop.old", "shop", "", 4),)
    assert (counts.source, counts.asked_at) == ("here", int(NOW * 1e9))
    assert counts.oldest == 1_700_000_000 * 10**9


def test_the_process_is_the_exported_instance_where_the_scrape_honours_no_labels() -> None:
    told = sample("3", ssot_path_name="shop.old", instance="collector:8889", exported_instance="p1")
    (use,) = read_answer(answer(told), "here").uses
    assert use.process.identity == "p1"


def test_zeros_and_counts_of_another_question_are_understood_where_they_name_a_path() -> None:
    counts = read_answer(
        answer(
            sample("0", None, ssot_path_name="shop.never", service_name="shop"),
            sample("2", None, ssot_path_name="shop.old", service_name="shop"),
            sample("1", None, ssot_import_name="shop.old"),
        ),
        "here",
    )
    assert [(use.name, use.rung, use.count) for use in counts.uses] == [("shop.old", "", 2)]
    assert counts.watchers == (Watchers("shop.never", "shop", "", 0),)
    assert counts.imports[0].name == "shop.old"


MATRIX = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}})
REFUSED = json.dumps({"status": "error", "errorType": "bad_data", "error": "parse error \x1b[31m"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<html><body>Sign in</body></html>", "'<html><body>Sign in</body></html>', expected the JSON"),
        ("", "found ''"),
        ("[1]", "is no answer of /api/v1/query"),
        ('{"status": "success", "data": null}', "is no answer of /api/v1/query"),
        (REFUSED, "answered with an error: parse error [31m"),
        (MATRIX, "found a range"),
        (MATRIX.replace("matrix", "scalar"), "found a number without labels"),
        (MATRIX.replace("matrix", "odd"), "found a result of the type 'odd'"),
        (answer(), "has no series of ssot_path_uses_total"),
        (answer(sample("NaN", ssot_path_name="a")), "found the value NaN"),
        (answer(sample("+Inf", ssot_path_name="a")), "found the value +Inf"),
        (answer(sample("-1", ssot_path_name="a")), "which is no count"),
        (answer(sample("1e300", "oldest")), "which is no count"),
        (answer({"metric": {"ssot_path_name": "a"}, "value": [1e300, "1"]}), "which is no count"),
        (answer(sample("many", ssot_path_name="a")), "expected labels and one value"),
        (answer({"metric": {}, "values": [[NOW, "1"]]}), "expected labels and one value"),
        (answer(sample("1", None, job="node")), "expected the label ssot_path_name"),
        (answer(sample("1", "uses")), "expected the label ssot_path_name"),
        (answer(sample("1", "cats", ssot_path_name="a")), "expected the label ssot_path_name"),
        (answer(sample(ssot_path_name="a"), warnings=["store s1: timeout"]), "incomplete: store s1: timeout"),
    ],
)
def test_what_is_no_whole_answer_is_refused_and_quoted(text: str, told: str) -> None:
    with pytest.raises(PrometheusError) as refused:
        read_answer(text, "the file")
    assert told in str(refused.value)
    assert str(refused.value).startswith("the file: ")
    assert refused.value.exit_code == 2


VALUES = st.one_of(st.none(), st.text(max_size=5), st.floats(), st.integers())


@given(
    st.recursive(
        st.one_of(VALUES, st.just(answer(sample(ssot_path_name="a")))),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    ["status", "data", "result", "resultType", "metric", "value", "warnings", "error"]
                ),
                inner,
                max_size=4,
            ),
        ),
    )
)
def test_no_json_whatever_ends_otherwise_than_by_counts_or_a_refusal(value: object) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    with suppress(PrometheusError):
        read_answer(text, "here")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), min_size=1))
def test_the_order_of_samples_does_not_matter(counts: list[tuple[str, int]]) -> None:
    samples = [
        sample(str(count), ssot_path_name=path, instance=str(number))
        for number, (path, count) in enumerate(counts)
    ]
    assert read_answer(answer(*samples), "here") == read_answer(answer(*reversed(samples)), "here")
