"""The real Collector writes into a ClickHouse, and commands that ask it say what the local files say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from services.test_collector_outages import FILES, POLICY, Service, said, settings
from support.children import write_files
from support.clickhouse_server import USER, clickhouse_server
from support.real_collector import CLICKHOUSE, RealCollector, binary, real_collector

from ssot_probe.wire.process_list import FILE_NAME

pytestmark = [
    pytest.mark.timeout(300),  # where others use the machine
    pytest.mark.skipif(
        find_spec("chdb") is None, reason="needs chdb: install the dependency group clickhouse"
    ),
]

AT_ONCE = {
    "exporters": {
        "clickhouse": {
            "compress": "none",  # the server of these tests does not know ClickHouse's own compression
            "sending_queue": {"batch": {"flush_timeout": "100ms"}},
            "retry_on_failure": {"initial_interval": "100ms", "max_interval": "300ms"},
        }
    }
}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    write_files(tmp_path / "shop", FILES | {"ssot-probe.toml": POLICY})
    return tmp_path / "shop"


def collector_for(port: int, directory: Path) -> Mapping[str, Any]:
    return {
        "directory": directory,
        "overlays": (CLICKHOUSE,),
        "more": AT_ONCE,
        "environment": {"SSOT_CLICKHOUSE": f"http://127.0.0.1:{port}"},
    }


def asked(command: str, source: str, *options: str, **environ: str) -> tuple[int, str, str]:
    """Run a command; return its exit code and what it said."""
    ran = subprocess.run(
        [sys.executable, "-m", "ssot_probe", command, source, *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environ},
    )
    return ran.returncode, ran.stdout, ran.stderr


def view_of(command: str, source: Any) -> dict[str, Any]:
    """Return what a command says, without what names the source or the moment."""
    options = ("--path", "shop.old") if command == "dead" else ()
    view = said(command, source, *options)
    del view["generated_at"]
    return view


def test_the_reports_over_what_the_real_collector_wrote_are_those_over_the_local_files(
    program: Path, tmp_path: Path
) -> None:
    with (
        clickhouse_server(tmp_path / "store") as port,
        real_collector(**collector_for(port, tmp_path / "collector")) as collector,
    ):
        service = Service(program, settings(collector))
        service.serve("anna")
        service.serve("old")
        service.end()
        source = f"clickhouse://127.0.0.1:{port}/otel"
        _forget_lists(service.recordings)
        local = view_of("report", service.recordings)
        collector.wait_for(lambda: _has_all(source, local["evidence"]["records"]), "all has arrived")

        assert view_of("report", source) == local
        assert view_of("dead", source) == view_of("dead", service.recordings)
        assert local["evidence"]["complete"] is True
        assert collector.warnings() == []
        assert not (collector.received / "traces.jsonl").exists()


def _forget_lists(recordings: Path) -> None:
    """A directory of files has a list of its processes; a Collector gets none."""
    for found in recordings.glob(FILE_NAME):
        found.unlink()


def _has_all(source: str, records: int) -> bool:
    code, out, _ = asked("report", source, "--format", "json")
    return code == 0 and f'"records": {records}' in out


def test_what_waits_for_a_clickhouse_that_is_gone_arrives_when_it_is_back(
    program: Path, tmp_path: Path
) -> None:
    """The Collector makes its table when it starts; then the server goes, and comes back on the same port."""
    with clickhouse_server(tmp_path / "store") as port:
        collector = RealCollector(**_arguments(port, tmp_path))
        collector.start()
    try:
        service = Service(program, settings(collector))
        service.serve("anna")
        service.end()
        with clickhouse_server(tmp_path / "store", port=port):
            source = f"clickhouse://127.0.0.1:{port}/otel"
            made = view_of("report", service.recordings)["evidence"]["records"]
            collector.wait_for(lambda: _has_all(source, made), "all has arrived")
            assert view_of("report", source)["evidence"]["dropped"] == 0
    finally:
        collector.kill()


def _arguments(port: int, directory: Path) -> dict[str, Any]:
    return {"binary": binary(), **collector_for(port, directory / "collector")}


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of the chat service before and after its consolidation, each with a scan of its source."""
    directory = tmp_path_factory.mktemp("demo")
    subprocess.run(
        [sys.executable, "-m", "ssot_probe", "demo", "--out", str(directory)], check=True, capture_output=True
    )
    return directory


