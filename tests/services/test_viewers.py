"""The searches of docs/viewers.md, asked of a real Jaeger behind a real Collector; their names are known."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple

import pytest
from support.children import run
from support.real_collector import CHECKOUT, free_ports, real_collector, validate

from ssot_probe.wire.registry import ATTRIBUTES, SPANS

pytestmark = pytest.mark.timeout(300)  # where others use the machine

PAGE = (CHECKOUT / "docs" / "viewers.md").read_text(encoding="utf-8")
VIEWER = "collector-viewer.yaml"
OF_THE_APPLICATION = "GET /cart"


class Search(NamedTuple):
    """One line of the page's table."""

    question: str
    operation: str
    tags: Mapping[str, str]
    traceql: str


def searches() -> list[Search]:
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[3].startswith("{"):
            tags = dict(tag.split("=", 1) for tag in cells[2].split())
            found.append(Search(cells[0], cells[1], tags, cells[3]))
    return found


PROGRAM = {
    "shop/__init__.py": "",
    "shop/carts.py": """\
        class Cart:
            def __init__(self, user):
                self.user = user


        KEPT = []


        def get_cart(user):
            if not KEPT:
                KEPT.append(Cart(user))
            return KEPT[0]
        """,
    "shop/old.py": "def total():\n    return 1\n",
    "main.py": """\
        import os

        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor

        from shop.carts import get_cart
        from shop.old import total

        provider = TracerProvider(resource=Resource({"service.name": "shop"}))
        exporter = OTLPSpanExporter(endpoint=os.environ["VIEWER"] + "/v1/traces")
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracer = provider.get_tracer("shop")
        total()
        for user in ("anna", "bob"):
            with tracer.start_as_current_span("GET /cart") as span:
                get_cart(user)
                print(format(span.get_span_context().trace_id, "032x"))
        """,
    "ssot-probe.toml": """\
        packages = ["shop", "main"]

        [[concept]]
        name = "carts"
        classes = ["*Cart"]
        factories = ["shop.carts:get_cart"]
        legacy = ["shop.old"]
        """,
}


