"""A tree that `pip install --target` made beside an application, switched on by environment alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from shutil import copytree, rmtree, which
from tempfile import mkdtemp

import pytest
from process.installation import Installation, make_bare
from process.project import GET_MANAGER, SHOP, Project, off_lines

IS_ROOT = os.geteuid() == 0
NEEDS_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root may take another user's place")


@pytest.fixture
def beside(shop: Project, bare: Installation) -> Project:
    """A service in an environment with nothing of the probe in it."""
    shop.python = bare.python
    return shop


def by_environment(tree: Path, *behind: str) -> dict[str, str]:
    """Return what the page on deployment tells to set."""
    return {"PYTHONPATH": os.pathsep.join([str(tree / "ssot_probe" / "bootstrap"), *behind])}


def install_stub(environment: Installation, name: str, version: str, text: str = "") -> None:
    """Install a package of the application's own, as pip would leave it."""
    package = environment.site_packages / name
    package.mkdir()
    (package / "__init__.py").write_text(f"__version__ = {version!r}\n{text}")
    metadata = environment.site_packages / f"{name}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_one_variable_more_than_the_switch_is_enough(beside: Project, target_tree: Path) -> None:
    outcome = beside.run("prog.py", environment=by_environment(target_tree))

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    recorded = beside.recorded()
    assert recorded.calls(GET_MANAGER) == 1
    assert recorded.states() == ["started", "stopped"]


def test_the_path_of_the_application_gains_one_last_entry_and_loses_none(
    beside: Project, target_tree: Path
) -> None:
    beside.write({"prog.py": "import sys\nprint(sys.path)\n"})

    plain = beside.run("prog.py", probe=False)
    observed = beside.run("prog.py", environment=by_environment(target_tree))

    assert eval(observed.out) == [*eval(plain.out), str(target_tree)]


def test_what_the_application_has_of_its_own_is_what_it_gets(
    beside: Project, tmp_path: Path, target_tree: Path
) -> None:
    """The tree brings newer ones, which would stand before these if the tree itself were on PYTHONPATH."""
    environment = make_bare(tmp_path / "own")
    for name in ("click", "requests", "typing_extensions"):
        install_stub(environment, name, "0.1")
    beside.python = environment.python
    beside.write(
        {
            "prog.py": "import click, requests, typing_extensions\nfrom shop.manager import get_manager\n"
            "get_manager('anna')\nprint(*(m.__version__ for m in (click, requests, typing_extensions)))\n"
        }
    )

    appended = beside.run("prog.py", environment=by_environment(target_tree))
    in_front = beside.run("prog.py", probe=False, environment={"PYTHONPATH": str(target_tree)})

    assert (appended.code, appended.out, appended.err) == (0, "0.1 0.1 0.1\n", "")
    assert in_front.out != appended.out
    assert beside.recorded().calls(GET_MANAGER) == 1


@pytest.mark.parametrize("version", ["1.14.1", "2.2.0", "3.0.0rc1"])
def test_a_wrapt_of_the_application_that_does_not_fit_keeps_the_probe_off(
    beside: Project, tmp_path: Path, target_tree: Path, version: str
) -> None:
    environment = make_bare(tmp_path / "own")
    install_stub(environment, "wrapt", version)
    beside.python = environment.python

    outcome = beside.run("prog.py", environment=by_environment(target_tree))

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")
    (line,) = off_lines(outcome.err)
    assert f"wrapt {version}" in line
    assert str(environment.site_packages) in line
    assert not beside.has_recorded()


def test_an_opentelemetry_of_the_application_that_does_not_fit_is_told_and_files_have_everything(
    beside: Project, tmp_path: Path, target_tree: Path
) -> None:
    environment = make_bare(tmp_path / "own")
    (environment.site_packages / "opentelemetry" / "trace").mkdir(parents=True)
    (environment.site_packages / "opentelemetry" / "trace" / "__init__.py").write_text("")
    metadata = environment.site_packages / "opentelemetry_api-1.15.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: opentelemetry-api\nVersion: 1.15.0\n")
    beside.python = environment.python
    beside.write(
        {
            "prog.py": "import logging, time\nlogging.basicConfig(format='%(name)s %(message)s')\n"
            + SHOP["prog.py"]
            + "time.sleep(3)\n"
        }
    )
    collector = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}

    outcome = beside.run("prog.py", environment=by_environment(target_tree) | collector)

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")
    assert "opentelemetry-api 1.15.0 does not fit" in outcome.err
    assert beside.recorded().calls(GET_MANAGER) == 1
    assert beside.recorded().losses()["export_failed"]


