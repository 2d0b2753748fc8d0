"""`ssot-probe scan` as a command of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support.children import SOURCE
from unit.inventory.trees import write

LONG = "".join(f"def f{i}(a, b):\n    return [a + {i} * b, (a, b)]\n" for i in range(5000))


def start(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "SSOT_PROBE_CACHE": str(directory / "cache")}
    return subprocess.Popen(
        [sys.executable, "-m", "ssot_probe", "scan", *arguments],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_an_interrupt_ends_it_and_its_processes_without_a_traceback(tmp_path: Path) -> None:
    write(tmp_path, {f"tree/m{number}.py": f"{LONG}x = {number}\n" for number in range(200)})
    process = start(tmp_path, "tree")
    while not (tmp_path / "cache" / "scan.sqlite3").exists() and process.poll() is None:
        time.sleep(0.05)  # the first thing that it does before it reads
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (130, "", "interrupted")
    assert not list(tmp_path.glob("ssot-probe-data/*"))
    deadline = time.monotonic() + 20
    while is_running(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)  # the last of them learns from a closed pipe that it is not needed any more
    assert not is_running(process.pid)


def is_running(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_scans_at_once_share_a_cache(tmp_path: Path) -> None:
    write(tmp_path, {f"tree/m{number}.py": f"class C{number}: ...\n" for number in range(300)})
    running = [start(tmp_path, "tree", "--out", f"out{number}") for number in range(3)]
    for process in running:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        assert "300 Python files" in out
        assert "note" not in out
    inventories = [path.read_bytes() for path in tmp_path.glob("out*/scan-tree.traces.jsonl.gz")]
    assert len(inventories) == 3


def test_an_inventory_is_written_as_a_recording_can_be_read(tmp_path: Path) -> None:
    write(tmp_path, {"tree/m.py": "class Manager: ...\n"})
    process = start(tmp_path, "tree", "--out", "data")
    assert process.communicate(timeout=60)[1] == ""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    report = subprocess.run(
        [sys.executable, "-m", "ssot_probe", "report", "data"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert report.returncode in (0, 3), report.stderr
