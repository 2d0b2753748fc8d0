"""Every query of docs/prometheus.md, asked of a real Prometheus about processes whose counts are known."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.children import environment_of_child, write_files
from support.counted_fleet import FILES, CountedFleet, Shop
from support.real_collector import real_collector
from support.real_prometheus import RULES, SCRAPING, RealPrometheus, Sample, promtool

from ssot_probe.analysis.prometheus.answer import read_answer
from ssot_probe.analysis.prometheus.question import question
from ssot_probe.wire.prometheus_names import label_name, metric_name
from ssot_probe.wire.registry import METRICS

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
    "dead": (("ssot_path_name",), {("shop.never",): 0}),
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
    "dead by the recorded maximum": (("ssot_path_name",), {("shop.never",): 0}),
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


def test_an_increase_misses_what_was_counted_before_the_first_scrape(tmp_path: Path) -> None:
    """Why the page forbids it: here a process used a path three times before it was first seen."""
    uses = 'ssot_path_uses_total{process_pid="1"}'
    labels = '{process_pid="1"}'
    expected = {f"increase({uses}[10m])": 0, f"max_over_time({uses}[10m])": 3}
    check_by_promtool(
        tmp_path,
        {
            "input_series": [{"series": uses, "values": "_ _ 3 3 3 _ _"}],
            "promql_expr_test": [
                {"expr": asked, "eval_time": "6m", "exp_samples": [{"labels": labels, "value": value}]}
                for asked, value in expected.items()
            ],
        },
    )


def check_by_promtool(directory: Path, test: Mapping[str, Any]) -> None:
    """Let promtool play series of a sample a minute, with the rules of the repository but for their texts."""
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)
    (directory / "rules.yaml").write_text(yaml.safe_dump(rules))
    tests = [{"interval": "1m", **test}]
    file = directory / "tests.yaml"
    file.write_text(
        yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests})
    )
    checked = promtool("test", "rules", file)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def fires(alert: str, at: str, **labels: str) -> dict[str, Any]:
    """Return that an alert fires at a time, or no alert without labels."""
    expected = [{"exp_labels": labels}] if labels else []
    return {"alertname": alert, "eval_time": at, "exp_alerts": expected}


def test_a_collector_that_cannot_be_scraped_is_an_alert_before_it_would_have_forgotten(
    tmp_path: Path,
) -> None:
    alert = "SsotCollectorNotScraped"
    up = 'up{job="ssot-probe",instance="host:8889"}'
    check_by_promtool(
        tmp_path,
        {
            "input_series": [{"series": up, "values": "1 1 0 0 0 0 1"}],
            "alert_rule_test": [
                fires(alert, "1m"),
                fires(alert, "4m", severity="warning", job="ssot-probe", instance="host:8889"),
                fires(alert, "6m"),
            ],
        },
    )


def test_a_role_that_does_not_report_any_more_is_an_alert_for_a_day(tmp_path: Path) -> None:
    alert, about = "SsotRoleSilent", {"service_name": "shop", "ssot_role": "cron"}
    series = 'ssot_probe_observed_duration_seconds_total{service_name="shop",ssot_role="cron"}'
    check_by_promtool(
        tmp_path,
        {
            "input_series": [{"series": series, "values": "1x30 _x1600"}],
            "alert_rule_test": [
                fires(alert, "30m"),
                fires(alert, "60m", severity="info", **about),
                fires(alert, "1600m"),
            ],
        },
    )


def test_the_collector_forgets_a_process_some_time_after_its_end(tmp_path: Path) -> None:
    """After five minutes by default; here after one second."""
    write_files(tmp_path / "program", FILES)
    soon = {"exporters": {"prometheus": {"metric_expiration": "1s"}}}
    with real_collector(tmp_path / "collector", more=soon) as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint()}
        shop = Shop(tmp_path / "program", tmp_path / "recordings", environment)
        shop.do("old")
        shop.end()
        shown = f'process_pid="{shop.pid}"'
        collector.wait_for(lambda: shown in collector.scrape(), "the process is shown")
        collector.wait_for(lambda: shown not in collector.scrape(), "it is forgotten")


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


def dead(fleet: CountedFleet, where: str, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code and what `dead` says of each path, over recordings of those who used nothing."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "ssot_probe", "dead", str(fleet.here), "--format", "json"),
            *(("--prometheus", where) if where else ()),
            *arguments,
        ],
        cwd=fleet.directory,
        env=environment_of_child(fleet.directory, probe=False, more={}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    return ran.returncode, {path["path"]: path for path in json.loads(ran.stdout)["paths"]}


def test_what_others_used_is_not_dead_and_what_nobody_used_stays_so(counted: CountedFleet) -> None:
    code, alone = dead(counted, "")
    assert code == 0
    assert {path["verdict"] for path in alone.values()} == {"NEVER-LOADED", "LOADED-BUT-UNUSED"}
    for server in servers(counted):
        code, paths = dead(counted, server.url)
        assert code == 0
        assert {name: path["verdict"] for name, path in paths.items()} == {
            "shop.old": "INSUFFICIENT",
            "shop.once": "INSUFFICIENT",
            "shop.never": "NEVER-LOADED",
            "shop.tickets:Ticket": "INSUFFICIENT",
            "shop.facade:Cart": "INSUFFICIENT",
        }
        assert f"pid {counted.pids['old']})" in paths["shop.old"]["sentence"]
        assert "(staging, worker, " in paths["shop.once"]["sentence"]
        never = paths["shop.never"]["fleet"]
        assert (never["known"], never["processes"], never["unrecorded"]) == (True, 5, 3)
        assert set(never["uses"].values()) == {0}
        assert never["gaps"] == ["1 process without a recording here lost records"]


def test_an_answer_that_was_kept_says_the_same(counted: CountedFleet, tmp_path: Path) -> None:
    kept = tmp_path / "answer.json"
    kept.write_bytes(counted.prometheus.answer(question(1)))
    asked = dead(counted, counted.prometheus.url)[1]
    read = dead(counted, str(kept))[1]
    assert read == asked


def test_an_answer_to_a_query_of_the_page_is_understood(counted: CountedFleet, tmp_path: Path) -> None:
    kept = tmp_path / "answer.json"
    kept.write_bytes(counted.prometheus.answer(QUERIES["uses"]))
    paths = dead(counted, str(kept))[1]
    assert paths["shop.old"]["verdict"] == "INSUFFICIENT"
    assert paths["shop.never"]["verdict"] == "NEVER-LOADED"
    assert not paths["shop.never"]["fleet"]["known"]


def test_the_exporter_writes_the_names_that_we_expect(counted: CountedFleet) -> None:
    written = {sample.labels["__name__"] for sample in counted.prometheus.query('{job="shop"}')}
    expected = {metric_name(metric) for metric in METRICS}
    assert {name for name in written if name.startswith("ssot_")} <= expected
    for metric in METRICS:
        for sample in counted.prometheus.query(f"last_over_time({metric_name(metric)}[1h])"):
            assert {label_name(attribute) for attribute in metric.attributes} <= set(sample.labels)


@pytest.mark.parametrize("form", ["application/openmetrics-text;version=1.0.0", "text/plain;version=1.0.0"])
def test_who_would_take_dots_as_prometheus_3_does_gets_the_same_names(
    counted: CountedFleet, form: str
) -> None:
    names = re.findall(r"^(ssot[^{ ]*)", counted.collector.scrape(), re.MULTILINE)
    asked = counted.collector.scrape(accept=f"{form};escaping=allow-utf-8")
    assert set(re.findall(r"^(ssot[^{ ]*)", asked, re.MULTILINE)) == set(names)
    assert '{"ssot.' not in asked


def test_how_far_back_it_remembers_is_asked_with_the_rest(counted: CountedFleet) -> None:
    """With steps of a second, as these processes are seconds old."""
    asked = re.sub(r"\[(\d+h):\d+m\]", r"[\1:1s]", question(1))
    answer = read_answer(counted.prometheus.answer(asked).decode(), "here")
    assert 0 < answer.asked_at - answer.oldest < 3600 * 10**9
