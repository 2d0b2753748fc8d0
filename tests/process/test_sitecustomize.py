"""`sitecustomize_example.py`, copied to where a service starts from, in front of somebody else's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from process.installation import CHECKOUT, Installation, old_interpreters
from process.project import GET_MANAGER, POLICY, Project

EXAMPLE = CHECKOUT / "sitecustomize_example.py"

HIDDEN = """\
import builtins, os, sys
builtins.hidden_runs = getattr(builtins, "hidden_runs", 0) + 1
is_registered = vars(sys.modules.get("sitecustomize", sys)) is globals()
told = (__name__, os.path.basename(os.path.dirname(__file__)), is_registered)
"""

PROGRAM = """\
import builtins, sys
import sitecustomize
from shop.manager import get_manager
get_manager("anna")
print(builtins.hidden_runs, sitecustomize.told, sys.modules["sitecustomize"] is sitecustomize)
"""


class Place:
    """A program, an interpreter without the wheel, and directories that PYTHONPATH names in order."""

    def __init__(self, project: Project, package: Path) -> None:
        self.project = project
        self.ours = project.root.parent / "ours"
        self.theirs = project.root.parent / "theirs"
        self._package = package
        for directory in (self.ours, self.theirs):
            directory.mkdir()
        (self.ours / "sitecustomize.py").write_text(EXAMPLE.read_text())

    def hide(self, text: str) -> None:
        """Write the sitecustomize that lies behind ours."""
        (self.theirs / "sitecustomize.py").write_text(text)

    def path(self, *directories: Path) -> dict[str, str]:
        """Return the environment that names these directories, and the package behind them."""
        return {"PYTHONPATH": os.pathsep.join(map(str, [*directories, self._package]))}

    def with_and_without(
        self, program: str, probe: bool = True
    ) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
        """Run a program with our sitecustomize in front, and without it; nothing else differs."""
        self.project.write({"program.py": program})
        ours = self.project.run("program.py", environment=self.path(self.ours, self.theirs), probe=probe)
        plain = self.project.run("program.py", environment=self.path(self.theirs), probe=False)
        return ours[:3], plain[:3]


@pytest.fixture
def place(shop: Project, bare: Installation, target_tree: Path) -> Place:
    shop.python = bare.python
    return Place(shop, target_tree)


def test_the_copy_inside_the_package_is_the_example() -> None:
    copy = CHECKOUT / "src" / "ssot_probe" / "bootstrap" / "sitecustomize.py"

    assert copy.read_bytes() == EXAMPLE.read_bytes()


def test_it_starts_the_probe(place: Place) -> None:
    outcome = place.project.run("prog.py", environment=place.path(place.ours))

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    assert place.project.recorded().calls(GET_MANAGER) == 1


def test_the_hidden_one_runs_once_under_its_own_name_and_the_probe_starts(place: Place) -> None:
    place.hide(HIDDEN)

    ours, plain = place.with_and_without(PROGRAM)

    assert ours == plain == (0, "1 ('sitecustomize', 'theirs', True) True\n", "")
    assert place.project.recorded().calls(GET_MANAGER) == 1


@pytest.mark.parametrize("value", [None, "", "0"])
def test_the_hidden_one_runs_while_the_probe_is_off(place: Place, value: str | None) -> None:
    place.hide(HIDDEN)
    place.project.write({"program.py": PROGRAM})
    environment = place.path(place.ours, place.theirs) | ({} if value is None else {"SSOT_PROBE": value})

    outcome = place.project.run("program.py", environment=environment, probe=False)

    assert outcome[:3] == (0, "1 ('sitecustomize', 'theirs', True) True\n", "")
    assert not place.project.has_recorded()


def test_nothing_of_the_probe_is_loaded_while_it_is_off(place: Place) -> None:
    tell = "import sys\nprint([name for name in sys.modules if 'ssot' in name], sys.meta_path)\n"
    place.hide(HIDDEN)

    ours, plain = place.with_and_without(tell, probe=False)

    assert ours == plain
    assert ours[1].startswith("[] ")


def test_without_a_hidden_one_nothing_happens(place: Place) -> None:
    ours, plain = place.with_and_without("import sys\nprint(sys.argv)\n")

    assert ours == plain == (0, "['program.py']\n", "")


def test_a_hidden_package_runs(place: Place) -> None:
    (place.theirs / "sitecustomize").mkdir()
    (place.theirs / "sitecustomize" / "__init__.py").write_text(HIDDEN)

    ours, plain = place.with_and_without(PROGRAM)

    assert ours == plain == (0, "1 ('sitecustomize', 'sitecustomize', True) True\n", "")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("raise ValueError('in the hidden one')\n", id="error"),
        pytest.param("import no_such_module\n", id="missing module"),
        pytest.param("raise ImportError('of its own')\n", id="import error"),
        pytest.param("raise ImportError('named', name='sitecustomize')\n", id="import error that names it"),
        pytest.param("from sitecustomize import missing\n", id="missing name in itself"),
        pytest.param("this is no python\n", id="syntax error"),
        pytest.param("raise SystemExit(7)\n", id="exit"),
        pytest.param("raise KeyboardInterrupt\n", id="interrupt"),
        pytest.param("import os; os._exit(9)\n", id="immediate exit"),
    ],
)
def test_errors_of_the_hidden_one_have_the_same_effect(place: Place, text: str) -> None:
    place.hide(text)

    ours, plain = place.with_and_without("import sys\nprint('ran', 'sitecustomize' in sys.modules)\n")

    assert (ours[0], ours[1]) == (plain[0], plain[1])
    assert last_line(ours[2]) == last_line(plain[2])


def last_line(text: str) -> str:
    """Return the last line: an interpreter that cannot start writes a traceback, in which we are."""
    return text.rstrip().rpartition("\n")[2]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("sys.path.append('/appended')\n", id="append"),
        pytest.param("sys.path.insert(0, '/inserted')\n", id="insert"),
        pytest.param("sys.path.insert(sys.path.index(sys.path[-1]), '/between')\n", id="between"),
        pytest.param("sys.path.remove(sys.path[-1])\n", id="remove"),
        pytest.param("sys.path = ['/replaced', *sys.path]\n", id="replace"),
        pytest.param("sys.path.append('/appended')\nraise ValueError\n", id="append and fail"),
    ],
)
def test_what_the_hidden_one_does_to_the_path_stays(place: Place, text: str) -> None:
    place.hide("import sys\n" + text)
    tell = f"import sys\nprint([entry for entry in sys.path if entry != {str(place.ours)!r}])\n"

    ours, plain = place.with_and_without(tell)

    assert ours == plain


def test_the_directory_of_the_example_stays_on_the_path(place: Place) -> None:
    place.hide(HIDDEN)
    (place.ours / "beside.py").write_text("print('beside')\n")
    place.project.write({"program.py": "import sys, beside\nprint(sys.path)\n"})

    outcome = place.project.run("program.py", environment=place.path(place.ours, place.theirs))

    assert outcome.out.startswith(f"beside\n['{place.project.root}', '{place.ours}', '{place.theirs}'")


def test_it_works_in_the_site_packages_of_an_environment(
    place: Place, bare: Installation, tmp_path: Path, target_tree: Path
) -> None:
    place.hide(HIDDEN)
    (bare.site_packages / "sitecustomize.py").write_text(EXAMPLE.read_text())
    try:
        place.project.write({"program.py": PROGRAM})
        path = {"PYTHONPATH": str(target_tree)}
        (bare.site_packages / "their.pth").write_text(f"{place.theirs}\n")
        outcome = place.project.run("program.py", environment=path)
    finally:
        (bare.site_packages / "sitecustomize.py").unlink()
        (bare.site_packages / "their.pth").unlink()

    assert outcome[:3] == (0, "1 ('sitecustomize', 'theirs', True) True\n", "")
    assert place.project.recorded().calls(GET_MANAGER) == 1


def test_the_launcher_the_example_and_a_hidden_one_stand_in_one_row(place: Place) -> None:
    place.hide(HIDDEN)
    place.project.write({"program.py": PROGRAM})
    command = ["run", "--out", str(place.project.recordings), "--", place.project.python, "program.py"]

    outcome = place.project.ssot_probe(*command, environment=place.path(place.ours, place.theirs))

    assert outcome[:3] == (0, "1 ('sitecustomize', 'theirs', True) True\n", "")
    assert place.project.recorded().calls(GET_MANAGER) == 1
    assert place.project.recorded().states() == ["started", "stopped"]


def test_the_launcher_alone_runs_the_hidden_one(place: Place) -> None:
    place.hide(HIDDEN)
    place.project.write({"program.py": PROGRAM})
    command = ["run", "--out", str(place.project.recordings), "--", place.project.python, "program.py"]

    outcome = place.project.ssot_probe(*command, environment=place.path(place.theirs))

    assert outcome[:3] == (0, "1 ('sitecustomize', 'theirs', True) True\n", "")
    assert place.project.recorded().calls(GET_MANAGER) == 1


def test_children_run_the_hidden_one_once_as_well(place: Place) -> None:
    place.hide(HIDDEN)
    parent = "import subprocess, sys\nsubprocess.run([sys.executable, 'child.py'], check=True)\n"
    place.project.write({"program.py": parent, "child.py": PROGRAM})

    outcome = place.project.run("program.py", environment=place.path(place.ours, place.theirs))

    assert outcome[:3] == (0, "1 ('sitecustomize', 'theirs', True) True\n", "")
    assert place.project.recorded().calls(GET_MANAGER) == 1


def test_a_missing_package_is_one_line_and_the_hidden_one_runs(place: Place) -> None:
    place.hide(HIDDEN)
    place.project.write({"program.py": "import builtins\nprint(builtins.hidden_runs)\n"})
    environment = {"PYTHONPATH": f"{place.ours}{os.pathsep}{place.theirs}"}

    outcome = place.project.run("program.py", environment=environment)

    assert (outcome.code, outcome.out) == (0, "1\n")
    assert outcome.err == "ssot-probe is off: No module named 'ssot_probe'\n"


def test_another_directory_called_bootstrap_is_no_part_of_the_package(place: Place) -> None:
    directory = place.project.root / "deep" / "bootstrap"
    place.ours.rename(place.project.root / "ours")
    directory.parent.mkdir()
    (place.project.root / "ours").rename(directory)
    place.project.write({"program.py": "import sys\nprint(sys.path[1:3])\n"})

    outcome = place.project.run("program.py", environment={"PYTHONPATH": str(directory), "SSOT_PROBE": "1"})

    assert outcome.out.startswith(f"['{directory}', '{sys.base_prefix}")


@pytest.mark.parametrize("value", ["0", "1"])
def test_an_interpreter_that_is_too_old_is_left_in_peace(place: Place, value: str) -> None:
    found = old_interpreters()
    if not found:
        pytest.skip("no Python before 3.10 found on PATH or below PYENV_ROOT")
    place.hide("print('hidden')\n")
    for python in found:
        environment = place.path(place.ours, place.theirs) | {"SSOT_PROBE": value}
        outcome = place.project.execute([python, "-c", "print('ran')"], environment)

        assert outcome[:3] == (0, "hidden\nran\n", ""), python
    assert not place.project.has_recorded()


LAUNCHER = """\
import os, sys
entries = os.environ["PYTHONPATH"].split(os.pathsep)
os.environ["PYTHONPATH"] = os.pathsep.join([{front!r}, *[entry for entry in entries if entry != {front!r}]])
os.execl(sys.executable, sys.executable, *sys.argv[1:])
"""
"""As that of OpenTelemetry's instrumentation does."""

