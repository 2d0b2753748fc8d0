"""The dashboard is one that Grafana can import, and every name in it is one that the probe sends."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest
from support.dashboard import CLICKHOUSE, FILE, PROMETHEUS, panels, queries, read

from ssot_probe.wire.prometheus_names import label_name, metric_name
from ssot_probe.wire.registry import ATTRIBUTES, METRICS, SPANS

SHOWN = [panel for panel in panels() if panel["type"] != "row"]

METRICS_BY_NAME = {metric_name(metric): metric for metric in METRICS}
ATTRIBUTE_NAMES = {attribute.name for attribute in ATTRIBUTES}
RESOURCE = {attribute.name for attribute in ATTRIBUTES if attribute.brief.endswith("(resource)")}
EXPORTED = {label_name(name) for name in ("service.name", "deployment.environment.name", "host.name")} | {
    "process_pid",
    "ssot_role",
}
"""The labels that the Collector's configuration makes of the resource."""

OF_SCRAPING = {"instance", "exported_instance"}

COLUMNS = {
    *("Timestamp", "TraceId", "SpanId", "ParentSpanId", "TraceState", "SpanName", "SpanKind", "ServiceName"),
    *("ResourceAttributes", "ScopeName", "ScopeVersion", "SpanAttributes", "Duration"),
    *("StatusCode", "StatusMessage"),
}
"""Of the table that the Collector's exporter for ClickHouse makes."""


def area(panel: dict[str, Any]) -> set[tuple[int, int]]:
    grid = panel["gridPos"]
    return {
        (x, y)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    }


def test_it_has_what_the_classic_model_asks_for() -> None:
    board = read()
    assert board["schemaVersion"] >= 36, "data sources by uid"
    assert board["id"] is None, "an import makes a new one"
    assert board["uid"] == "ssot-probe"
    assert {"title", "panels", "templating", "time", "annotations", "__requires"} <= set(board)
    used = {panel["type"] for panel in SHOWN}
    assert used == {each["id"] for each in board["__requires"] if each["type"] == "panel"}


def test_it_asks_for_both_data_sources_once_and_each_panel_names_one_by_its_variable() -> None:
    board = read()
    inputs = {each["name"]: each["pluginId"] for each in board["__inputs"]}
    variables = {each["name"]: each for each in board["templating"]["list"]}
    for name, plugin in (("prometheus", "prometheus"), ("clickhouse", "grafana-clickhouse-datasource")):
        chosen = variables[name]
        assert (chosen["type"], chosen["query"]) == ("datasource", plugin)
        assert inputs[chosen["current"]["value"].strip("${}")] == plugin
    for panel in SHOWN:
        assert panel["datasource"]["uid"] in (PROMETHEUS, CLICKHOUSE)
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {panel["datasource"]["uid"]}


def test_panels_have_ids_of_their_own_and_lie_side_by_side() -> None:
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        grid = panel["gridPos"]
        assert 0 <= grid["x"] < grid["x"] + grid["w"] <= 24
        assert grid["h"] > 0
    for one, other in combinations(panels(), 2):
        assert not area(one) & area(other), (one["title"], other["title"])


def test_every_panel_says_what_it_cannot_show() -> None:
    for panel in SHOWN:
        assert len(panel["description"].split()) >= 12, panel["title"]


def test_references_of_a_panels_queries_are_different() -> None:
    for panel in SHOWN:
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs)


def test_thresholds_begin_with_a_base_and_rise() -> None:
    for panel in SHOWN:
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        values = [step["value"] for step in steps]
        assert values[0] is None
        assert values[1:] == sorted(values[1:])


def test_links_lead_to_the_dashboard_itself() -> None:
    text = FILE.read_text(encoding="utf-8")
    links = re.findall(r'"url": "([^"]*)"', text)
    assert links
    assert text.count('"url"') == len(links)
    for link in links:
        assert link.startswith(f"/d/{read()['uid']}/ssot-probe?var-instance=")


@pytest.mark.parametrize("query", queries(PROMETHEUS), ids=lambda query: f"{query.panel} {query.ref}")
def test_every_metric_and_label_of_a_query_is_in_the_registry(query: Any) -> None:
    names = set(re.findall(r"\bssot_\w+(?=\{)", query.text))
    assert names
    assert names <= set(METRICS_BY_NAME)
    own = {label_name(name) for metric in names for name in METRICS_BY_NAME[metric].attributes}
    labels = set(re.findall(r"\b(\w+)(?==~?\"|!=\")", query.text))
    for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", query.text):
        labels |= {label.strip() for label in group.split(",")}
    assert labels
    assert labels <= own | EXPORTED | OF_SCRAPING


def test_every_label_of_a_legend_or_a_column_is_in_the_registry() -> None:
    known = {label_name(name) for name in ATTRIBUTE_NAMES}
    for panel in SHOWN:
        for target in panel["targets"]:
            assert set(re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))) <= known
        for transformation in panel["transformations"]:
            renamed = transformation["options"].get("renameByName", {})
            assert {name for name in renamed if not name.startswith("Value")} <= known


@pytest.mark.parametrize("query", queries(CLICKHOUSE), ids=lambda query: query.panel)
def test_every_span_attribute_and_column_of_a_query_is_in_the_registry(query: Any) -> None:
    spans = set(re.findall(r"SpanName = '([^']*)'", query.text))
    assert spans <= {span.name for span in SPANS}
    assert spans or "ssot.instance.id" in query.text
    attributes = set(re.findall(r"SpanAttributes\['([^']*)'\]", query.text))
    assert attributes
    assert attributes <= ATTRIBUTE_NAMES
    assert set(re.findall(r"ResourceAttributes\['([^']*)'\]", query.text)) <= RESOURCE
    assert "ScopeName = 'ssot_probe'" in query.text
    assert set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]*)+\b", query.text)) <= COLUMNS
    assert "LIMIT 1 BY TraceId, SpanId" in query.text, "a retry may have written a span twice"


def test_variables_are_filled_from_what_every_process_reports() -> None:
    for variable in read()["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()  # type: ignore[union-attr]
            assert metric in METRICS_BY_NAME
            assert label in EXPORTED
            assert variable["query"]["query"] == variable["definition"]
