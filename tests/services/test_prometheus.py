"""Every query of docs/prometheus.md, asked of a real Prometheus about processes whose counts are known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.counted_fleet import CountedFleet
from support.real_prometheus import RULES, SCRAPING, RealPrometheus, Sample, promtool

pytestmark = pytest.mark.timeout(300)  # where others use the machine

PAGE = (Path(__file__).parents[2] / "docs" / "prometheus.md").read_text(encoding="utf-8")
QUERIES: Mapping[str, str] = dict(re.findall(r"```promql\n# (.+)\n((?:.+\n)+?)```", PAGE))

LEGACY = ("shop.old", "shop.once", "shop.never", "shop.tickets:Ticket", "shop.facade:Cart")


def by(*names: str) -> Callable[[list[Sample]], dict[tuple[str, ...], float]]:
    """Return what tells the values of an answer by these labels."""
    return lambda samples: {
        tuple(sample.labels.get(name, "") for name in names): sample.value for sample in samples
    }


EXPECTED: Mapping[str, tuple[tuple[str, ...], Mapping[tuple[str, ...], float]]] = {
    "dead": (("service_name", "ssot_path_name"), {("shop", "shop.never"): 0}),
    "loaded but unused": (("ssot_path_name",), {("shop.facade:Cart",): 1}),
    "uses": (
        ("ssot_path_name", "ssot_path_rung"),
        {
            ("shop.old", "called"): 3,
            ("shop.old", "loaded"): 1,
            ("shop.once", "called"): 1,
            ("shop.once", "loaded"): 1,
            ("shop.tickets:Ticket", "constructed"): 1,
            ("shop.tickets:Ticket", "loaded"): 6,
            ("shop.facade:Cart", "loaded"): 1,
        },
    ),
    "users": (
        ("ssot_path_name", "deployment_environment_name", "ssot_role", "process_pid"),
        {
            ("shop.old", "staging", "web", "old"): 3,
            ("shop.once", "staging", "worker", "worker"): 1,
            ("shop.tickets:Ticket", "dev", "web", "other"): 1,
        },
    ),
    "imports": (
        ("ssot_import_name",),
        {
            ("shop.carts",): 7,
            ("shop.facade",): 1,
            ("shop.never",): 0,
            ("shop.old",): 3,
            ("shop.once",): 1,
            ("shop.tickets",): 6,
        },
    ),
    "watchers": (("ssot_path_name",), {(path,): 6 for path in LEGACY}),
    "shared instances": (("ssot_instance_type",), {("shop.carts:Cart",): 2}),
    "dead by the recorded maximum": (("service_name", "ssot_path_name"), {("shop", "shop.never"): 0}),
}
EXPECTED = {**EXPECTED, "since yesterday": EXPECTED["uses"]}  # nothing is older here

ROUGHLY = {"coverage", "losses", "findings"}


def servers(fleet: CountedFleet) -> tuple[RealPrometheus, RealPrometheus]:
    return fleet.prometheus, fleet.without_honor


def test_every_query_of_the_page_has_its_truth() -> None:
    assert set(QUERIES) == set(EXPECTED) | ROUGHLY
    assert PAGE.count("```promql") == len(QUERIES)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_query_of_the_page_answers_what_the_processes_did(counted: CountedFleet, name: str) -> None:
    labels, truth = EXPECTED[name]
    pids = {pid: known for known, pid in counted.pids.items()}
    for server in servers(counted):
        told = by(*labels)(server.query(QUERIES[name]))
        named = {tuple(pids.get(label, label) for label in key): value for key, value in told.items()}
        assert named == truth


def test_coverage_is_told_by_role_and_environment(counted: CountedFleet) -> None:
    told = by("deployment_environment_name", "ssot_role")(counted.prometheus.query(QUERIES["coverage"]))
    assert set(told) == {("staging", "web"), ("staging", "worker"), ("dev", "web")}
    assert all(0 < hours < 1 for hours in told.values())


def test_records_that_a_process_lost_are_counted_by_their_reason(counted: CountedFleet) -> None:
    told = by("error_type")(counted.prometheus.query(QUERIES["losses"]))
    assert set(told) == {("disk",)}
    assert told[("disk",)] >= 1


def test_findings_are_counted_by_code_and_severity(counted: CountedFleet) -> None:
    told = by("ssot_finding_code", "ssot_finding_severity")(counted.prometheus.query(QUERIES["findings"]))
    assert told[("SSOT301", "error")] == 2
    assert set(told) <= {("SSOT301", "error"), ("SSOT303", "error")}  # a look in time finds the cart as well


def test_an_instant_query_does_not_know_who_has_ended_and_a_range_does(counted: CountedFleet) -> None:
    now = counted.prometheus.query('ssot_path_uses_total{ssot_path_name="shop.old"} > 0')
    ever = counted.prometheus.query('max_over_time(ssot_path_uses_total{ssot_path_name="shop.old"}[1h]) > 0')
    assert now == []
    assert len(ever) == 2


def test_an_increase_misses_what_was_counted_before_the_first_scrape(counted: CountedFleet) -> None:
    """Why the page forbids it: the worker used the path at once, and ended."""
    told = counted.prometheus.query(
        'sum(increase(ssot_path_uses_total{ssot_path_name="shop.once",ssot_path_rung="called"}[1h]))'
    )
    counted_by_maximum = counted.prometheus.query(
        'sum(max_over_time(ssot_path_uses_total{ssot_path_name="shop.once",ssot_path_rung="called"}[1h]))'
    )
    assert counted_by_maximum[0].value == 1
    assert not told or told[0].value < 1


def test_a_path_that_nobody_watched_has_no_series_and_is_not_called_dead(counted: CountedFleet) -> None:
    told = by("ssot_path_name")(counted.prometheus.query(QUERIES["dead"]))
    assert ("shop.unwatched",) not in told
    assert counted.prometheus.query('ssot_path_uses_total{ssot_path_name="shop.unwatched"}') == []


def test_the_rules_and_the_scrape_configuration_are_good() -> None:
    rules = promtool("check", "rules", RULES)
    assert rules.returncode == 0, rules.stdout + rules.stderr
    configuration = promtool("check", "config", SCRAPING)
    assert configuration.returncode == 0, configuration.stdout + configuration.stderr


def test_every_rule_is_evaluated_and_the_alerts_that_should_fire_do(counted: CountedFleet) -> None:
    for server in servers(counted):
        groups = json.loads(server.get("/api/v1/rules"))["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert {rule["health"] for rule in rules} == {"ok"}, rules
        fired = {
            (sample.labels["alertname"], sample.labels.get("ssot_path_name", ""))
            for sample in server.query('max_over_time(ALERTS{alertstate="firing"}[1h])')
        }
        assert fired >= {
            ("SsotFinding", ""),
            ("SsotRecordsLost", ""),
            ("SsotLegacyPathUsed", "shop.old"),
            ("SsotLegacyPathUsed", "shop.once"),
            ("SsotLegacyPathUsed", "shop.tickets:Ticket"),
        }
        assert not fired & {("SsotLegacyPathUsed", "shop.never"), ("SsotLegacyPathUsed", "shop.facade:Cart")}


def test_every_recorded_series_and_alert_of_the_page_is_a_rule(counted: CountedFleet) -> None:
    rules = RULES.read_text(encoding="utf-8")
    for alert in re.findall(r"`(Ssot\w+)`", PAGE):
        assert f"- alert: {alert}\n" in rules
    for record in re.findall(r"\bssot:\w+:\w+", PAGE):
        assert f"- record: {record}\n" in rules
        assert counted.prometheus.query(f"max_over_time({record}[1h])")