def test_the_sitecustomize_of_the_application_runs_as_before(
    beside: Project, tmp_path: Path, target_tree: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "sitecustomize.py").write_text("import builtins\nbuiltins.told = 'theirs'\n")
    beside.write({"prog.py": SHOP["prog.py"] + "print(told)\n"})

    outcome = beside.run("prog.py", environment=by_environment(target_tree, str(theirs)))

    assert (outcome.out, outcome.err) == ("OrderManager\ntheirs\n", "")
    assert beside.recorded().calls(GET_MANAGER) == 1


def test_a_tree_with_wrapt_alone_is_enough_for_files(
    beside: Project, tmp_path: Path, target_tree: Path
) -> None:
    """As `pip install --no-deps` makes it, so that the application finds no more than this."""
    small = tmp_path / "small"
    needed = ("ssot_probe", "wrapt", "tomli") if sys.version_info < (3, 11) else ("ssot_probe", "wrapt")
    for name in needed:
        copytree(target_tree / name, small / name)

    outcome = beside.run("prog.py", environment=by_environment(small))

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    recorded = beside.recorded()
    assert recorded.calls(GET_MANAGER) == 1
    assert recorded.losses() == {}


def other_pythons() -> list[str]:
    """Return interpreters of other versions than the one that made the tree, which the probe knows."""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    mine = f"python3.{sys.version_info[1]}"
    names = [f"{root}/versions/3.{minor}.*/bin/python3.{minor}" for minor in (10, 11, 12, 13)]
    return [path for name in names if not name.endswith(mine) for path in glob(name)[:1]]


@pytest.mark.parametrize(
    "python", other_pythons() or [pytest.param("", marks=pytest.mark.skip("no other Python"))]
)
def test_a_tree_made_by_another_version_of_python_records_the_same_or_says_what_it_lacks(
    beside: Project, target_tree: Path, python: str
) -> None:
    beside.python = python
    lacks_tomli = python.endswith("3.10")

    outcome = beside.run("prog.py", environment=by_environment(target_tree))

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")
    assert [line for line in off_lines(outcome.err) if "package tomli" in line] == off_lines(outcome.err)
    assert bool(off_lines(outcome.err)) == lacks_tomli
    if not lacks_tomli:
        assert beside.recorded().calls(GET_MANAGER) == 1


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every user may enter, for what a container finds at fixed paths."""
    directory = Path(mkdtemp(prefix="container-"))
    directory.chmod(0o755)
    for name in ("app", "ssot", "data"):
        (directory / name).mkdir()
    (directory / "data").chmod(0o777)  # as a volume of Kubernetes is
    yield directory
    rmtree(directory)


IN_CONTAINER = """
mount --bind "$2" "$1/app" && mount -o remount,ro,bind "$1/app" || exit 90
mount --bind "$3" "$1/ssot" && mount -o remount,ro,bind "$1/ssot" || exit 91
cd "$1/app" && shift 3
exec setpriv --reuid 65534 --regid 65534 --clear-groups env -u HOME "$@"
"""


@NEEDS_ROOT
def test_read_only_files_another_user_and_no_home_record_into_the_volume(
    beside: Project, target_tree: Path, place: Path
) -> None:
    python = which("python3", path="/usr/bin:/usr/local/bin")
    if python is None or not may_mount():
        pytest.skip("no Python for all users, or nothing may be mounted here")
    beside.recordings = place / "data" / "pod-1"
    command = ["unshare", "--mount", "sh", "-c", IN_CONTAINER, "sh", place, beside.root, target_tree]

    outcome = beside.execute([*map(str, command), python, "prog.py"], by_environment(place / "ssot"))

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    assert beside.recordings.stat().st_uid == 65534
    assert beside.recorded().calls(GET_MANAGER) == 1


def may_mount() -> bool:
    """May a process here have mounts of its own?"""
    command = ["unshare", "--mount", "sh", "-c", "mount --bind /tmp /tmp"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_command_is_there_too_and_says_by_what_the_probe_comes_up(
    beside: Project, target_tree: Path
) -> None:
    command = ["-m", "ssot_probe", "doctor", "--", beside.python, "prog.py"]

    outcome = beside.run(*command, environment=by_environment(target_tree))

    assert outcome.code == 0, outcome.out
    assert f"started through PYTHONPATH by {target_tree / 'ssot_probe' / 'bootstrap'}" in outcome.out
    assert not beside.has_recorded()
