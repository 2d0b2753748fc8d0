"""The demo, once, from the installed wheel: what it reports of both variants is true of their source."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from process.installation import Installation
from process.project import Project
from process.report_shape import REPORT, differences
from services.chat import (
    EXAMPLE,
    VARIANTS,
    Traffic,
    project_of,
    report_of,
    run_clients,
    serving,
    stop,
    traffic_of,
    user_ids,
)
from services.claims import is_true

EXPECTED = {
    *("SSOT101", "SSOT103", "SSOT104", "SSOT108"),
    *(f"SSOT20{number}" for number in range(1, 7)),
    *(f"SSOT30{number}" for number in range(1, 7)),
}
WITHOUT_LINES = {"SSOT305"}  # the finding below it has them
MAKER = "chat.ws.manager:get_websocket_manager"
SHARED = "chat.ws.unified_manager:UnifiedWebSocketManager"


class Demo(NamedTuple):
    """What the demo said, and where it recorded."""

    said: str
    directory: Path
    project: Project

    def report(self, variant: str) -> tuple[int, dict[str, Any]]:
        """The exit code and JSON report of a variant."""
        return report_of(self.project, self.directory / variant)

    def clients(self, variant: str) -> list[str]:
        """What the clients of a variant said."""
        start = self.said.index(f"== The {variant} service")
        lines = self.said[start:].splitlines()
        last = next(number for number, line in enumerate(lines) if line.strip().startswith("total:"))
        return [line.strip() for line in lines[2 : last + 1]]

    def traffic(self, variant: str) -> Traffic:
        """What the clients of a variant did."""
        return traffic_of("\n".join(self.clients(variant)))


@pytest.fixture(scope="session")
def demo(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo; workers that run these tests together share one."""
    own = tmp_path_factory.getbasetemp()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    place = own.parent / f"demo-{run}" if run else own / "demo"
    place.mkdir(exist_ok=True)
    project = project_of("fragmented", installed, place)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = place / "said"
        if not said.exists():
            outcome = project.ssot_probe("demo", "--out", str(place / "out"))
            assert (outcome.code, outcome.err) == (0, "")
            said.write_text(outcome.out)
    return Demo(said.read_text(), place / "out", project)


def test_the_fragmented_service_has_every_trouble_that_its_readme_names(demo: Demo) -> None:
    code, view = demo.report("fragmented")

    assert code == 0
    assert {finding["code"] for finding in view["findings"]} >= EXPECTED
    assert view["evidence"]["complete"] is True
    assert view["evidence"]["dropped"] == 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_reports_have_the_promised_shape(demo: Demo, variant: str) -> None:
    assert differences(demo.report(variant)[1], REPORT) == []


@pytest.mark.parametrize("code", sorted(EXPECTED - WITHOUT_LINES))
def test_every_line_of_evidence_is_true_of_the_source(demo: Demo, code: str) -> None:
    findings = [finding for finding in demo.report("fragmented")[1]["findings"] if finding["code"] == code]
    lines = [line for finding in findings for line in finding["evidence"] if line["file"]]

    assert lines
    false = [
        f"{line['file']}:{line['line']} {line['what']}"
        for line in lines
        if not is_true(line["what"], EXAMPLE / "fragmented" / line["file"], line["line"])
    ]
    assert false == []


def test_every_finding_but_its_closing_words_names_a_line(demo: Demo) -> None:
    for finding in demo.report("fragmented")[1]["findings"]:
        placed = [line for line in finding["evidence"] if line["file"]]
        if finding["code"] in EXPECTED - WITHOUT_LINES:
            assert placed, finding["code"]
        for line in placed:
            text = (EXAMPLE / "fragmented" / line["file"]).read_text().splitlines()
            assert 1 <= line["line"] <= len(text)


def test_the_counts_are_those_of_the_traffic(demo: Demo) -> None:
    traffic = demo.traffic("fragmented")
    view = demo.report("fragmented")[1]
    said = {line["what"] for finding in view["findings"] for line in finding["evidence"]}
    handed_out = {
        "chat.ws.factory:WebSocketManagerFactory.create_manager": traffic.connections,
        "chat.ws.manager:get_websocket_manager (declared)": traffic.connections
        + 2 * traffic.runs
        + traffic.users,
        "chat.ws.unified_manager:get_websocket_manager": traffic.connections + traffic.runs + traffic.users,
    }

    assert {f"{maker} handed out instances {count} times" for maker, count in handed_out.items()} <= said
    times = f"imports WebSocketManager from chat.ws.canonical_imports, {traffic.messages} times"
    assert times in said