@pytest.mark.parametrize("variant", ["fragmented", "consolidated"])
def test_the_chat_service_is_judged_alike(demonstrated: Path, variant: str) -> None:
    recordings = demonstrated / variant
    _forget_lists(recordings)
    store = demonstrated / f"store-{variant}"
    _write(store, recordings)
    source = f"chdb://{store}?database=otel"
    local = view_of("report", recordings)
    assert (len(local["findings"]) > 10) == (variant == "fragmented")
    assert view_of("report", source) == local
    for command in (("dead",), ("dead", "--since", "2026-01-01")):
        assert _verdicts(source, *command) == _verdicts(str(recordings), *command)


def _verdicts(source: str, command: str, *options: str) -> Any:
    _, out, _ = asked(command, source, "--format", "json", *options)
    view = json.loads(out)
    del view["generated_at"]
    return view


def _write(store: Path, recordings: Path) -> None:
    """Write each span twice; in a process of its own, as one may open one directory of data only."""
    command = "import sys; from pathlib import Path; from support.clickhouse_store import *; "
    command += "write(Path(sys.argv[1]), spans_of(Path(sys.argv[2])) * 2)"
    subprocess.run(
        [sys.executable, "-c", command, str(store), str(recordings)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
    )


@pytest.fixture
def recorded(program: Path, tmp_path: Path) -> Path:
    """A directory of data with what a program did, and the program's own files beside it."""
    service = Service(
        program, {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging,ssot.role=web"}
    )
    service.serve("anna", 5)
    service.serve("old")
    service.end()
    _forget_lists(service.recordings)
    _write(tmp_path / "store", service.recordings)
    return tmp_path / "store"


def test_the_same_questions_run_in_an_embedded_engine_and_against_a_server(recorded: Path) -> None:
    local = view_of("report", recorded.parent / "recordings")
    assert view_of("report", f"chdb://{recorded}?database=otel") == local
    with clickhouse_server(recorded) as port:
        assert view_of("report", f"clickhouse://127.0.0.1:{port}/otel") == local
        assert view_of("dead", f"clickhouse://127.0.0.1:{port}/otel") == view_of(
            "dead", recorded.parent / "recordings"
        )


def test_a_directory_that_another_process_has_open_is_told_as_such(recorded: Path) -> None:
    with clickhouse_server(recorded):
        code, out, err = asked("report", f"chdb://{recorded}?database=otel")
    assert (code, out) == (2, "")
    assert "one process at a time may have a directory of data open [unreadable-recording]" in err


def test_a_user_who_may_only_read_gets_the_same_report(recorded: Path) -> None:
    with clickhouse_server(recorded, read_only=True) as port:
        source = f"clickhouse://127.0.0.1:{port}/otel"
        assert view_of("report", source) == view_of("report", recorded.parent / "recordings")


def test_a_password_is_taken_from_the_environment_and_shown_nowhere(recorded: Path) -> None:
    with clickhouse_server(recorded, password="open-sesame") as port:
        source = f"clickhouse://{USER}@127.0.0.1:{port}/otel"
        code, out, err = asked("report", source, CLICKHOUSE_PASSWORD="open-sesame")
        wrong, _, said_of_wrong = asked("report", source, CLICKHOUSE_PASSWORD="open-barley")
    assert (code, err) == (0, "")
    assert "open-sesame" not in out
    assert wrong == 2
    assert "read from CLICKHOUSE_PASSWORD, which is set [unreadable-recording]" in said_of_wrong
    assert "open-barley" not in said_of_wrong


def test_what_is_missing_is_told_in_one_line_with_the_exit_code(recorded: Path) -> None:
    with clickhouse_server(recorded) as port:
        where = f"clickhouse://127.0.0.1:{port}"
        told = {
            name: asked("report", f"{where}/{name}")
            for name in ("audit", "otel?table=spans", "otel?since=2099-01-01", "otel?tabel=x")
        }
    assert {name: code for name, (code, _, _) in told.items()} == {
        "audit": 2,
        "otel?table=spans": 2,
        "otel?since=2099-01-01": 3,
        "otel?tabel=x": 2,
    }
    assert all(len(err.splitlines()) == 1 and not out for _, out, err in told.values())


def test_a_table_that_nothing_was_written_to_is_no_evidence(tmp_path: Path) -> None:
    with (
        clickhouse_server(tmp_path / "store") as port,
        real_collector(**collector_for(port, tmp_path / "collector")),
    ):
        code, _, err = asked("report", f"clickhouse://127.0.0.1:{port}/otel")
    assert code == 3
    assert "holds no span of the probe" in err
