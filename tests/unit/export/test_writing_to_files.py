"""The file exporter: lines that stay readable whatever happens to the process, its directory and its disk."""

from __future__ import annotations

import json
import os
import resource as limits
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.children import Run, copy_program, environment_of_child, read_spans, run

from ssot_probe.export.file import FileExporter
from ssot_probe.losses import DISK, DISK_LIMIT, Losses
from ssot_probe.model.records import BlindRecord, ProcessRecord, SharingRecord
from ssot_probe.wire.otlp_json import SpanData
from ssot_probe.wire.spans import to_spans

FEW_BYTES = 6_000


def exporter(directory: Path, losses: Losses | None = None, most_bytes: int = 1 << 30) -> FileExporter:
    resource = {"service.instance.id": "one"}
    return FileExporter(str(directory), "process", resource, "0", 0, losses or Losses(), most_bytes)


def spans(count: int, text: str = "") -> list[SpanData]:
    return to_spans(BlindRecord(f"subject {number} {text}", "reason", 1) for number in range(count))


def read(directory: Path) -> list[SpanData]:
    lines = (directory / "process.traces.jsonl").read_bytes().splitlines()
    return [span for _, span in read_spans(lines)]


def test_what_was_exported_can_be_read_at_once(tmp_path: Path) -> None:
    written = spans(3)
    exporter(tmp_path / "data").export(written, (), 1)
    assert read(tmp_path / "data") == written


def test_directory_and_files_belong_to_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        exporter(tmp_path / "data").export(spans(1), (), 1)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()] == [0o600]


def test_writing_again_to_the_same_file_never_truncates_it(tmp_path: Path) -> None:
    first, second = spans(2), spans(2)
    for written in (first, second):
        file = exporter(tmp_path)
        file.export(written, (), 1)
        file.close(0)
    assert read(tmp_path) == first + second


def test_many_spans_are_several_lines_of_less_than_a_mebibyte(tmp_path: Path) -> None:
    written = spans(2_000, "x" * 500)
    exporter(tmp_path).export(written, (), 1)
    lines = (tmp_path / "process.traces.jsonl").read_bytes().splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) < 1 << 20
    assert read(tmp_path) == written


def test_text_that_is_no_valid_unicode_is_replaced(tmp_path: Path) -> None:
    exporter(tmp_path).export(to_spans([BlindRecord("caf\udce9.py", "reason", 1)]), (), 1)
    (span,) = read(tmp_path)
    assert span.attributes["ssot.blind.subject"] == "caf?.py"


def test_a_limit_on_the_bytes_is_kept_and_what_is_beyond_it_is_counted(tmp_path: Path) -> None:
    losses = Losses()
    file = exporter(tmp_path, losses, most_bytes=FEW_BYTES)
    for _ in range(50):
        file.export(spans(2), (), 1)
    assert (tmp_path / "process.traces.jsonl").stat().st_size <= FEW_BYTES
    assert losses.by_reason() == {DISK_LIMIT: 100 - len(read(tmp_path))}


def test_a_directory_that_cannot_be_made_loses_records_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    losses = Losses()
    exporter(tmp_path / "file" / "data", losses).export(spans(3), (), 1)
    assert losses.by_reason() == {DISK: 3}


def test_writing_goes_on_when_the_directory_comes_back(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    losses = Losses()
    file = exporter(tmp_path / "data", losses)
    file.export(spans(3), (), 1)
    (tmp_path / "data").unlink()
    written = spans(1)
    file.export(written, (), 1)
    assert read(tmp_path / "data") == written
    assert losses.by_reason() == {DISK: 3}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_program("sharing", tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="module")
def plain(program: Path) -> Run:
    """The program without the probe."""
    return run(program, probe=False)


def unwritable(directory: Path) -> Path:
    (directory / "data").write_text("no directory")
    return directory / "data"


def below_nothing(directory: Path) -> Path:
    return Path("/proc/no-such-thing/data")


@pytest.mark.parametrize("place", [unwritable, below_nothing])
def test_a_program_does_not_notice_that_nothing_can_be_written(
    program: Path, plain: Run, tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    done = run(program, recordings=place(tmp_path))
    assert (done.code, done.stdout, done.stderr) == (plain.code, plain.stdout, plain.stderr)


def test_a_program_does_not_notice_a_full_disk_and_the_recording_stays_readable(
    program: Path, plain: Run, tmp_path: Path
) -> None:
    process = subprocess.run(
        [sys.executable, "main.py"],
        cwd=program,
        env=environment_of_child(tmp_path, True, {}),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: limits.setrlimit(limits.RLIMIT_FSIZE, (FEW_BYTES, FEW_BYTES)),
    )
    assert (process.returncode, process.stdout, process.stderr) == (plain.code, plain.stdout, plain.stderr)
    (file,) = tmp_path.glob("*.traces.jsonl")
    assert file.stat().st_size == FEW_BYTES
    assert not file.read_bytes().endswith(b"\n")


def test_what_a_full_disk_swallowed_is_told_when_there_is_room_again(tmp_path: Path) -> None:
    """A hard limit in a child stands for the full disk, and a second file for the room."""
    script = f"""
import resource, signal
from pathlib import Path
from unit.export.test_writing_to_files import *
losses = Losses()
file = exporter(Path({str(tmp_path)!r}), losses)
resource.setrlimit(resource.RLIMIT_FSIZE, ({FEW_BYTES}, resource.RLIM_INFINITY))
for _ in range(20):
    file.export(spans(2), (), 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
file.export(spans(2), (), 1)
print(losses.by_reason())
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str({DISK: 42 - len(read(tmp_path))}), done.stderr
    lines = (tmp_path / "process.traces.jsonl").read_bytes().splitlines()
    assert json.loads(lines[-1])


def has_told_of_sharing(directory: Path) -> bool:
    return any("cross_user_shared_instance" in path.read_text() for path in directory.glob("*.traces.jsonl"))


def test_a_killed_process_leaves_what_it_had_told_a_moment_before(program: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "main.py", "30"], cwd=program, env=environment_of_child(tmp_path, True, {})
    )
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not has_told_of_sharing(tmp_path):
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = Run(0, "", "", 0, tmp_path, process.pid)
    assert [record.user_count for record in done.of(SharingRecord)] == [2]
    assert [record.state for record in done.of(ProcessRecord)] == ["started"]


def test_a_restarted_service_writes_beside_what_it_wrote_before(program: Path, tmp_path: Path) -> None:
    first = run(program, recordings=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.jsonl")}
    second = run(program, recordings=tmp_path)
    assert first.pid != second.pid
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert len(second.processes) == 2


def test_the_directory_may_vanish_while_the_service_runs(program: Path, plain: Run, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "main.py", "1.5"],
        cwd=program,
        env=environment_of_child(tmp_path / "data", True, {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not (tmp_path / "data").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (plain.code, plain.stdout, plain.stderr)
