"""A service, the real Collector and the analyst: what arrives says the same as the service's own files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from process.installation import Installation
from process.project import Project, wait_until
from services.chat import project_of, report_of, run_clients, serving, stop, user_ids
from services.test_uvicorn import FOUND, RUNNING, codes, uvicorn
from support.children import read_spans, run
from support.real_collector import RealCollector, real_collector

from ssot_probe.model.records import AccessRecord
from ssot_probe.wire.spans import from_span

pytestmark = pytest.mark.timeout(300)  # where others use the machine

PROTOCOLS = ("http/protobuf", "grpc")


class Delivered(NamedTuple):
    """A run of the chat service, and the Collector that it sent to."""

    project: Project
    collector: RealCollector


@pytest.fixture(scope="module", params=PROTOCOLS)
def delivered(
    installed: Installation, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Delivered]:
    place = tmp_path_factory.mktemp("chat")
    project = project_of("fragmented", installed, place)
    with real_collector(place / "collector") as collector:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint(request.param),
            "OTEL_EXPORTER_OTLP_PROTOCOL": request.param,
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging,ssot.role=web",
        }
        with serving(project, uvicorn(project), RUNNING, "stderr", True, environment) as (process, port):
            clients = run_clients(project, port)
            wait_until(
                lambda: codes(report_of(project, project.recordings)[1]) >= FOUND,
                "the findings are in the files",
            )
            stop(process)
        assert (clients.code, clients.err) == (0, "")
        yield Delivered(project, collector)


def dead_of(project: Project, recording: Path) -> dict[str, Any]:
    outcome = project.ssot_probe("dead", str(recording), "--format", "json")
    assert outcome.err == ""
    return dict(json.loads(outcome.out))


def test_the_report_over_the_collectors_files_is_that_over_the_local_ones(delivered: Delivered) -> None:
    local_code, local = report_of(delivered.project, delivered.project.recordings)
    code, received = report_of(delivered.project, delivered.collector.received)

    assert (code, local_code) == (0, 0)
    assert received["findings"] == local["findings"]
    assert received["paths"] == local["paths"]
    assert len(codes(received)) > 15
    assert received["evidence"]["records"] == local["evidence"]["records"]
    assert received["evidence"]["complete"] is True


def test_the_verdicts_over_the_collectors_files_are_those_over_the_local_ones(delivered: Delivered) -> None:
    local = dead_of(delivered.project, delivered.project.recordings)
    received = dead_of(delivered.project, delivered.collector.received)

    def told(view: dict[str, Any]) -> list[tuple[Any, ...]]:
        return [(path["path"], path["verdict"], path["uses"]) for path in view["paths"]]

    assert told(received) == told(local)
    assert {verdict for _, verdict, _ in told(received)} > {"NEVER-LOADED"}


def test_each_span_arrives_once_and_as_it_was_but_for_its_links(delivered: Delivered) -> None:
    def spans(directory: Path) -> list[str]:
        lines = [line for path in directory.glob("*traces.jsonl") for line in path.read_bytes().splitlines()]
        return sorted(repr(span._replace(links=())) for _, span in read_spans(lines))

    assert spans(delivered.collector.received) == spans(delivered.project.recordings)


USERS = {
    "shop/__init__.py": "",
    "shop/carts.py": """\
        class Cart:
            def __init__(self, user):
                self.user = user


        def get_cart(user):
            return Cart(user)
        """,
    "main.py": """\
        import sys

        from shop.carts import get_cart

        kind = {"int": int, "str": str}[sys.argv[1]]
        kept = [get_cart(kind(user)) for user in (700700700, 700700701)]
        print("done")
        """,
    "ssot-probe.toml": """\
        packages = ["shop", "main"]

        [[concept]]
        name = "carts"
        classes = ["*Cart"]
        """,
}


def test_integers_and_strings_are_the_same_users_of_which_only_keyed_hashes_arrive(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef" * 2)
    key.chmod(0o600)
    with real_collector(tmp_path / "collector") as collector:
        for kind in ("int", "str"):
            run(
                tmp_path / "shop",
                "main.py",
                kind,
                files=USERS,
                environment={
                    "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint(),
                    "SSOT_PROBE_USER_KEY_FILE": str(key),
                },
            ).checked()
        lines = (collector.received / "traces.jsonl").read_bytes().splitlines()
        text = collector.text()

    users: dict[str, set[str]] = {}
    for resource, span in read_spans(lines):
        for record in from_span(span):
            if isinstance(record, AccessRecord) and record.user:
                users.setdefault(str(resource["service.instance.id"]), set()).add(record.user)
    first, second = users.values()
    assert first == second
    assert len(first) == 2
    for user in (b"700700700", b"700700701"):
        assert user.decode() not in text
        for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
            assert not any(digest(user).hexdigest().startswith(hashed.split("-")[-1]) for hashed in first)


def test_no_user_id_arrives(delivered: Delivered) -> None:
    text = delivered.collector.text()

    assert "user.hash" in text
    assert [user for user in user_ids() if user in text] == []


def test_prometheus_can_ask_for_what_was_counted(delivered: Delivered) -> None:
    scraped = delivered.collector.scrape()

    assert 'ssot_import_name="chat.ws.connection_manager"' in scraped
    assert 'deployment_environment_name="staging"' in scraped
    assert "ssot_findings_total{" in scraped


def test_the_collector_has_nothing_to_complain_of(delivered: Delivered) -> None:
    assert delivered.collector.warnings() == []
