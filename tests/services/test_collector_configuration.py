"""The Collector's configuration: the Collector takes it, and lets nothing through that it must not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.real_collector import (
    AGENT,
    CHECKOUT,
    CLICKHOUSE,
    CONFIGURATION,
    GATEWAY,
    RealCollector,
    real_collector,
    validate,
)

from ssot_probe.wire.registry import ATTRIBUTES, METRICS, SPANS

pytestmark = pytest.mark.timeout(300)  # where others use the machine

USER = "anna-7f3a"
MAIL = "anna.b@mail.example.org"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl"
BEARER = "Bearer 0f8fad5bd9cb469fa16570867728950e"
API_KEY = "sk-proj-4f9a8b7c6d5e4f3a2b1c0d9e"
GITHUB = "ghp_" + "a1B2" * 9
STRIPE = (
    "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"
)  # in two parts, lest somebody's scanner takes it for one
AWS = "AKIA" + "IOSFODNN7EXAMPLE"
SECRETS = (MAIL, JWT, BEARER, API_KEY, GITHUB, STRIPE, AWS)
PLANTED = (USER, *SECRETS)

MARK = "shop.carts:mark"
OUR_SCOPE, OTHER_SCOPE = "ssot_probe", "app.checkout"


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCollector]:
    with real_collector(tmp_path_factory.mktemp("collector")) as running:
        yield running


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    def value(given: Any) -> dict[str, Any]:
        if isinstance(given, bool):
            return {"boolValue": given}
        if isinstance(given, int):
            return {"intValue": str(given)}
        if isinstance(given, list):
            return {"arrayValue": {"values": [value(item) for item in given]}}
        return {"stringValue": given}

    return [{"key": key, "value": value(given)} for key, given in values.items()]


def everywhere() -> list[dict[str, Any]]:
    """Return attributes that hold all that must not arrive, under keys that may and under others."""
    told = "; ".join(SECRETS)
    return attributes(
        {
            "ssot.import.name": MARK,
            "user.id": USER,
            "enduser.id": 700700700,
            "user.email": MAIL,
            "http.request.header.authorization": BEARER,
            USER: "a key",
            "thread.name": told,
            "ssot.task.name": f"of {MAIL}",
            "ssot.module.names": ["shop", *SECRETS],
        }
    )


def trace(scope: str, name: str = "ssot.import", number: int = 1) -> dict[str, Any]:
    """Return a message with everything planted wherever a span can have it, apart from its name."""
    told = f"{USER} {told_secrets()}"
    span = {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "traceState": "vendor=anna-7f3a",
        "name": name,
        "kind": 1,
        "startTimeUnixNano": "1800000000000000000",
        "endTimeUnixNano": "1800000000000000000",
        "attributes": everywhere(),
        "events": [{"timeUnixNano": "1800000000000000000", "name": told, "attributes": everywhere()}],
        "links": [
            {
                "traceId": "0af7651916cd43dd8448eb211c80319c",
                "spanId": "b7ad6b7169203331",
                "traceState": "vendor=anna-7f3a",
                "attributes": everywhere(),
            }
        ],
        "status": {"code": 2, "message": told},
    }
    scopes = [{"scope": {"name": scope, "version": "1", "attributes": everywhere()}, "spans": [span]}]
    return {"resourceSpans": [{"resource": {"attributes": everywhere()}, "scopeSpans": scopes}]}


def told_secrets() -> str:
    return " ".join(SECRETS)


def metric(scope: str, name: str) -> dict[str, Any]:
    """Return a message with everything planted wherever a data point can have it."""
    point = {
        "attributes": everywhere(),
        "startTimeUnixNano": "1800000000000000000",
        "timeUnixNano": "1800000000000000000",
        "asInt": "1",
        "exemplars": [
            {"timeUnixNano": "1800000000000000000", "asInt": "1", "filteredAttributes": everywhere()}
        ],
    }
    total = {"dataPoints": [point], "aggregationTemporality": 2, "isMonotonic": True}
    metrics = [{"name": name, "unit": "{import}", "sum": total}]
    scopes = [{"scope": {"name": scope, "attributes": everywhere()}, "metrics": metrics}]
    return {"resourceMetrics": [{"resource": {"attributes": everywhere()}, "scopeMetrics": scopes}]}


def leaks(text: str) -> list[str]:
    return [secret for secret in (*PLANTED, "700700700") if secret in text]


@pytest.mark.parametrize(
    "overlay",
    [(), (AGENT,), (GATEWAY,), (CLICKHOUSE,), (GATEWAY, CLICKHOUSE)],
    ids=["alone", "agent", "gateway", "clickhouse", "gateway-clickhouse"],
)
def test_the_collector_takes_the_configuration_without_a_word(
    overlay: tuple[str, ...], tmp_path: Path
) -> None:
    directories = {"SSOT_OTEL_OUT": str(tmp_path / "out"), "SSOT_OTEL_STATE_DIR": str(tmp_path / "state")}
    checked = validate(CONFIGURATION, *overlay, environment=directories)

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("key", ["", "too short"])
def test_the_collector_does_not_start_without_a_key_that_is_long_enough(key: str) -> None:
    checked = validate(CONFIGURATION, environment={"SSOT_OTEL_HMAC_KEY": key})

    assert checked.returncode != 0
    assert "hmac_key" in checked.stderr


@pytest.mark.parametrize("scope", [OUR_SCOPE, OTHER_SCOPE])
def test_nothing_that_is_planted_in_a_span_arrives(collector: RealCollector, scope: str) -> None:
    number = 11 + len(scope)
    assert collector.post("traces", trace(scope, number=number)) == 200

    text = collector.text()
    assert f'"traceId":"{number:032x}"' in text
    assert MARK in text
    assert leaks(text) == []


def test_the_name_of_a_span_that_the_probe_does_not_send_is_taken_away(collector: RealCollector) -> None:
    for number, scope in enumerate((OUR_SCOPE, OTHER_SCOPE), 50):
        for step, name in enumerate((f"GET /users/{USER}", MAIL, JWT)):
            assert collector.post("traces", trace(scope, name, 10 * number + step)) == 200

    text = collector.text()
    assert leaks(text) == []
    assert f'"traceId":"{512:032x}"' in text
    assert "/users/" not in text


def test_what_other_instrumentation_names_itself_does_not_arrive(collector: RealCollector) -> None:
    assert collector.post("traces", trace(f"{USER} {MAIL}", number=70)) == 200

    assert leaks(collector.text()) == []


@pytest.mark.parametrize(
    ("scope", "name"),
    [(OUR_SCOPE, "ssot.imports"), (OUR_SCOPE, f"of.{USER}"), (OTHER_SCOPE, f"app.{USER}")],
)
def test_nothing_that_is_planted_in_a_metric_arrives(collector: RealCollector, scope: str, name: str) -> None:
    assert collector.post("metrics", metric(scope, name)) == 200

    text = collector.text()
    assert '"resourceMetrics"' in text
    assert leaks(text) == []


def test_other_instrumentation_has_a_file_of_its_own(collector: RealCollector) -> None:
    assert collector.post("traces", trace(OTHER_SCOPE, number=80)) == 200
    assert collector.post("traces", trace(OUR_SCOPE, number=81)) == 200

    ours = (collector.received / "traces.jsonl").read_text()
    others = (collector.received / "others.jsonl").read_text()
    assert (f"{80:032x}" in ours, f"{80:032x}" in others) == (False, True)
    assert (f"{81:032x}" in ours, f"{81:032x}" in others) == (True, False)


def test_an_endpoint_that_only_the_application_uses_is_told(tmp_path: Path) -> None:
    with real_collector(tmp_path / "collector") as running:
        assert running.post("traces", trace(OTHER_SCOPE)) == 200
    said = subprocess.run(
        [sys.executable, "-m", "ssot_probe", "report", str(running.received)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 2
    assert "spans of other instrumentation and none of the probe" in said.stderr


def test_integers_and_strings_that_say_the_same_are_masked_alike(collector: RealCollector) -> None:
    def masked(value: Any, number: int) -> str:
        message = trace(OUR_SCOPE, number=number)
        (scope,) = message["resourceSpans"][0]["scopeSpans"]
        scope["spans"][0]["attributes"] = attributes(
            {"user.id": value, "thread.name": f"user {value}@mail.example"}
        )
        assert collector.post("traces", message) == 200
        line = collector.lines()[-1]
        (span,) = line["resourceSpans"][0]["scopeSpans"][0]["spans"]
        values = {entry["key"]: entry["value"] for entry in span["attributes"]}
        assert "user.id" not in values
        return str(values["thread.name"]["stringValue"])

    assert masked(7, 90) == masked("7", 91) != masked(8, 92)


def test_the_same_secret_is_masked_alike_and_only_with_the_key(tmp_path: Path) -> None:
    found: list[dict[str, Any]] = []
    for key in ("k" * 32, "k" * 32, "q" * 32):
        place = tmp_path / str(len(found))
        with real_collector(place, environment={"SSOT_OTEL_HMAC_KEY": key}) as running:
            assert running.post("traces", trace(OUR_SCOPE)) == 200
            (span,) = running.lines()[-1]["resourceSpans"][0]["scopeSpans"][0]["spans"]
            found += [entry["value"] for entry in span["attributes"] if entry["key"] == "ssot.task.name"]
    assert found[0] == found[1] != found[2]
    assert re.fullmatch(r"of [0-9a-f]{64}", found[0]["stringValue"])


def test_no_name_of_python_looks_like_a_secret() -> None:
    configuration = yaml.safe_load((CHECKOUT / CONFIGURATION).read_text(encoding="utf-8"))
    patterns = [re.compile(text) for text in configuration["processors"]["redaction"]["blocked_values"]]
    names = [
        *(item.name for item in (*ATTRIBUTES, *SPANS, *METRICS)),
        *(str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "src").rglob("*.py")),
        *(
            word
            for path in CHECKOUT.rglob("src/**/*.py")
            for word in re.findall(r"[\w.:]+", path.read_text())
        ),
        *(
            "shop.pk_lookup_for_customers",
            "shop:sk_test_of_all_the_carts",
            "app.ghs_client:of_everybody_here",
        ),
        *(
            "shop.sk_learn_pipelines:Wrapper",
            "billing.bearer_authentication:BearerToken",
        ),
        *("desk-support-worker", "task-runner-with-a-long-name", "Bearer renewal", "sk-learn-service"),
    ]
    assert len(names) > 10_000
    assert [name for name in names for pattern in patterns if pattern.search(name)] == []


def test_the_files_name_only_components_that_are_built() -> None:
    manifest = yaml.safe_load((CHECKOUT / "collector" / "builder.yaml").read_text(encoding="utf-8"))
    built = {
        re.sub(r"[^a-z]", "", module["gomod"].split()[0].rsplit("/", 1)[-1])
        for kind in ("receivers", "processors", "exporters", "extensions")
        for module in manifest[kind]
    }
    used = set()
    for name in (CONFIGURATION, AGENT, GATEWAY, CLICKHOUSE):
        configuration = yaml.safe_load((CHECKOUT / name).read_text(encoding="utf-8"))
        for kind in ("receivers", "processors", "exporters", "extensions"):
            used |= {
                re.sub(r"[^a-z]", "", component.split("/")[0])
                + ("" if component.startswith("file_s") else kind[:-1])
                for component in configuration.get(kind, ())
            }
    assert used == built


def test_all_components_are_of_one_release() -> None:
    manifest = json.dumps(
        yaml.safe_load((CHECKOUT / "collector" / "builder.yaml").read_text(encoding="utf-8"))
    )
    versions = set(re.findall(r" (v\d\S*?)\"", manifest))

    assert {version for version in versions if version.startswith("v0.")} == {"v0.161.0"}
    assert len({version for version in versions if version.startswith("v1.")}) == 1
