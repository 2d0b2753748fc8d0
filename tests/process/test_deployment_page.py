"""The examples of `docs/deployment.md`, taken from the page and run as they stand there."""

from __future__ import annotations

import configparser
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from shutil import rmtree, which
from tempfile import mkdtemp
from typing import Any

import pytest
import yaml
from fleet.support.servers import free_port
from process.installation import CHECKOUT, Installation
from process.project import GET_MANAGER, SHOP, Project, end, line_of, wait_until
from process.test_target_tree import may_mount
from support.children import environment_of_child

PAGE = (CHECKOUT / "docs" / "deployment.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may take another user's place")

WEB = """\
import os
from shop.manager import get_manager


def app(environ, start_response):
    get_manager("anna")
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""


def block(name: str) -> str:
    """Return an example by its name."""
    found: dict[str, str] = dict(BLOCK.findall(PAGE))
    return found[name]


def pod() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(block("pod.yaml"))["spec"]
    return read


def variables_of_pod(name: str) -> dict[str, str]:
    """Return what Kubernetes would set for a pod of this name."""
    variables: dict[str, str] = {}
    for each in pod()["containers"][0]["env"]:
        value = each.get("value", name)
        for known, text in variables.items():
            value = value.replace(f"$({known})", text)
        variables[each["name"]] = value
    return variables


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every user may enter, to be the root of what a container sees."""
    directory = Path(mkdtemp(prefix="container-"))
    directory.chmod(0o755)
    yield directory
    rmtree(directory)


AS_A_CONTAINER = """
user=$1 root=$2 app=$3 tree=$4
shift 4
mkdir -p "$root/app" "$root/ssot" || exit 90
mount --bind "$app" "$root/app" && mount -o remount,ro,bind "$root/app" || exit 91
mount --bind "$tree" "$root/ssot" && mount -o remount,ro,bind "$root/ssot" || exit 92
cd "$root/app" && exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
"""


@pytest.fixture
def python() -> str:
    """A Python that every user may start, and that has nothing of the probe."""
    found = which("python3", path="/usr/bin:/usr/local/bin")
    if found is None or not may_mount():
        pytest.skip("no Python for all users, or nothing may be mounted here")
    return found


def container(project: Project, tree: Path, root: Path, user: int) -> list[str]:
    command = ["unshare", "--mount", "sh", "-c", AS_A_CONTAINER, "sh", str(user)]
    return [*command, str(root), str(project.root), str(tree)]


@NEEDS_ROOT
def test_two_pods_of_the_manifest_record_into_one_volume(
    shop: Project, place: Path, target_tree: Path, python: str
) -> None:
    user = pod()["securityContext"]["runAsUser"]
    mounts = {each["name"]: each["mountPath"] for each in pod()["containers"][0]["volumeMounts"]}
    volume = place / mounts["ssot-data"].lstrip("/")
    volume.mkdir()
    os.chown(volume, 0, pod()["securityContext"]["fsGroup"])
    volume.chmod(0o2775)
    for name in ("shop-1", "shop-2"):
        variables = {
            key: f"{place}{value}" if value.startswith("/") else value
            for key, value in variables_of_pod(name).items()
        }

        outcome = shop.execute(
            [*container(shop, target_tree, place, user), python, "prog.py"], variables, probe=False
        )

        assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
        shop.recordings = volume / name
        assert shop.recorded().calls(GET_MANAGER) == 1
        assert shop.recorded().losses() == {}
        (process,) = shop.recorded().processes
        assert process.resource["ssot.role"] == "web"


def test_what_installs_the_tree_is_what_made_the_one_that_is_tried() -> None:
    (first,) = pod()["initContainers"]
    mounts = {each["mountPath"] for each in first["volumeMounts"]}

    assert first["command"][-1].endswith("--target /ssot ssot-probe")
    assert mounts == {"/ssot"}
    assert "/ssot/ssot_probe/bootstrap" in variables_of_pod("x").values()


def test_compose_sets_the_same_as_the_manifest() -> None:
    compose = yaml.safe_load(block("compose.yaml"))["services"]
    ours, kubernetes = compose["shop"]["environment"], variables_of_pod("shop")
    kubernetes.pop("POD_NAME")

    assert ours == kubernetes
    assert "--target /ssot ssot-probe" in compose["ssot-probe"]["command"][-1]


def test_the_small_tree_is_named_with_all_that_files_need() -> None:
    assert block("small-tree.sh").split()[-3:] == ["ssot-probe", "wrapt", "objgraph"]


def systemd_environment(state: Path) -> dict[str, str]:
    """Return what the drop-in sets, with the specifiers of a unit called `shop`."""
    lines = [line for line in block("ssot-probe.conf").splitlines() if line.startswith("Environment=")]
    pairs = [
        line.removeprefix("Environment=").replace("%S", str(state)).replace("%N", "shop") for line in lines
    ]
    return dict(pair.split("=", 1) for pair in pairs)


def test_systemd_takes_the_drop_in(tmp_path: Path) -> None:
    if which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    unit = tmp_path / "shop.service"
    unit.write_text("[Service]\nExecStart=/bin/true\nProtectSystem=strict\nDynamicUser=yes\n")
    (tmp_path / "shop.service.d").mkdir()
    (tmp_path / "shop.service.d" / "ssot-probe.conf").write_text(block("ssot-probe.conf"))

    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )

    assert "ssot-probe.conf" not in checked.stderr
    assert checked.returncode == 0, checked.stderr


@NEEDS_ROOT
def test_the_directory_of_the_drop_in_is_the_one_that_systemd_makes(
    shop: Project, place: Path, target_tree: Path, python: str
) -> None:
    """With DynamicUser: another user at each start, to whom systemd hands the directory over."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(block("ssot-probe.conf"))
    variables = systemd_environment(place / "state")
    directory = place / "state" / parser["Service"]["StateDirectory"].replace("%N", "shop")
    assert variables["SSOT_PROBE_DIR"] == str(directory)
    variables["PYTHONPATH"] = f"{place}/ssot/ssot_probe/bootstrap"  # where the wheel would be installed
    directory.mkdir(parents=True)
    directory.chmod(int(parser["Service"]["StateDirectoryMode"], 8))
    shop.recordings = directory
    for count, user in enumerate((61184, 61185), 1):
        for path in (directory, *directory.iterdir()):
            os.chown(path, user, user)

        outcome = shop.execute(
            [*container(shop, target_tree, place, user), python, "prog.py"], variables, probe=False
        )

        assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
        assert shop.recorded().calls(GET_MANAGER) == count
        assert len((directory / "processes.list").read_bytes().splitlines()) == count


def answer(port: int) -> int:
    """Ask the service once; 0 where it does not answer yet."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return int(connection.getresponse().read())
    except OSError:
        return 0
    finally:
        connection.close()


def serve(
    tmp_path: Path, files: dict[str, str], *command: str, **variables: str
) -> tuple[Project, list[int]]:
    """Run a server of the service, ask it until both workers have answered, and end it.

    uWSGI may never end, with the probe and without, where a worker is still loading when it is told to.
    """
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root, sys.executable, "")
    project.write({**SHOP, "shop/web.py": WEB, "shop/old.py": "", **files})
    project.write({"ssot-probe.toml": SHOP["ssot-probe.toml"] + 'legacy = ["shop.old"]\n'})
    port = free_port()
    with subprocess.Popen(
        [word.replace("PORT", str(port)) for word in command],
        cwd=root,
        env=environment_of_child(project.recordings, True, variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            answers: list[int] = []
            wait_until(lambda: note(answers, port) or process.poll() is not None, "both workers answer")
            assert process.poll() is None, "the server ended"
        finally:
            outcome = end(process, signal.SIGTERM)
    assert outcome.code == 0
    return project, answers


def note(answers: list[int], port: int) -> bool:
    """Ask once more. Has every worker answered?"""
    process = answer(port)
    if process:
        answers.append(process)
    return len(set(answers)) == 2


def test_gunicorn_with_its_configuration_closes_every_recording(tmp_path: Path) -> None:
    pytest.importorskip("gunicorn")
    variables = systemd_environment(tmp_path)
    del variables["SSOT_PROBE_DIR"]
    command = [sys.executable, "-m", "gunicorn", "shop.web:app", "--bind", "127.0.0.1:PORT"]

    project, answers = serve(tmp_path, {"gunicorn.conf.py": block("gunicorn.conf.py")}, *command, **variables)

    recorded = project.recorded()
    assert recorded.calls(GET_MANAGER) == len(answers)
    assert recorded.states().count("started") == recorded.states().count("stopped") > 0
    assert {str(process.resource["ssot.role"]) for process in recorded.processes} == {"web"}


def test_uwsgi_with_its_configuration_closes_every_recording(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("uwsgi")
    if not program.exists():
        pytest.skip("uWSGI is not installed here: make fleet")
    command = [
        str(program),
        "--ini",
        "uwsgi.ini",
        "--http-socket",
        "127.0.0.1:PORT",
        "--virtualenv",
        sys.prefix,
    ]

    project, answers = serve(tmp_path, {"uwsgi.ini": block("uwsgi.ini")}, *command)

    recorded = project.recorded()
    assert recorded.calls(GET_MANAGER) == len(answers)
    assert recorded.states().count("started") == recorded.states().count("stopped") > 0


SLEEPS = """\
import signal, sys, time
from shop.manager import get_manager
get_manager("anna")
if sys.argv[1:] == ["handles"]:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
print("ready", flush=True)
time.sleep(0.3 if "wakes" in sys.argv else 60)
print("woke")
"""


@NEEDS_ROOT
@pytest.mark.parametrize("probe", [True, False])
@pytest.mark.parametrize("how", ["handles", "wakes"])
def test_process_1_ends_by_sigterm_where_it_handles_that_and_goes_on_where_it_does_not(
    shop: Project, how: str, probe: bool
) -> None:
    if not may_mount():
        pytest.skip("no namespaces may be made here")
    policy = SHOP["ssot-probe.toml"] + 'legacy = ["shop.old"]\n'
    shop.write({"prog.py": SLEEPS, "ssot-probe.toml": policy, "shop/old.py": ""})
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", shop.python, "prog.py", how]
    process = shop.start(command, probe=probe)
    with process:
        line_of(process.stdout, "ready")
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)
        out, _ = process.communicate(timeout=30)

    assert (process.returncode, out) == (0, "woke\n" if how == "wakes" else "")
    if probe:
        assert shop.recorded().states() == ["started", "stopped"]
        assert shop.recorded().calls(GET_MANAGER) == 1


@pytest.mark.parametrize("name", ["uvicorn.sh", "celery.sh"])
def test_doctor_finds_the_probe_active_in_the_commands_of_the_page(
    shop: Project, installed: Installation, name: str
) -> None:
    shop.write({"start.sh": block(name)})
    for program in ("uvicorn", "celery"):
        script = shop.home / program
        script.write_text(f"#!{installed.python}\n")
        script.chmod(0o755)
    path = os.pathsep.join([str(shop.home), os.defpath])

    outcome = shop.ssot_probe("doctor", "--", "sh", "start.sh", environment={"PATH": path})

    assert outcome.code == 0, outcome.out
    assert outcome.out.splitlines()[-1] == "The probe would be active."


def test_every_example_of_the_page_is_tried_by_a_test() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    tried = {name for name, _ in BLOCK.findall(PAGE) if f'"{name}"' in here}

    assert tried == {name for name, _ in BLOCK.findall(PAGE)}
    assert PAGE.count("\n```") // 2 - PAGE.count("\n```console") == len(tried)
