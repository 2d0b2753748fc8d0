from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ssot_probe.cli.doctor import environment
from ssot_probe.cli.doctor.check import Check
from ssot_probe.model.policy import Dead, Policy
from ssot_probe.settings import from_environment


def told(environ: dict[str, str], policy: Policy = Policy()) -> list[Check]:  # noqa: B008
    return list(environment.checks_of(from_environment(environ), policy, environ))


def of_state(checks: list[Check], state: str) -> str:
    return "\n".join(check.what for check in checks if check.state == state)


def test_a_directory_on_which_little_is_free_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = os.statvfs(tmp_path)
    little = os.statvfs_result([4096, 4096, *status[2:4], 100, *status[5:]])
    monkeypatch.setattr(os, "statvfs", lambda path: little)

    assert "0 MiB are free" in of_state(told({"SSOT_PROBE_DIR": str(tmp_path)}), "note")


@pytest.mark.parametrize(
    ("kind", "word"),
    [("tmpfs", "in memory"), ("overlay", "the container"), ("nfs4", "network"), ("ext4", ""), ("", "")],
)
def test_where_a_directory_lies_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, word: str
) -> None:
    monkeypatch.setattr(environment, "_file_system", lambda path: kind)

    notes = of_state(told({"SSOT_PROBE_DIR": str(tmp_path)}), "note")

    assert (word in notes) if word else (kind == "" or kind not in notes)


def test_the_deepest_mount_is_the_one_that_counts(tmp_path: Path) -> None:
    assert environment._file_system("/proc/self") == "proc"
    assert environment._file_system(str(tmp_path)) != "proc"


@pytest.mark.parametrize(
    ("environ", "state", "word"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, "blind", "no scheme"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318", "SSOT_PROBE_EXPORT": "otlp"}, "fail", "no scheme"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
            "note",
            "OTEL_SDK",
        ),
        ({"SSOT_PROBE_EXPORT": "otlp", "OTEL_SDK_DISABLED": "TRUE"}, "fail", "OTEL_SDK_DISABLED"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, "note", "nobody takes a connection"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:nine"}, "note", "nobody takes a connection"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "note",
            "nobody takes a connection",
        ),
    ],
)
def test_an_endpoint_that_gets_nothing_is_told(
    tmp_path: Path, environ: dict[str, str], state: str, word: str
) -> None:
    assert word in of_state(told({"SSOT_PROBE_DIR": str(tmp_path), **environ}), state)


def test_an_endpoint_where_somebody_listens_is_well(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"

        checks = told({"SSOT_PROBE_DIR": str(tmp_path), "OTEL_EXPORTER_OTLP_ENDPOINT": url})

    assert url in of_state(checks, "ok")
    assert "nobody" not in of_state(checks, "note")


def test_several_roles_without_a_key_are_a_note(tmp_path: Path) -> None:
    policy = Policy(dead=Dead(roles=("web", "worker")))

    assert "SSOT_PROBE_USER_KEY_FILE" in of_state(told({"SSOT_PROBE_DIR": str(tmp_path)}, policy), "note")


def test_a_list_of_processes_that_is_somebody_elses_is_blind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "processes.list").touch()
    may = os.access

    def access(path: str, mode: int) -> bool:
        return not path.endswith("processes.list") and may(path, mode)

    monkeypatch.setattr(os, "access", access)

    assert "another user's" in of_state(told({"SSOT_PROBE_DIR": str(tmp_path)}), "blind")