IN_FRONT = """\
import builtins, os
builtins.hidden_runs = getattr(builtins, "hidden_runs", 0) + 1
told = "in front"
front = os.path.dirname(__file__)
entries = os.environ["PYTHONPATH"].split(os.pathsep)
os.environ["PYTHONPATH"] = os.pathsep.join([front, *[entry for entry in entries if entry != front]])
"""


@pytest.fixture
def launcher(place: Place) -> Place:
    """A program that puts a sitecustomize in front that runs no other, and becomes another program."""
    front = place.project.root.parent / "front"
    front.mkdir()
    (front / "sitecustomize.py").write_text(IN_FRONT)
    place.project.write({"launcher.py": LAUNCHER.format(front=str(front)), "program.py": PROGRAM})
    return place


@pytest.mark.parametrize("probe", [True, False])
def test_a_launcher_that_puts_its_own_in_front_runs_it_once_and_does_not_hide_ours(
    launcher: Place, probe: bool
) -> None:
    path = launcher.path(launcher.ours)

    outcome = launcher.project.run("launcher.py", "program.py", environment=path, probe=probe)

    assert outcome[:3] == (0, "1 in front True\n", "")
    assert launcher.project.has_recorded() == probe
    if probe:
        assert launcher.project.recorded().calls(GET_MANAGER) == 1


