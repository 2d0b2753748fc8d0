"""`ssot-probe doctor`: its answer is what really happens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from process.installation import CHECKOUT, Installation, old_interpreters
from process.project import SHOP, Outcome, Project

ON = {"SSOT_PROBE": "1"}


def doctor(project: Project, *command: str, environment: dict[str, str] | None = None) -> Outcome:
    arguments = ["--", *command] if command else []
    chosen = {"SSOT_PROBE_DIR": str(project.recordings), **(ON if environment is None else environment)}
    return project.ssot_probe("doctor", *arguments, environment=chosen)


def is_active(outcome: Outcome) -> bool:
    last = outcome.out.splitlines()[-1]
    assert last in ("The probe would be active.", "The probe would NOT be active.")
    assert outcome.code == (0 if last == "The probe would be active." else 3)
    assert "Traceback" not in outcome.err
    return outcome.code == 0


def test_all_is_well(shop: Project) -> None:
    outcome = doctor(shop)

    assert is_active(outcome)
    assert not [line for line in outcome.out.splitlines() if line.startswith("fail")]
    assert "ssot_probe.pth" in outcome.out
    assert "order-manager" in outcome.out
    assert str(shop.recordings) in outcome.out


def test_nothing_is_written_and_nothing_is_run(shop: Project) -> None:
    shop.write({"prog.py": "open('ran', 'w').close()\n"})

    doctor(shop, shop.python, "prog.py")

    assert not shop.has_recorded()
    assert not (shop.root / "ran").exists()


@pytest.mark.parametrize("value", [{}, {"SSOT_PROBE": ""}, {"SSOT_PROBE": "0"}])
def test_a_probe_that_is_off_is_told(shop: Project, value: dict[str, str]) -> None:
    outcome = doctor(shop, environment=value)

    assert not is_active(outcome)
    assert "SSOT_PROBE=1" in outcome.out


@pytest.mark.parametrize(
    ("options", "word"),
    [
        pytest.param(["-S"], "-S", id="-S"),
        pytest.param(["-IS"], "-S", id="-IS"),
        pytest.param(["-S", "-E"], "-S", id="-S -E"),
        pytest.param(["-X", "dev", "-S"], "-S", id="after an option with a value"),
    ],
)
def test_an_interpreter_without_site_is_told(shop: Project, options: list[str], word: str) -> None:
    command = [shop.python, *options, "prog.py"]

    outcome = doctor(shop, *command)

    assert not is_active(outcome)
    assert word in outcome.out
    shop.execute(command)
    assert not shop.has_recorded()


@pytest.mark.parametrize(
    "options", [["-I"], ["-E"], ["-s"], ["-P"], ["-X", "dev"], ["-c", "pass", "-S"], ["prog.py", "-S"]]
)
def test_other_options_do_not_matter_where_the_wheel_is_installed(shop: Project, options: list[str]) -> None:
    if options == ["-P"] and sys.version_info < (3, 11):
        pytest.skip("-P came with Python 3.11")
    assert is_active(doctor(shop, shop.python, *options))


def test_an_environment_without_the_package_is_told(shop: Project, bare: Installation) -> None:
    outcome = doctor(shop, bare.python, "prog.py")

    assert not is_active(outcome)
    assert "ssot_probe cannot be imported there" in outcome.out


def test_a_package_without_its_start_up_file_is_told(
    shop: Project, bare: Installation, target_tree: Path
) -> None:
    environment = ON | {"PYTHONPATH": str(target_tree)}

    outcome = doctor(shop, bare.python, "prog.py", environment=environment)

    assert not is_active(outcome)
    assert "ssot-probe run" in outcome.out


def test_a_start_up_file_that_lies_where_none_is_read_is_told(
    shop: Project, bare: Installation, target_tree: Path
) -> None:
    environment = ON | {"PYTHONPATH": str(target_tree)}

    outcome = doctor(shop, bare.python, "prog.py", environment=environment)

    assert (target_tree / "ssot_probe.pth").is_file()
    shop.execute([bare.python, "prog.py"], environment)
    assert not shop.has_recorded()
    assert not is_active(outcome)


def test_the_launcher_makes_it_active(shop: Project, bare: Installation) -> None:
    command = [
        "run",
        "--out",
        str(shop.recordings),
        "--",
        shop.command,
        "doctor",
        "--",
        bare.python,
        "prog.py",
    ]

    outcome = shop.ssot_probe(*command)

    assert is_active(outcome)


@pytest.mark.parametrize("option", ["-E", "-I", "-Es"])
def test_an_interpreter_that_ignores_the_launcher_is_told(
    shop: Project, bare: Installation, option: str
) -> None:
    command = ["run", "--", shop.command, "doctor", "--", bare.python, option, "prog.py"]

    assert not is_active(shop.ssot_probe(*command))


def test_the_sitecustomize_example_counts(shop: Project, bare: Installation, target_tree: Path) -> None:
    ours = shop.home / "ours"
    ours.mkdir()
    (ours / "sitecustomize.py").write_text((CHECKOUT / "sitecustomize_example.py").read_text())
    environment = ON | {"PYTHONPATH": f"{ours}:{target_tree}"}

    outcome = doctor(shop, bare.python, "prog.py", environment=environment)

    assert is_active(outcome)


@pytest.mark.parametrize(
    ("files", "environment", "word"),
    [
        pytest.param({"ssot-probe.toml": "colour = 1\n"}, {}, "colour", id="unknown key"),
        pytest.param({"ssot-probe.toml": "packages = [\n"}, {}, "ssot-probe.toml", id="syntax"),
        pytest.param({}, {"SSOT_PROBE_CONFIG": "missing.toml"}, "missing.toml", id="missing policy"),
        pytest.param({}, {"SSOT_PROBE_EXPORT": "files"}, "SSOT_PROBE_EXPORT", id="exporter"),
        pytest.param({}, {"SSOT_PROBE_EXPORT": "none"}, "SSOT_PROBE_EXPORT", id="no exporter"),
        pytest.param({}, {"SSOT_PROBE_DIR": "/dev/null/x"}, "/dev/null/x", id="directory"),
        pytest.param({}, {"SSOT_PROBE_DIR": "prog.py"}, "prog.py", id="directory that is a file"),
        pytest.param({}, {"SSOT_PROBE_USER_KEY_FILE": "missing"}, "missing", id="key"),
    ],
)
def test_settings_that_switch_it_off_are_told(
    shop: Project, files: dict[str, str], environment: dict[str, str], word: str
) -> None:
    shop.write(files)

    outcome = doctor(shop, environment=ON | environment)

    assert not is_active(outcome)
    (told,) = (line for line in outcome.out.splitlines() if line.startswith("fail"))
    assert word in told


def test_a_missing_policy_is_a_note(project: Project) -> None:
    outcome = doctor(project)

    assert is_active(outcome)
    assert "inferred" in outcome.out


def test_a_script_is_asked_through_its_first_line(shop: Project, bare: Installation) -> None:
    shop.write({"service": f"#!{bare.python}\n{SHOP['prog.py']}"})
    (shop.root / "service").chmod(0o755)

    assert "cannot be imported there" in doctor(shop, "./service").out


@pytest.mark.parametrize(
    "line", ["#!/usr/bin/env python\n", "#!/usr/bin/env -S python -I\n", "#!PYTHON -I\n"]
)
def test_first_lines_of_all_forms_are_understood(shop: Project, line: str) -> None:
    shop.write({"service": line.replace("PYTHON", shop.python) + SHOP["prog.py"]})
    (shop.root / "service").chmod(0o755)

    outcome = doctor(shop, "./service")

    assert is_active(outcome)
    assert "is Python 3." in outcome.out


def test_a_first_line_with_an_option_that_switches_it_off_is_told(shop: Project) -> None:
    shop.write({"service": f"#!{shop.python} -S\n{SHOP['prog.py']}"})
    (shop.root / "service").chmod(0o755)

    assert not is_active(doctor(shop, "./service"))


def test_of_another_program_nothing_is_known_which_is_no_good_news(shop: Project) -> None:
    outcome = doctor(shop, "cat", "prog.py")

    assert outcome.code == 3
    assert "cat is no Python program" in outcome.out
    assert outcome.out.splitlines()[-1] == "It is not known whether the probe would be active."


def test_a_command_that_does_not_exist_is_wrong_use(shop: Project) -> None:
    outcome = doctor(shop, "no-such-command")

    assert (outcome.code, outcome.out) == (2, "")
    assert "no-such-command" in outcome.err


def test_a_python_that_does_not_start_is_wrong_use(shop: Project) -> None:
    shop.write({"python3": "#!/bin/sh\nexit 1\n"})
    (shop.root / "python3").chmod(0o755)

    outcome = doctor(shop, "./python3", "prog.py")

    assert outcome.code == 2
    assert "does not answer" in outcome.err


def test_the_working_directory_cannot_mislead_it(shop: Project) -> None:
    shop.write({"json.py": "raise SystemExit('shadowed')\n", "wrapt.py": "raise SystemExit('shadowed')\n"})

    assert is_active(doctor(shop, shop.python, "prog.py"))


def test_an_interpreter_that_is_too_old_is_told(shop: Project) -> None:
    found = old_interpreters()
    if not found:
        pytest.skip("no Python before 3.10 found on PATH or below PYENV_ROOT")
    for python in found:
        outcome = doctor(shop, python, "prog.py")

        assert not is_active(outcome)
        assert "Python 3.10 or later" in outcome.out


@pytest.mark.parametrize("command", [["-m", "pip", "list"], ["-Im", "venv", "x"], ["-m", "compileall"]])
def test_a_tool_is_told(shop: Project, command: list[str]) -> None:
    outcome = doctor(shop, shop.python, *command)

    assert not is_active(outcome)
    assert "never observed" in outcome.out


def test_an_installed_tool_is_told(shop: Project) -> None:
    assert not is_active(doctor(shop, "pip", "list"))
