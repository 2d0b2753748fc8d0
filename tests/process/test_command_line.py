"""The command line: its doors, its help, and the commands that read no recording."""

from __future__ import annotations

import os
import signal
import socket

import pytest
from process.installation import Installation, make_bare, unpack_wheel
from process.project import Project, line_of

from ssot_probe import __version__
from ssot_probe.analysis.rules import RULES
from ssot_probe.cli import COMMANDS

NAMES = [entry.name for entry in COMMANDS]
CODES = [rule.code for rule in RULES]


def test_the_version_is_the_packages(project: Project) -> None:
    for command in ([project.command], [project.python, "-m", "ssot_probe"]):
        outcome = project.execute([*command, "--version"], probe=False)

        assert outcome.code == 0
        assert __version__ in outcome.out
        assert outcome.err == ""


def test_help_lists_every_command(project: Project) -> None:
    for option in ("--help", "-h"):
        outcome = project.ssot_probe(option)

        assert (outcome.code, outcome.err) == (0, "")
        assert all(f"  {name}" in outcome.out for name in NAMES)


def test_the_module_and_the_command_say_the_same(project: Project) -> None:
    assert project.run("-m", "ssot_probe", "--help", probe=False).out == project.ssot_probe("--help").out


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(project: Project, name: str) -> None:
    outcome = project.ssot_probe(name, "--help")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: ssot-probe {name} ")
    assert max(map(len, outcome.out.splitlines())) <= 100


def test_no_command_shows_the_help(project: Project) -> None:
    outcome = project.ssot_probe()

    assert "Commands:" in outcome.out + outcome.err


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["--no-such-option"], ["report", "--no-such-option", "x"]]
)
def test_wrong_use_is_exit_code_two(project: Project, arguments: list[str]) -> None:
    outcome = project.ssot_probe(*arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert "no-such" in outcome.err
    assert "Traceback" not in outcome.err


def test_help_loads_nothing_heavy(project: Project) -> None:
    tell = """\
import sys
from ssot_probe.cli import execute
execute(["--help"])
heavy = {"rich", "wrapt", "objgraph", "opentelemetry", "asyncio", "ssot_probe.observe", "ssot_probe.analysis"}
print("loaded", sorted(heavy & set(sys.modules)))
"""
    outcome = project.run("-c", tell, probe=False)

    assert outcome.out.endswith("loaded []\n")


def test_explain_lists_all_findings(project: Project) -> None:
    outcome = project.ssot_probe("explain")

    assert (outcome.code, outcome.err) == (0, "")
    assert [line.split()[0] for line in outcome.out.splitlines()] == CODES


@pytest.mark.parametrize("code", CODES)
def test_every_finding_is_explained(project: Project, code: str) -> None:
    outcome = project.ssot_probe("explain", code)

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{code} ")
    assert all(heading in outcome.out for heading in ("claims", "proves", "silent", "mend"))


def test_a_finding_is_found_by_its_name_and_in_small_letters(project: Project) -> None:
    expected = project.ssot_probe("explain", "SSOT301").out

    assert project.ssot_probe("explain", "ssot301").out == expected
    assert project.ssot_probe("explain", "cross-user-instance").out == expected


def test_an_unknown_finding_is_wrong_use_with_the_nearest_one(project: Project) -> None:
    outcome = project.ssot_probe("explain", "SSOT3011")

    assert (outcome.code, outcome.out) == (2, "")
    assert "did you mean SSOT301?" in outcome.err


@pytest.mark.parametrize("to_group", [False, True], ids=["command alone", "whole group"])
def test_the_demo_can_be_interrupted_and_leaves_no_service_behind(project: Project, to_group: bool) -> None:
    process = project.start([project.command, "demo"], probe=False, start_new_session=True)
    port = int(line_of(process.stdout, "   listening on").partition(",")[0].rpartition(":")[2])

    if to_group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)

    assert (process.returncode, err.strip()) == (130, "interrupted")
    assert "Traceback" not in out
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_the_demo_says_what_it_needs(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    hide = "import sys\nsys.modules['uvicorn'] = sys.modules['starlette'] = None\n"
    run = "from ssot_probe.cli import main\nmain()\n"
    project.write({"demo.py": f"{hide}{run}"})

    outcome = project.run("demo.py", "demo", probe=False)

    assert (outcome.code, outcome.out) == (2, "")
    assert "pip install" in outcome.err
    assert "uvicorn" in outcome.err


@pytest.mark.parametrize(
    "name",
    [
        "--version",
        "explain",
        "doctor",
    ],
)
def test_a_closed_standard_output_is_no_crash(project: Project, name: str) -> None:
    shell = ["sh", "-c", 'exec "$@" >&-', "sh", project.command, name]

    outcome = project.execute(shell, probe=False, environment={"SSOT_PROBE": "1"})

    assert outcome.code == 0
    assert "Traceback" not in outcome.err


def test_the_command_works_with_the_wheel_and_click_and_rich_only_where_that_is_all_it_needs(
    tmp_path_factory: pytest.TempPathFactory, target_tree: object, project: Project
) -> None:
    environment: Installation = make_bare(tmp_path_factory.mktemp("thin") / "venv")
    unpack_wheel(environment)
    names = ("click", "rich", "pygments", "markdown_it", "mdurl", "commonmark", "tomli", "colorama")
    for name in names:
        source = os.path.join(str(target_tree), name)
        if os.path.isdir(source):
            (environment.site_packages / name).symlink_to(source)

    outcome = project.execute([environment.python, "-m", "ssot_probe", "explain", "SSOT101"], probe=False)

    assert (outcome.code, outcome.err) == (0, "")