def test_children_of_what_a_launcher_started_are_observed_too(launcher: Place) -> None:
    parent = "import subprocess, sys\nsubprocess.run([sys.executable, 'program.py'], check=True)\n"
    launcher.project.write({"parent.py": parent})
    path = launcher.path(launcher.ours)

    outcome = launcher.project.run("launcher.py", "parent.py", environment=path)

    assert outcome[:3] == (0, "1 in front True\n", "")
    assert launcher.project.recorded().calls(GET_MANAGER) == 1


@pytest.mark.parametrize("taken", ["", "/elsewhere"])
def test_a_program_that_takes_our_directory_from_the_path_is_obeyed(place: Place, taken: str) -> None:
    starts = f"""
import os, sys
os.environ["PYTHONPATH"] = {taken!r}
os.execv(sys.executable, [sys.executable, "-c", "import os; print(os.environ['PYTHONPATH'])"])
"""
    place.project.write({"program.py": starts})

    outcome = place.project.run("program.py", environment=place.path(place.ours))

    assert outcome[:3] == (0, f"{taken}\n", "")


def test_what_was_used_before_a_process_becomes_another_program_is_recorded(place: Place) -> None:
    becomes = """\
import os, sys
from shop.manager import get_manager
get_manager("anna")
os.execv(sys.executable, [sys.executable, "-S", "-c", "print('another')"])
"""
    watching = POLICY + 'legacy = ["shop.attic"]\n'
    place.project.write({"program.py": becomes, "ssot-probe.toml": watching})

    outcome = place.project.run("program.py", environment=place.path(place.ours))

    assert outcome[:3] == (0, "another\n", "")
    assert place.project.recorded().calls(GET_MANAGER) == 1


def test_a_program_that_cannot_be_run_fails_in_the_same_words(place: Place) -> None:
    ours, plain = place.with_and_without("import os\nprint(os.execv)\nos.execv('/no/such', ['such'])\n")

    assert (ours[0], ours[1]) == (plain[0], plain[1])
    if sys.version_info >= (3, 11):
        assert ours[2] == plain[2]
