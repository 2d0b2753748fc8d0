"""`ssot-probe run`."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from process.installation import Installation
from process.project import GET_MANAGER, SHOP, Project, end, line_of

LAUNCHED = {"PYTHONPATH": "/first" + os.pathsep + "/second"}

TELL_PATH = "import json, os, sys\nprint(json.dumps([sys.path, sys.argv]))\n"

WAITS = """\
import os, signal, sys, time
from shop.manager import get_manager
get_manager("anna")
def leave(signum, frame):
    os.write(1, f"got {signal.Signals(signum).name}\\n".encode())
    sys.exit(7)
signal.signal(signal.SIGTERM, leave)
signal.signal(signal.SIGINT, leave)
print("pid", os.getpid(), flush=True)
while True:
    time.sleep(60)
"""


@pytest.fixture
def launched(shop: Project, bare: Installation) -> Project:
    """The shop, whose programs are run by an interpreter that knows nothing of the probe."""
    shop.python = bare.python
    return shop


def recording_options(project: Project) -> list[str]:
    return ["--out", str(project.recordings)]


def test_a_program_is_recorded_in_an_environment_that_has_the_wheel(shop: Project) -> None:
    outcome = shop.ssot_probe("run", *recording_options(shop), "--", shop.python, "prog.py")

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    assert shop.recorded().calls(GET_MANAGER) == 1
    assert shop.recorded().states() == ["started", "stopped"]


def test_a_program_is_recorded_by_an_interpreter_that_has_no_ssot_probe(launched: Project) -> None:
    outcome = launched.ssot_probe("run", *recording_options(launched), "--", launched.python, "prog.py")

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    assert launched.recorded().calls(GET_MANAGER) == 1


def test_a_program_is_recorded_from_a_target_tree(launched: Project, target_tree: Path) -> None:
    environment = {"PYTHONPATH": str(target_tree)}
    command = [launched.python, "-m", "ssot_probe", "run", *recording_options(launched), "--"]

    outcome = launched.execute([*command, launched.python, "prog.py"], environment, probe=False)

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    assert launched.recorded().calls(GET_MANAGER) == 1


def test_the_console_command_of_a_target_tree_works(launched: Project, target_tree: Path) -> None:
    environment = {"PYTHONPATH": str(target_tree)}
    command = [str(target_tree / "bin" / "ssot-probe"), "run", *recording_options(launched), "--"]

    outcome = launched.execute([*command, launched.python, "prog.py"], environment, probe=False)

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    assert launched.recorded().calls(GET_MANAGER) == 1


def test_a_program_is_recorded_from_an_editable_installation(shop: Project, editable: Installation) -> None:
    command = [editable.command, "run", *recording_options(shop), "--", editable.python, "prog.py"]

    outcome = shop.execute(command, probe=False)

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    assert shop.recorded().calls(GET_MANAGER) == 1


def test_the_process_becomes_the_command(shop: Project) -> None:
    shop.write({"waits.py": WAITS})
    command = [shop.command, "run", *recording_options(shop), "--", shop.python, "waits.py"]

    process = shop.start(command, probe=False)
    said = line_of(process.stdout, "pid")
    outcome = end(process, signal.SIGTERM)

    assert said == f"pid {process.pid}"
    assert (outcome.code, outcome.out, outcome.err) == (7, "got SIGTERM\n", "")
    assert shop.recorded().pids == [process.pid]


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_exit_code_is_the_commands(launched: Project, code: int) -> None:
    outcome = launched.ssot_probe("run", "--", launched.python, "-c", f"import sys; sys.exit({code})")

    assert outcome.code == code


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_ends_the_command_ends_the_launcher(launched: Project, signum: signal.Signals) -> None:
    number = int(signum)
    end = f"{number} == signal.SIGKILL or signal.signal({number}, signal.SIG_DFL)"  # may be ignored here
    kill = f"import os, signal; {end}; os.kill(os.getpid(), {number})"

    outcome = launched.ssot_probe("run", "--", launched.python, "-c", kill)

    assert outcome.code == -signum


def test_standard_input_reaches_the_command(launched: Project) -> None:
    outcome = launched.ssot_probe("run", "--", launched.python, "-c", "print(input())", stdin="hello\n")

    assert outcome.out == "hello\n"


@pytest.mark.parametrize("given", ["/first:/second", ":/first::/second", "/first:", "", None])
def test_the_path_of_the_command_is_as_without_the_launcher(
    shop: Project, bare: Installation, given: str | None
) -> None:
    environment = {} if given is None else {"PYTHONPATH": given}
    shop.write({"path.py": TELL_PATH})
    for python in (shop.python, bare.python):
        plain = shop.execute([python, "path.py", "x", "-y"], environment, probe=False)
        launched = shop.ssot_probe("run", "--", python, "path.py", "x", "-y", environment=environment)

        path, arguments = json.loads(launched.out)
        expected_path, expected_arguments = json.loads(plain.out)
        assert arguments == expected_arguments
        # Where the interpreter has no ssot_probe, the package's own place comes last.
        assert path[: len(expected_path)] == expected_path
        assert len(path) - len(expected_path) <= (python == bare.python)


def test_a_launcher_in_a_launcher_adds_nothing(launched: Project) -> None:
    tell = "import os; print(os.environ['PYTHONPATH'])"
    once = ["run", "--", launched.command, "run", "--", launched.python, "-c", tell]

    outcome = launched.ssot_probe(*once, environment=LAUNCHED)

    first, *others = outcome.out.strip().split(os.pathsep)
    assert first.endswith(os.path.join("ssot_probe", "bootstrap"))
    assert others == ["/first", "/second"]


def test_children_are_recorded_too(launched: Project) -> None:
    launched.write(
        {"parent.py": "import subprocess, sys\nsubprocess.run([sys.executable, 'prog.py'], check=True)\n"}
    )

    outcome = launched.ssot_probe("run", *recording_options(launched), "--", launched.python, "parent.py")

    assert outcome.out == "OrderManager\n"
    (child,) = launched.recorded().users_of(GET_MANAGER)
    assert child != outcome.pid


def test_python_children_of_another_program_are_recorded(launched: Project) -> None:
    script = f"echo before; {launched.python} prog.py; exit 5"

    outcome = launched.ssot_probe("run", *recording_options(launched), "--", "sh", "-c", script)

    assert (outcome.code, outcome.out, outcome.err) == (5, "before\nOrderManager\n", "")
    assert launched.recorded().calls(GET_MANAGER) == 1


def test_the_options_reach_the_recording(launched: Project) -> None:
    policy = launched.root / "ssot-probe.toml"
    policy.rename(launched.root / "elsewhere.toml")
    options = ["--config", "elsewhere.toml", "--out", "records", "--service", "the shop"]

    launched.ssot_probe("run", *options, "--", launched.python, "prog.py")
    launched.recordings = launched.root / "records"

    assert launched.recorded().services == ["the shop"]
    assert launched.recorded().calls(GET_MANAGER) == 1


def test_what_the_environment_says_holds_where_no_option_is_given(launched: Project) -> None:
    environment = {
        "SSOT_PROBE": "0",
        "SSOT_PROBE_DIR": str(launched.recordings),
        "OTEL_SERVICE_NAME": "named before",
        "SSOT_PROBE_CONFIG": str(launched.root / "ssot-probe.toml"),
    }

    launched.ssot_probe("run", "--", launched.python, "prog.py", environment=environment)

    assert launched.recorded().services == ["named before"]


def test_a_script_is_found_by_its_first_line(launched: Project) -> None:
    launched.write({"prog": f"#!{launched.python}\n" + SHOP["prog.py"]})
    (launched.root / "prog").chmod(0o755)

    outcome = launched.ssot_probe("run", *recording_options(launched), "--", "./prog")

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")
    assert launched.recorded().calls(GET_MANAGER) == 1


def test_a_command_is_searched_on_the_path(launched: Project) -> None:
    outcome = launched.ssot_probe("run", *recording_options(launched), "--", "python", "prog.py")

    assert outcome.code == 0
    assert launched.recorded().calls(GET_MANAGER) == 1


def test_the_command_may_stand_without_dashes_before_it(launched: Project) -> None:
    outcome = launched.ssot_probe("run", *recording_options(launched), launched.python, "-m", "shop")

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    assert launched.recorded().calls(GET_MANAGER) == 1


def test_options_of_the_command_are_its_own(launched: Project) -> None:
    tell = "import sys; print(sys.argv[1:])"

    outcome = launched.ssot_probe(
        "run", "--", launched.python, "-c", tell, "--out", "x", "--help", "--", "-v"
    )

    assert outcome.out == "['--out', 'x', '--help', '--', '-v']\n"


@pytest.mark.parametrize(
    "command", ["no-such-command", "./missing.py", ".", "./not-executable", "./no-program"]
)
def test_a_command_that_cannot_be_run_is_wrong_use(launched: Project, command: str) -> None:
    launched.write({"not-executable": "#!/bin/sh\n", "no-program": "\0\0\0"})
    (launched.root / "no-program").chmod(0o755)

    outcome = launched.ssot_probe("run", "--", command, "x")

    assert (outcome.code, outcome.out) == (2, "")
    assert command.removeprefix("./") in outcome.err
    assert "Traceback" not in outcome.err


def test_no_command_is_wrong_use(launched: Project) -> None:
    outcome = launched.ssot_probe("run", "--")

    assert outcome.code == 2
    assert "COMMAND" in outcome.err


def test_a_policy_that_does_not_exist_is_wrong_use(launched: Project) -> None:
    outcome = launched.ssot_probe("run", "--config", "missing.toml", "--", launched.python, "prog.py")

    assert (outcome.code, outcome.out) == (2, "")
    assert "missing.toml" in outcome.err


def test_a_bad_policy_is_told_by_the_program_and_does_not_stop_it(launched: Project) -> None:
    launched.write({"bad.toml": "colour = 1\n"})

    outcome = launched.ssot_probe("run", "--config", "bad.toml", "--", launched.python, "prog.py")

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")
    assert len(outcome.err.splitlines()) == 1
    assert "bad.toml" in outcome.err


def test_the_command_runs_where_standard_output_is_closed(launched: Project) -> None:
    program = "import os, sys; os.write(2, b'ran')"
    shell = ["sh", "-c", 'exec "$@" >&-', "sh"]

    outcome = launched.execute(
        [*shell, launched.command, "run", "--", launched.python, "-c", program], probe=False
    )

    assert (outcome.code, outcome.err) == (0, "ran")


def test_an_isolated_interpreter_without_the_wheel_runs_unrecorded(launched: Project) -> None:
    launched.write({"prog.py": "print('ran')\n"})

    outcome = launched.ssot_probe("run", *recording_options(launched), "--", launched.python, "-I", "prog.py")

    assert (outcome.code, outcome.out, outcome.err) == (0, "ran\n", "")
    assert not launched.has_recorded()


@pytest.mark.skipif(sys.platform != "linux", reason="reads the descriptors from /proc")
def test_the_command_inherits_no_descriptor_of_the_launcher(launched: Project) -> None:
    tell = "import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])"

    launched_by = launched.ssot_probe("run", "--", launched.python, "-c", tell)

    assert launched_by.out == launched.run("-c", tell, probe=False).out
