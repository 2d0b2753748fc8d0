"""Whatever is wrong with the probe and whatever the program does, it does the same as without the probe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from process.installation import make_bare, unpack_wheel
from process.project import OFF, Outcome, Project, off_lines, without_off_lines

TALKS = """\
import atexit, sys
import shop.manager
atexit.register(print, "at exit")
print("out", shop.manager.get_manager("anna").user_id)
print("err", file=sys.stderr)
"""

PROGRAMS = {
    "ends": TALKS,
    "exits with a code": TALKS + "sys.exit(3)\n",
    "exits with a message": TALKS + "sys.exit('a message')\n",
    "raises": TALKS + "def fails():\n    raise ValueError('of the program')\nfails()\n",
    "raises in a class body": TALKS + "class Broken:\n    raise ValueError('in a class')\n",
    "raises while it is imported": TALKS + "import failing\n",
    "raises a group of causes": TALKS
    + "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('k') from e\n",
    "lacks a module": TALKS + "import no_such_module\n",
    "lacks a name": TALKS + "from shop.manager import no_such_name\n",
    "calls a factory wrongly": TALKS + "shop.manager.get_manager()\n",
    "is killed": TALKS + "sys.stdout.flush()\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "is terminated": TALKS + "sys.stdout.flush()\nimport os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n",
    "is interrupted": TALKS
    + "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n",
    "aborts": TALKS + "sys.stdout.flush()\nimport os\nos.abort()\n",
    "leaves at once": TALKS + "sys.stdout.flush()\nimport os\nos._exit(4)\n",
    "becomes another": TALKS
    + "sys.stdout.flush()\nimport os\n"
    + "os.execv(sys.executable, [sys.executable, '-c', 'print(6); raise SystemExit(6)'])\n",
    "recurses without end": TALKS + "def again():\n    again()\nagain()\n",
    "fails at exit": TALKS + "def fail():\n    raise ValueError('at exit')\natexit.register(fail)\n",
    "fails in a thread": TALKS
    + "import threading\nt = threading.Thread(target=lambda: 1 / 0, name='worker')\nt.start()\nt.join()\n",
    "leaves a daemon thread": TALKS
    + "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n",
    "warns": TALKS + "import warnings\nwarnings.warn('of the program', stacklevel=1)\n",
    "closes its streams": TALKS
    + "sys.stdout.flush()\nimport os\nfor d in (0, 1, 2): os.close(d)\nos._exit(0)\n",
    "closes all descriptors": TALKS + "sys.stdout.flush()\nimport os\nos.closerange(3, 256)\n",
    "clears the finders": TALKS + "import shop.manager\nsys.meta_path.clear()\n",
    "clears the modules": TALKS + "sys.modules.clear()\n",
    "forgets the package": TALKS
    + "for name in list(sys.modules):\n    if name.startswith('shop'): del sys.modules[name]\n"
    + "import shop.manager\nprint('again')\n",
    "reloads": TALKS
    + "import importlib\nimportlib.reload(shop.manager)\nprint(shop.manager.get_manager('b').user_id)\n",
    "changes its directory": TALKS + "import os, tempfile\nos.chdir(tempfile.gettempdir())\n",
}
FILES = {"failing.py": "print('failing')\nraise RuntimeError('while imported')\n"}

POLICY = "SSOT_PROBE_CONFIG"
DIRECTORY = "SSOT_PROBE_DIR"


def same_with_and_without(project: Project, *arguments: str, **options: Any) -> Outcome:
    """Run a program without the probe and with it; assert that nobody can tell, but for one line."""
    without = project.run(*arguments, probe=False, **options)
    with_probe = project.run(*arguments, **options)

    assert (with_probe.code, with_probe.out) == (without.code, without.out)
    assert comparable(with_probe.err) == comparable(without.err)
    assert len(off_lines(with_probe.err)) <= 1
    return with_probe


def comparable(err: str) -> str:
    """Return what was said on standard error without addresses, and without our frame around a factory."""
    own_frame = re.compile(
        r'^  File ".*/ssot_probe/observe/wrappers\.py", line .*\n(    .*\n)*', re.MULTILINE
    )
    return re.sub(r"0x[0-9a-f]+", "0x", own_frame.sub("", without_off_lines(err)))


@pytest.fixture
def talking(shop: Project) -> Project:
    shop.write(FILES)
    return shop


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_a_program_ends_as_without_the_probe_when_it(talking: Project, name: str) -> None:
    if name == "calls a factory wrongly" and sys.version_info < (3, 11):
        pytest.skip("its traceback shows one frame of the probe on 3.10, as the README says")
    talking.write({"prog.py": PROGRAMS[name]})

    outcome = same_with_and_without(talking, "prog.py")

    assert off_lines(outcome.err) == []
    assert outcome.out.startswith("out anna\n")


def broken_policy(text: str) -> Callable[[Project], dict[str, str]]:
    def prepare(project: Project) -> dict[str, str]:
        project.write({"ssot-probe.toml": text})
        return {}

    return prepare


def variable(name: str, value: str) -> Callable[[Project], dict[str, str]]:
    return lambda project: {name: value.replace("ROOT", str(project.root))}


def key_file(content: bytes, mode: int) -> Callable[[Project], dict[str, str]]:
    def prepare(project: Project) -> dict[str, str]:
        path = project.home / "key"
        path.write_bytes(content)
        path.chmod(mode)
        return {"SSOT_PROBE_USER_KEY_FILE": str(path)}

    return prepare


TOLD = {
    "a policy with a syntax error": (broken_policy("packages = [\n"), "ssot-probe.toml"),
    "a policy with an unknown key": (broken_policy("package = ['shop']\n"), "package"),
    "a policy of wrong types": (broken_policy("packages = 1\n"), "packages"),
    "a policy that is no text": (broken_policy("\0\0"), "ssot-probe.toml"),
    "a policy that does not exist": (variable(POLICY, "ROOT/missing.toml"), "missing.toml"),
    "a policy that is a directory": (variable(POLICY, "ROOT"), "project"),
    "a policy below a file": (variable(POLICY, "ROOT/prog.py/x.toml"), "x.toml"),
    "an unknown exporter": (variable("SSOT_PROBE_EXPORT", "files"), "SSOT_PROBE_EXPORT"),
    "a key that others may read": (key_file(b"k" * 32, 0o644), "SSOT_PROBE_USER_KEY_FILE"),
    "a key that is too short": (key_file(b"k", 0o600), "SSOT_PROBE_USER_KEY_FILE"),
    "a key that does not exist": (
        variable("SSOT_PROBE_USER_KEY_FILE", "ROOT/none"),
        "SSOT_PROBE_USER_KEY_FILE",
    ),
}
"""What is wrong, and a word of the line that tells it."""

SILENT = {
    "a directory below a file": variable(DIRECTORY, "ROOT/prog.py/recording"),
    "a directory that is a file": variable(DIRECTORY, "ROOT/prog.py"),
    "a directory below a device": variable(DIRECTORY, "/dev/null/recording"),
    "a directory with a null in its name": variable(DIRECTORY, "ROOT/re\udc80cording"),
    "a directory with an endless name": variable(DIRECTORY, "ROOT/" + "r" * 300),
    "a dead collector": variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
    "a collector that is no address": variable("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense"),
    "attributes that are none": variable("OTEL_RESOURCE_ATTRIBUTES", "=,,x,=y,%"),
    "no home": variable("HOME", ""),
}


@pytest.mark.parametrize("program", ["ends", "exits with a code", "raises"])
@pytest.mark.parametrize("name", TOLD)
def test_what_switches_the_probe_off_is_one_line_on_standard_error(
    talking: Project, name: str, program: str
) -> None:
    prepare, word = TOLD[name]
    talking.write({"prog.py": PROGRAMS[program]})
    environment = prepare(talking)

    outcome = same_with_and_without(talking, "prog.py", environment=environment)

    (line,) = off_lines(outcome.err)
    assert word in line
    assert not talking.has_recorded()


@pytest.mark.parametrize("program", ["ends", "exits with a code"])
@pytest.mark.parametrize("name", SILENT)
def test_what_only_loses_records_is_not_told_to_the_service(
    talking: Project, name: str, program: str
) -> None:
    talking.write({"prog.py": PROGRAMS[program]})

    outcome = same_with_and_without(talking, "prog.py", environment=SILENT[name](talking))

    assert off_lines(outcome.err) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable for root")
def test_a_directory_that_cannot_be_written_is_not_told_to_the_service(talking: Project) -> None:
    talking.recordings.mkdir(mode=0o500)

    outcome = same_with_and_without(talking, "prog.py")

    assert off_lines(outcome.err) == []


def test_a_full_disk_is_not_told_to_the_service(talking: Project) -> None:
    talking.write({"prog.py": TALKS})
    shell = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", talking.python, "prog.py"]

    without = talking.execute(shell, probe=False)
    with_probe = talking.execute(shell)

    assert with_probe[:3] == without[:3] == (0, "out anna\nat exit\n", "err\n")


@pytest.mark.parametrize("program", ["ends", "exits with a code", "raises"])
@pytest.mark.parametrize("policy", ["good", "bad"])
@pytest.mark.parametrize("redirection", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-", "2>/dev/full", ">/dev/full"])
def test_streams_that_are_closed_or_full_change_nothing(
    talking: Project, redirection: str, policy: str, program: str
) -> None:
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("/dev/full is of Linux")
    talking.write({"prog.py": PROGRAMS[program]})
    if policy == "bad":
        talking.write({"ssot-probe.toml": "packages = 1\n"})
    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh", talking.python, "prog.py"]

    without = talking.execute(shell, probe=False)
    with_probe = talking.execute(shell)

    assert with_probe[:2] == without[:2]
    assert without_off_lines(with_probe.err) == without.err


@pytest.mark.parametrize("shown", ["here", "elsewhere"])
def test_a_current_directory_that_is_gone_changes_nothing(talking: Project, shown: str) -> None:
    talking.write({"prog.py": TALKS})
    gone = f"mkdir -p {talking.home}/gone && cd {talking.home}/gone && rmdir {talking.home}/gone"
    shell = ["sh", "-c", f'{gone} && exec "$@"', "sh", talking.python, str(talking.root / "prog.py")]
    environment = {} if shown == "elsewhere" else {DIRECTORY: "ssot-probe-data"}

    without = talking.execute(shell, probe=False)
    with_probe = talking.execute(shell, environment)

    assert with_probe[:2] == without[:2] == (0, "out anna\nat exit\n")
    assert without_off_lines(with_probe.err) == without.err
    assert len(off_lines(with_probe.err)) == (shown == "here")
    assert talking.has_recorded() == (shown == "elsewhere")


def test_the_line_is_written_once_although_a_virtual_environment_runs_the_start_up_file_twice(
    talking: Project,
) -> None:
    talking.write({"ssot-probe.toml": "packages = 1\n"})

    outcome = talking.run("-X", "dev", "prog.py")

    assert len(off_lines(outcome.err)) == 1


def test_the_line_is_written_once_where_all_ways_in_are_taken(talking: Project) -> None:
    talking.write({"ssot-probe.toml": "packages = 1\n", "prog.py": "import ssot_probe.auto\n"})

    outcome = talking.ssot_probe("run", "--", talking.python, "prog.py")

    assert outcome.err.count(OFF) == 1
    assert len(outcome.err.splitlines()) == 1


def test_debugging_shows_the_traceback_instead(talking: Project) -> None:
    talking.write({"ssot-probe.toml": "packages = 1\n"})

    outcome = talking.run("prog.py", environment={"SSOT_PROBE_DEBUG": "1"})

    assert outcome.err.startswith("Traceback (most recent call last):")
    assert outcome.err.count("Traceback") == 1


def test_a_package_that_was_removed_by_hand_does_not_stop_the_program(
    tmp_path: Path, talking: Project
) -> None:
    environment = make_bare(tmp_path / "half")
    unpack_wheel(environment)
    (environment.site_packages / "ssot_probe" / "startup.py").unlink()
    talking.python = environment.python

    outcome = talking.run("prog.py")

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")


@pytest.mark.parametrize("missing", ["wrapt", "objgraph", "opentelemetry"])
def test_a_dependency_that_is_missing_does_not_stop_the_program(
    tmp_path: Path, talking: Project, missing: str, target_tree: Path
) -> None:
    environment = make_bare(tmp_path / "partly")
    unpack_wheel(environment)
    for path in target_tree.iterdir():
        if path.name != missing and not path.name.startswith(("ssot_probe", "bin")):
            target = environment.site_packages / path.name.removesuffix(".py")
            (target if path.is_dir() else environment.site_packages / path.name).symlink_to(path)
    talking.python = environment.python
    talking.write({"prog.py": TALKS})

    same_with_and_without(talking, "prog.py")


TOOLS = {
    "pip": ["-m", "pip", "--version"],
    "venv": ["-m", "venv", "--without-pip", "made"],
    "compileall": ["-m", "compileall", "-q", "shop"],
    "py_compile": ["-m", "py_compile", "prog.py"],
    "ssot_probe": ["-m", "ssot_probe", "--version"],
    "zipapp": ["-m", "zipapp", "shop", "-o", "shop.pyz"],
    "ensurepip": ["-m", "ensurepip", "--version"],
    "sysconfig": ["-m", "sysconfig"],
    "options before": ["-X", "utf8", "-W", "ignore", "-m", "pip", "--version"],
    "no space": ["-mpip", "--version"],
    "clustered": ["-Im", "pip", "--version"],
}


@pytest.mark.parametrize("name", TOOLS)
def test_tools_are_not_recorded(talking: Project, name: str) -> None:
    outcome = talking.run(*TOOLS[name], environment={"PYTHONDONTWRITEBYTECODE": ""})

    assert outcome.code == 0, outcome.err
    assert off_lines(outcome.err) == []
    assert not talking.has_recorded()


@pytest.mark.parametrize("name", TOOLS)
def test_tools_are_not_disturbed_by_a_bad_policy(talking: Project, name: str) -> None:
    talking.write({"ssot-probe.toml": "packages = 1\n"})

    outcome = talking.run(*TOOLS[name])

    assert (outcome.code, off_lines(outcome.err)) == (0, [])


def test_installed_tools_are_not_recorded(talking: Project) -> None:
    directory = os.path.dirname(talking.python)
    for command in ("pip", "ssot-probe"):
        outcome = talking.execute([os.path.join(directory, command), "--version"])
        assert outcome.code == 0

    assert not talking.has_recorded()


def test_building_a_project_records_nothing(talking: Project) -> None:
    talking.write(
        {
            "pyproject.toml": """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
""",
            "backend.py": """\
import zipfile
class OrderManager:
    pass
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    OrderManager()
    name = "shop-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{wheel_directory}/{name}", "w") as archive:
        archive.writestr("shop.py", "")
        for file, text in {
            "METADATA": "Metadata-Version: 2.1\\nName: shop\\nVersion: 1.0\\n",
            "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
            "RECORD": "",
        }.items():
            archive.writestr(f"shop-1.0.dist-info/{file}", text)
    return name
""",
            "ssot-probe.toml": "packages = ['backend']\n",
        }
    )
    offline = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    outcome = talking.run("-m", "pip", "wheel", "--no-deps", "-w", "made", ".", environment=offline)

    assert outcome.code == 0, outcome.err
    assert not talking.has_recorded()