def test_the_shared_instance_is_proved_by_all_its_users(demo: Demo) -> None:
    traffic = demo.traffic("fragmented")
    (finding,) = (found for found in demo.report("fragmented")[1]["findings"] if found["code"] == "SSOT301")

    assert (finding["subject"], finding["count"], finding["users"]) == (SHARED, 1, traffic.users)
    users = [line["user"] for line in finding["evidence"] if line["user"]]
    assert len(users) == len(set(users)) >= 2
    assert all(re.fullmatch(r"u-[0-9a-f]{16,}", user) for user in users)


def test_a_policy_that_is_inferred_from_the_source_finds_the_same_troubles(
    demo: Demo, tmp_path: Path
) -> None:
    policy = str(tmp_path / "inferred.toml")
    assert (
        demo.project.ssot_probe("init", "--from", str(EXAMPLE / "fragmented"), "--output", policy).code == 0
    )
    recording = str(demo.directory / "fragmented")
    by_theirs = {(found["code"], found["subject"]) for found in demo.report("fragmented")[1]["findings"]}
    told = demo.project.ssot_probe("report", recording, "--config", policy, "--format", "json")
    # The pool was not watched under the owners' policy, which SSOT906 says.
    by_ours = {
        (found["code"], found["subject"])
        for found in json.loads(told.out)["findings"]
        if (found["code"], found["concept"]) != ("SSOT906", "connection-pool")
    }
    # One instance per thread, labels that may not meet, and paths that nobody uses and that say nothing of
    # their age are the owners' law, which no source shows.
    law = {"SSOT302", "SSOT305", "SSOT601"}
    assert {code for code, _ in by_ours} == {code for code, _ in by_theirs} - law
    assert by_ours <= by_theirs


def test_the_consolidated_service_is_clean(demo: Demo) -> None:
    code, view = demo.report("consolidated")

    assert code == 0
    assert [finding for finding in view["findings"] if finding["severity"] in ("error", "warning")] == []
    assert view["evidence"]["complete"] is True
    assert view["evidence"]["processes"] == 1


def test_the_consolidated_service_never_fails_a_build(demo: Demo) -> None:
    recording = str(demo.directory / "consolidated")

    assert demo.project.ssot_probe("report", recording, "--fail-on", "warning").code == 0
    assert (
        demo.project.ssot_probe("report", str(demo.directory / "fragmented"), "--fail-on", "error").code == 1
    )


def test_what_changed_is_said_of_every_finding(demo: Demo) -> None:
    said = demo.said.partition("== What changed")[2].splitlines()
    for finding in demo.report("fragmented")[1]["findings"]:
        (line,) = (
            line for line in said if finding["code"] in line and line.endswith(f" {finding['subject']}")
        )
        assert line.split()[0] == ("still" if finding["code"].startswith("SSOT9") else "gone")


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_user_is_named_in_what_was_recorded(demo: Demo, variant: str) -> None:
    users = user_ids()
    files = [path for path in (demo.directory / variant).rglob("*") if path.is_file()]

    assert len(users) == 8
    assert files
    for path in files:
        stored = path.read_bytes()
        content = (gzip.decompress(stored) if path.suffix == ".gz" else stored).decode().lower()
        assert [user for user in users if user in content] == [], path
    assert not any(user in json.dumps(demo.report(variant)[1]) for user in users)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_clients_cannot_tell_the_probe(
    demo: Demo, variant: str, installed: Installation, tmp_path: Path
) -> None:
    project = project_of(variant, installed, tmp_path / "place")
    command = [installed.python, "-m", "chat", "--port", "0"]

    with serving(project, command, "listening on", "stdout", probe=False) as (process, port):
        clients = run_clients(project, port)
        assert stop(process) == 0

    assert (clients.code, clients.err) == (0, "")
    assert clients.out.splitlines() == demo.clients(variant)
    assert not project.has_recorded()


def test_it_says_which_legacy_paths_may_be_deleted_each_in_one_sentence(demo: Demo) -> None:
    said = demo.said[demo.said.index("== Which legacy paths") :].splitlines()
    told = {
        line.split()[1]: (line.split()[0], said[at + 1])
        for at, line in enumerate(said)
        if " chat.ws." in line[:40]
    }
    assert told["chat.ws.line_protocol"][0] == "NEVER-LOADED"
    verdict, why = told["chat.ws.usage"]
    assert verdict == "INSUFFICIENT"
    assert "chat/jobs/monthly.py:8 imports open_connections from chat.ws.usage and did not run" in why
    verdict, why = told["chat.ws.tickets:SocketTicket"]
    assert verdict == "LIVE"
    assert "only through chat.ws.passes:Pass" in why
