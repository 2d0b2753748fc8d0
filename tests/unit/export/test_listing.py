"""Putting processes down in the list of a directory: unique numbers without gaps, and nothing that fails."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.children import SOURCE, run

from ssot_probe.export.listing import NOT_LISTED, enlist, listed
from ssot_probe.model.records import ProcessRecord
from ssot_probe.wire.process_list import FILE_NAME, LINE_LENGTH, read_list

NOW = 1_767_600_000_000_000_000
FIRST, SECOND = "a" * 32, "b" * 32


def test_the_first_process_gives_the_list_its_name(tmp_path: Path) -> None:
    first, second = enlist(str(tmp_path), FIRST, NOW), enlist(str(tmp_path), SECOND, NOW)
    assert (first.directory, first.number) == (FIRST, 1)
    assert (second.directory, second.number) == (FIRST, 2)
    assert (listed(first), listed(second)) == (2, 2)
    read = read_list((tmp_path / FILE_NAME).read_bytes())
    assert [(process.identity, process.pid) for process in read.processes] == [
        (FIRST, os.getpid()),
        (SECOND, os.getpid()),
    ]


def test_the_list_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    enlist(str(tmp_path / "new"), FIRST, NOW)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / FILE_NAME).stat().st_mode) == 0o600


def test_a_list_that_was_taken_away_or_replaced_tells_nothing_more(tmp_path: Path) -> None:
    place = enlist(str(tmp_path), FIRST, NOW)
    (tmp_path / FILE_NAME).rename(tmp_path / "moved")
    assert listed(place) == 0
    other = enlist(str(tmp_path), SECOND, NOW)
    assert (other.directory, other.number, listed(other), listed(place)) == (SECOND, 1, 1, 0)


def test_a_directory_that_cannot_be_written_to_has_no_list(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert enlist(str(tmp_path / "file"), FIRST, NOW) is NOT_LISTED
    (tmp_path / FILE_NAME).mkdir()
    assert enlist(str(tmp_path), FIRST, NOW) is NOT_LISTED
    assert listed(NOT_LISTED) == 0


def test_a_list_that_something_has_torn_gives_no_more_numbers(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"torn")
    assert enlist(str(tmp_path), FIRST, NOW) is NOT_LISTED


def test_a_disk_that_is_full_has_no_list(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    enlist(str(tmp_path), FIRST, NOW)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LINE_LENGTH, before[1]))
    try:
        assert enlist(str(tmp_path), SECOND, NOW) is NOT_LISTED
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert len(read_list((tmp_path / FILE_NAME).read_bytes()).processes) == 1


ENLISTS = """
import sys, os, time
sys.path.insert(0, sys.argv[2])
from ssot_probe.export.listing import enlist
while not os.path.exists(sys.argv[3]):
    time.sleep(0.001)
print(*enlist(sys.argv[1], os.urandom(16).hex(), time.time_ns())[:2])
"""


def test_fifty_processes_that_start_at_once_have_fifty_numbers_without_a_gap(tmp_path: Path) -> None:
    directory, start = tmp_path / "data", tmp_path / "start"
    command = [sys.executable, "-S", "-c", ENLISTS, str(directory), str(SOURCE), str(start)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(50)]
    start.touch()
    said = [process.communicate(timeout=120)[0].split() for process in processes]
    names, numbers = {name for name, _ in said}, sorted(int(number) for _, number in said)
    assert len(names) == 1
    assert numbers == list(range(1, 51))
    read = read_list((directory / FILE_NAME).read_bytes())
    assert (len(read.processes), read.name, read.torn) == (50, *names, 0)


def test_a_process_says_where_it_stands_in_the_list(tmp_path: Path) -> None:
    for _ in range(2):
        done = run(tmp_path, program="import helper", files={"helper.py": ""}).checked()
    first, second = [process.of(ProcessRecord)[-1] for process in done.processes]
    assert (first.number, first.listed) == (1, 1)
    assert (second.number, second.listed) == (2, 2)
    assert first.directory == second.directory == done.processes[0].instance


def test_a_process_that_records_nothing_is_on_no_list(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run(tmp_path / "empty", "-c", "pass", recordings=tmp_path / "data").checked()
    assert not (tmp_path / "data" / FILE_NAME).exists() or list((tmp_path / "data").glob("*.traces.jsonl"))


def test_only_recordings_in_files_have_a_list(tmp_path: Path) -> None:
    environment = {"SSOT_PROBE_EXPORT": "none"}
    run(tmp_path, program="import helper", files={"helper.py": ""}, environment=environment).checked()
    assert not (tmp_path / "recordings").exists()


@pytest.mark.parametrize("obstacle", ["file", "directory"])
def test_a_directory_without_a_list_still_has_recordings(tmp_path: Path, obstacle: str) -> None:
    directory = tmp_path / "recordings"
    directory.mkdir()
    if obstacle == "file":
        (directory / FILE_NAME).write_bytes(b"somebody else's")
    else:
        (directory / FILE_NAME).mkdir()
    done = run(tmp_path, program="import helper", files={"helper.py": ""}).checked()
    last = done.of(ProcessRecord)[-1]
    assert (last.state, last.directory, last.number, last.listed) == ("stopped", "", 0, 0)
