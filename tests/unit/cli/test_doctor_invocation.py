"""From a command to the Python behind it, without running anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ssot_probe.cli.doctor.invocation import Invocation, resolve
from ssot_probe.cli.run import bootstrap_directory
from ssot_probe.errors import UsageError

LAUNCHERS = (
    *("nohup", "nice", "timeout", "setsid", "stdbuf", "tini", "dumb-init", "gosu", "su-exec", "setpriv"),
    *("sudo", "doas", "su", "runuser", "env", "sh", "bash", "docker", "kubectl", "ssh", "systemctl"),
    *("supervisord", "ionice", "flock", "doppler"),
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with programs, which is the only one on PATH, and another one to start from."""
    programs = tmp_path / "bin"
    programs.mkdir()
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name in ("python", "python3.11", *LAUNCHERS):
        add(programs / name, "\x7fELF")
    for name in ("gunicorn", "celery", "opentelemetry-instrument", "ddtrace-run", "newrelic-admin", "poetry"):
        add(programs / name, f"#!{programs}/python\n")
    return programs


def add(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def resolved(place: Path, *command: str, **environ: str) -> Invocation:
    return resolve(command, {"PATH": str(place), "SSOT_PROBE": "1", **environ})


@pytest.mark.parametrize(
    "before",
    [
        "nohup",
        "nice -n 5",
        "nice -5",
        "timeout 5",
        "timeout -k 3 --signal=INT 5",
        "setsid -w",
        "stdbuf -o L",
        "tini --",
        "tini -g -e 143 --",
        "dumb-init --",
        "dumb-init -r 15:2 --",
        "gosu web",
        "su-exec web:web",
        "setpriv --reuid 1000 --clear-groups",
        "setpriv --reuid=1000",
        "ionice -c 3",
        "flock -w 5 /run/lock",
        "doppler run --project shop --",
        "env",
        "env A=1 B=2",
        "env -u OTHER",
        "env -S",
        "exec",
        "exec -a name",
        "sudo -E",
        "sudo -u web --preserve-env=SSOT_PROBE,SSOT_PROBE_DIR",
        "sudo SSOT_PROBE=1",
        "nohup nice timeout 5 env A=1",
        "opentelemetry-instrument --traces_exporter console",
        "ddtrace-run",
        "newrelic-admin run-program",
        "ssot-probe run --service web --",
    ],
)
def test_a_launcher_is_seen_through_and_keeps_the_switch(place: Path, before: str) -> None:
    add(place / "ssot-probe", f"#!{place}/python\n")

    found = resolved(place, *before.split(), "python", "-I", "-X", "dev", "prog.py", "-S")

    assert found.interpreter == str(place / "python")
    assert found.options == ("-I", "-X", "dev")
    assert found.words == ("prog.py", "-S")
    assert found.environment["SSOT_PROBE"] == "1"


@pytest.mark.parametrize(
    "before", ["env -i", "env -u SSOT_PROBE", "sudo", "sudo -u web", "doas -u web", "env SSOT_PROBE=0"]
)
def test_a_launcher_that_drops_the_switch_is_told_by_that(place: Path, before: str) -> None:
    found = resolved(place, *before.split(), "python", "prog.py")

    assert found.environment.get("SSOT_PROBE", "0") == "0"


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", "python prog.py"],
        ["sh", "-c", "cd /srv && exec python prog.py"],
        ["bash", "-lc", "set -e; export A=1; python prog.py 2>&1 | tee log"],
        ["bash", "-eu", "-c", "A=1 python prog.py >log 2>&1 & wait"],
        ["sh", "-c", "python ${SCRIPT:-prog.py}"],
        ["sh", "-c", 'exec "$@"', "sh", "python", "prog.py"],
        ["su", "web", "-c", "python prog.py"],
        ["./start.sh", "python", "prog.py"],
        ["sh", "start.sh", "python", "prog.py"],
        ["./serve.sh"],
        ["nice", "sh", "-c", "nohup python prog.py"],
    ],
    ids=" ".join,
)
def test_a_shell_is_read_for_what_it_runs_in_the_end(place: Path, command: list[str]) -> None:
    add(Path("start.sh"), '#!/bin/sh\n# it\'s the usual one\nset -e\npython migrate.py\nexec "$@"\n')
    add(Path("serve.sh"), "#!/usr/bin/env bash\nif true; then\n  python \\\n    prog.py\nfi\n")
    add(place / "tee", "\x7fELF")

    found = resolved(place, *command)

    assert found.interpreter == str(place / "python")
    assert found.words[:1] == ("prog.py",)
    assert any("as far as can be read" in check.what for check in found.checks)