class Jaeger:
    """A Jaeger that keeps traces in memory."""

    def __init__(self, binary: str, directory: Path) -> None:
        names = ("otlp.http", "otlp.grpc", "http-server", "grpc-server")
        ports = free_ports(len(names) + 3)
        self.endpoint = f"http://127.0.0.1:{ports[0]}"
        self._query = f"http://127.0.0.1:{ports[4]}"
        options = [f"--collector.{name}.host-port=127.0.0.1:{port}" for name, port in zip(names, ports)]
        options += [
            f"--query.http-server.host-port=127.0.0.1:{ports[4]}",
            f"--query.grpc-server.host-port=127.0.0.1:{ports[5]}",
            f"--admin.http.host-port=127.0.0.1:{ports[6]}",
        ]
        with (directory / "jaeger.log").open("wb") as log:
            self._process = subprocess.Popen(
                [binary, *options], cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def search(self, search: Search, values: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the spans of the traces that Jaeger's search finds."""
        asked = {"service": "shop", "lookback": "1h", "limit": "200"}
        if search.operation != "all":
            asked["operation"] = search.operation
        if search.tags:
            asked["tags"] = json.dumps(
                {name: values.get(value, value) for name, value in search.tags.items()}
            )
        try:
            url = f"{self._query}/api/traces?{urllib.parse.urlencode(asked)}"
            with _opener.open(url, timeout=10) as response:
                traces = json.load(response)["data"]
        except OSError:
            return []  # it does not listen yet
        return [span for trace in traces for span in trace["spans"]]

    def wait_for(self, search: Search, count: int) -> list[dict[str, Any]]:
        """Wait until a search finds so many spans."""
        deadline = monotonic() + 60
        while monotonic() < deadline:
            found = self.search(search, {})
            if len(found) >= count:
                return found
            assert self._process.poll() is None
            sleep(0.05)
        raise AssertionError(f"Jaeger has no {search}")

    def kill(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Seen(NamedTuple):
    """A Jaeger with what a program sent, and what is to be filled into searches."""

    jaeger: Jaeger
    values: Mapping[str, str]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    binary = os.environ.get("SSOT_PROBE_JAEGER") or shutil.which("jaeger-all-in-one")
    if not binary:
        pytest.skip("no Jaeger: SSOT_PROBE_JAEGER names none, and jaeger-all-in-one is not on PATH")
    directory = tmp_path_factory.mktemp("viewers")
    jaeger = Jaeger(binary, directory)
    try:
        viewer = {"SSOT_OTEL_VIEWER": jaeger.endpoint}
        with real_collector(directory / "collector", overlays=(VIEWER,), environment=viewer) as collector:
            environment = {
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint(),
                "OTEL_SERVICE_NAME": "shop",
                "VIEWER": jaeger.endpoint,
            }
            ran = run(directory / "shop", files=PROGRAM, environment=environment).checked()
            found = jaeger.wait_for(searches()[2], 1)
            jaeger.wait_for(Search("", "ssot.path.use", {}, ""), 1)
        instance = tags(found[0])["ssot.instance.id"]
        yield Seen(jaeger, {"INSTANCE": instance, "TRACE": ran.stdout.split()[-1]})
    finally:
        jaeger.kill()


def tags(span: Mapping[str, Any]) -> dict[str, Any]:
    return {tag["key"]: tag["value"] for tag in span["tags"]}


EXPECTED = {
    "all findings": {"ssot.finding"},
    "those that are errors": {"ssot.finding"},
    "an instance that served several users": {"ssot.finding"},
    "findings about one class": {"ssot.finding"},
    "all about one instance": {"ssot.finding", "ssot.instance.access"},
    "who got hold of it": {"ssot.instance.access"},
    "requests of the application that a finding touched": {OF_THE_APPLICATION},
    "what was found in one request": {"ssot.finding"},
    "uses of a legacy path": {"ssot.path.use"},
    "uses by the application, without tests and tools": {"ssot.path.use"},
    "processes that told how they ended": {"ssot.probe.process"},
}


def test_the_table_has_what_is_tried() -> None:
    assert {search.question for search in searches()} == set(EXPECTED)


@pytest.mark.parametrize("search", searches(), ids=lambda search: search.question)
def test_jaeger_finds_what_the_page_says(seen: Seen, search: Search) -> None:
    spans = seen.jaeger.search(search, seen.values)
    operations = {span["operationName"] for span in spans}
    expected = EXPECTED[search.question]
    assert operations >= expected
    if search.operation != "all":
        assert operations <= {search.operation}
    for span in spans:
        for name, value in search.tags.items():
            assert str(tags(span)[name]).lower() == seen.values.get(value, value).lower()


@pytest.mark.parametrize("search", searches(), ids=lambda search: search.question)
def test_both_ask_for_the_same_and_by_names_of_the_registry(search: Search) -> None:
    spans, attributes = {span.name for span in SPANS}, {attribute.name for attribute in ATTRIBUTES}
    assert search.operation in {*spans, "all", OF_THE_APPLICATION}
    asked = dict(re.findall(r'span\.([\w.]+) = "([^"]*)"', search.traceql))
    assert set(asked) <= attributes
    assert asked == {name: value for name, value in search.tags.items() if name != "error"}
    assert set(re.findall(r'[{ ]name = "([^"]*)"', search.traceql)) == {search.operation} & spans
    assert ("status = error" in search.traceql) == (search.tags.get("error") == "true")


def test_a_finding_names_the_request_and_the_request_the_finding(seen: Seen) -> None:
    by_request = Search("", "all", {"ssot.request.trace_id": seen.values["TRACE"]}, "")
    (finding,) = {
        tags(span)["ssot.finding.code"]
        for span in seen.jaeger.search(by_request, {})
        if span["operationName"] == "ssot.finding"
    }
    requests = seen.jaeger.search(Search("", OF_THE_APPLICATION, {"ssot.finding.code": finding}, ""), {})
    assert seen.values["TRACE"] in {span["traceID"] for span in requests}


def test_the_overlay_is_good() -> None:
    for variables in ({}, {"SSOT_OTEL_VIEWER": "http://127.0.0.1:4319"}):
        checked = validate("collector-config.yaml", VIEWER, environment=variables)
        assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr
