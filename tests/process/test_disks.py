"""Disks that are full, read-only or come and go: the service goes on; what was lost is counted and told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.children import Run, copy_program, environment_of_child, run
from support.collector import running_collector

from ssot_probe.model.records import ProcessRecord

SERVES = """
import errno, logging, os, sys, time
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(levelname)s %(message)s")
import chat

def serve(seconds):
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        chat.get_manager(f"user-{number}")
        chat.new_manager(f"user-{number}")
        time.sleep(0.02)

write = os.write

def read_only(descriptor, data):
    if "recordings" in os.readlink(f"/proc/self/fd/{descriptor}"):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    return write(descriptor, data)

def fill():
    with open(os.path.join(os.environ["SSOT_PROBE_DIR"], "ballast"), "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            pass

serve(1)
if sys.argv[1] == "read-only":
    os.write = read_only
else:
    fill()
serve(1.5)
if sys.argv[2] == "comes back":
    if sys.argv[1] == "read-only":
        os.write = write
    else:
        os.unlink(os.path.join(os.environ["SSOT_PROBE_DIR"], "ballast"))
    serve(1)
logging.getLogger("app").info("done")
"""

DONE = "app INFO done"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = copy_program("sharing", tmp_path_factory.mktemp("program"))
    (directory / "serves.py").write_text(SERVES)
    return directory


def told(done: Run) -> tuple[int, str]:
    """Return what `report` says, and its exit code."""
    command = [sys.executable, "-m", "ssot_probe", "report", str(done.directory)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.returncode, found.stdout


def outages(done: Run) -> list[str]:
    return [line for line in done.stderr.splitlines() if line != DONE]


def test_a_disk_that_becomes_read_only_and_comes_back_is_told_with_what_it_cost(
    program: Path, tmp_path: Path
) -> None:
    recordings = tmp_path / "recordings"
    done = run(program, "serves.py", "read-only", "comes back", recordings=recordings)
    assert done.code == 0
    last = done.of(ProcessRecord)[-1]
    assert last.state == "stopped"
    assert set(done.losses) == {"disk"}
    assert len(done.records) - 1 + done.losses["disk"] == last.emitted
    (line,) = outages(done)
    assert line.startswith(
        "ssot_probe WARNING ssot-probe: recordings cannot be written (Read-only file system)"
    )
    code, text = told(done)
    assert code == 3
    assert f"{done.losses['disk']} records lost (disk {done.losses['disk']})" in text


def test_a_disk_that_stays_read_only_leaves_a_recording_that_says_it_was_cut_off(
    program: Path, tmp_path: Path
) -> None:
    done = run(program, "serves.py", "read-only", "stays", recordings=tmp_path / "recordings")
    assert done.code == 0
    assert len(outages(done)) == 1
    assert "1 process not closed" in told(done)[1]


def test_a_collector_hears_of_what_a_disk_lost(program: Path, tmp_path: Path) -> None:
    with running_collector() as collector:
        done = run(
            program,
            *("serves.py", "read-only", "stays"),
            environment={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint},
            recordings=tmp_path / "recordings",
        )
    (last,) = (record for record in collector.records if getattr(record, "state", "") == "stopped")
    assert isinstance(last, ProcessRecord)
    (entry,) = last.dropped
    assert entry.startswith("disk=")
    assert len(outages(done)) == 1
    assert len(collector.records) == last.emitted + 1


def small_disk(program: Path, mounted: Path, *arguments: str) -> Run:
    """Run the program with a disk of its own of 512 KiB for recordings, and copy from it what is left."""
    mounted.mkdir()
    script = 'mount -t tmpfs -o size=512k none "$0" && "$@"; code=$?; cp -r "$0" "$0.kept"; exit $code'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(mounted)]
    environment = environment_of_child(mounted / "recordings", True, {})
    made = subprocess.run(
        [*command, sys.executable, "serves.py", *arguments],
        cwd=program,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Run(made.returncode, made.stdout, made.stderr, 0.0, Path(f"{mounted}.kept/recordings"), 0)


def may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="a disk of its own needs user namespaces")
def test_a_disk_that_is_full_for_a_while_is_told_with_what_it_cost(program: Path, tmp_path: Path) -> None:
    done = small_disk(program, tmp_path / "disk", "full", "comes back")
    assert done.code == 0, done.stderr
    assert len(outages(done)) == 1
    assert done.of(ProcessRecord)[-1].state == "stopped"
    assert done.losses["disk"]
    code, text = told(done)
    assert code == 3
    assert "EVIDENCE INCOMPLETE" in text
    (alarm,) = (line for line in text.splitlines() if "EVIDENCE INCOMPLETE" in line)
    assert "disk" in alarm


@pytest.mark.skipif(not may_mount(), reason="a disk of its own needs user namespaces")
def test_a_disk_that_stays_full_hurts_nobody(program: Path, tmp_path: Path) -> None:
    done = small_disk(program, tmp_path / "disk", "full", "stays")
    assert done.code == 0, done.stderr
    assert len(outages(done)) == 1
    code, text = told(done)
    assert code in (0, 3)  # what was lost could be told to nobody
    assert "EVIDENCE INCOMPLETE" in text