def test_a_shell_that_goes_elsewhere_first_is_told(place: Path) -> None:
    away = resolved(place, "sh", "-c", "cd /srv && exec python prog.py")
    here = resolved(place, "sh", "-c", "cd . && exec python prog.py")

    assert "goes to /srv first" in away.checks[0].what
    assert len(here.checks) == 1


def test_a_shell_may_switch_it_on_or_off(place: Path) -> None:
    on = resolved(place, "sh", "-c", "export SSOT_PROBE=1; python prog.py", SSOT_PROBE="")
    off = resolved(place, "sh", "-c", "unset SSOT_PROBE; python prog.py")

    assert on.environment["SSOT_PROBE"] == "1"
    assert "SSOT_PROBE" not in off.environment


def test_an_environment_that_a_shell_activates_is_the_one_that_is_asked(place: Path) -> None:
    add(Path("venv/bin/python"), "\x7fELF")

    found = resolved(place, "sh", "-c", ". venv/bin/activate && python prog.py")

    assert found.interpreter == os.path.abspath("venv/bin/python")


def test_a_tool_that_chooses_an_environment_is_taken_for_the_one_of_the_project(place: Path) -> None:
    without = resolved(place, "poetry", "run", "python", "prog.py")
    add(Path(".venv/bin/python"), "\x7fELF")
    inside = resolved(place, "poetry", "run", "python", "prog.py")

    assert without.interpreter == str(place / "python")
    assert "run doctor by it" in without.checks[0].what
    assert inside.interpreter == os.path.abspath(".venv/bin/python")


@pytest.mark.parametrize(
    "command", [["docker", "run", "image", "python"], ["kubectl", "exec", "x"], ["ssh", "h"]]
)
def test_what_runs_elsewhere_is_no_good_news(place: Path, command: list[str]) -> None:
    found = resolved(place, *command)

    assert found.interpreter == ""
    assert [check.state for check in found.checks] == ["fail"]


def test_what_runs_elsewhere_with_the_switch_is_to_be_asked_there(place: Path) -> None:
    found = resolved(place, "docker", "run", "-e", "SSOT_PROBE=1", "image")

    assert [check.state for check in found.checks] == ["?"]


@pytest.mark.parametrize("command", [["supervisord", "-n"], ["timeout", "5"], ["sh", "-c", "echo x"], ["sh"]])
def test_what_cannot_be_known_is_said(place: Path, command: list[str]) -> None:
    found = resolved(place, *command)

    assert found.interpreter == ""
    assert "?" in [check.state for check in found.checks]


def test_the_way_of_the_launcher_of_the_probe_is_gone_too(place: Path) -> None:
    add(place / "ssot-probe", f"#!{place}/python\n")

    found = resolved(place, "ssot-probe", "run", "--out", "there", "--", "gunicorn", "-w", "2", SSOT_PROBE="")

    assert found.words == (str(place / "gunicorn"), "-w", "2")
    assert found.environment["SSOT_PROBE"] == "1"
    assert found.environment["SSOT_PROBE_DIR"] == os.path.abspath("there")
    assert found.environment["PYTHONPATH"] == bootstrap_directory()


def test_the_first_line_that_pip_writes_for_long_paths_is_understood(place: Path) -> None:
    add(place / "serve", f"#!/bin/sh\n'''exec' {place}/python3.11 \"$0\" \"$@\"\n' '''\nimport x\n")

    found = resolved(place, "serve", "-S")

    assert found.interpreter == str(place / "python3.11")
    assert found.words == (str(place / "serve"), "-S")


def test_a_first_line_that_names_a_python_which_is_gone_is_no_good_news(place: Path) -> None:
    add(place / "serve", "#!/no/such/venv/bin/python\n")

    found = resolved(place, "serve")

    assert found.interpreter == ""
    assert [check.state for check in found.checks] == ["?"]


def test_uwsgi_is_asked_through_the_python_beside_it(place: Path) -> None:
    add(place / "uwsgi", "\x7fELF")

    found = resolved(place, "uwsgi", "--ini", "x.ini")

    assert found.interpreter == str(place / "python")
    assert found.words == (str(place / "uwsgi"), "--ini", "x.ini")


def test_a_circle_of_launchers_comes_to_an_end(place: Path) -> None:
    add(Path("again.sh"), "#!/bin/sh\nexec ./again.sh\n")

    assert resolved(place, "./again.sh").interpreter == ""


@pytest.mark.parametrize(
    "command", [["missing"], ["nice", "missing"], ["sh", "-c", "missing"], ["./missing"]]
)
def test_a_program_that_is_not_there_is_wrong_use(place: Path, command: list[str]) -> None:
    with pytest.raises(UsageError, match="missing"):
        resolved(place, *command)
