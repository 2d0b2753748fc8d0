"""Digests of source: told of what surely runs, and left open wherever a file may have changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from support.children import Run, run

from ssot_probe.model.path_records import SourceRecord
from ssot_probe.model.source_digest import file_digest

POLICY = """
    [[concept]]
    name = "box"
    classes = ["BoxManager"]
    legacy = ["old"]
"""

FILES = {"old.py": "VALUE = 1\n", "boxes.py": "import old\n\nclass BoxManager:\n    pass\n", "idle.py": "\n"}

PROGRAM = """
    import os, sys, time
    import boxes
    boxes.BoxManager()
    MORE
"""


def ran(directory: Path, more: str = "", policy: str = POLICY, files: Mapping[str, str] = FILES) -> Run:
    program = PROGRAM.replace("MORE", more)
    return run(directory, program=program, files=files, policy=policy).checked()


def digests(done: Run) -> list[dict[str, str]]:
    """Return what each process says of its files."""
    return [{record.file: record.digest for record in process.of(SourceRecord)} for process in done.processes]


def of_files(directory: Path, *names: str) -> dict[str, str]:
    return {name: file_digest((directory / name).read_bytes()) for name in names}


def test_every_file_of_the_project_that_runs_is_told_once(tmp_path: Path) -> None:
    done = ran(tmp_path)
    assert digests(done) == [of_files(tmp_path, "main.py", "boxes.py", "old.py")]
    assert len(done.of(SourceRecord)) == 3


def test_nothing_is_told_where_nothing_is_to_be_deleted(tmp_path: Path) -> None:
    done = ran(tmp_path, policy=POLICY.replace('legacy = ["old"]', ""))
    assert digests(done) == [{}]


def test_a_file_that_changed_after_it_was_loaded_is_left_open(tmp_path: Path) -> None:
    done = ran(tmp_path, "open('old.py', 'a').write('# changed')")
    assert digests(done) == [{**of_files(tmp_path, "main.py", "boxes.py"), "old.py": ""}]


def test_a_file_that_was_replaced_by_one_with_an_old_date_is_left_open(tmp_path: Path) -> None:
    more = "open('new', 'w').write('VALUE = 2'); os.utime('new', (1, 1)); os.replace('new', 'old.py')"
    assert digests(ran(tmp_path, more))[0]["old.py"] == ""


def test_a_file_that_is_gone_is_left_open(tmp_path: Path) -> None:
    assert digests(ran(tmp_path, "os.remove('old.py')"))[0]["old.py"] == ""


def test_a_module_that_was_loaded_before_the_probe_is_left_open(tmp_path: Path) -> None:
    more = """
    import idle
    from ssot_probe import startup, start
    startup.activate().stop()
    start().stop()
    """
    early = ran(tmp_path, more)
    assert [record.digest for record in early.of(SourceRecord) if record.file == "old.py"][1:] == [""]


def test_a_pipe_in_place_of_a_file_stops_nobody(tmp_path: Path) -> None:
    assert digests(ran(tmp_path, "os.remove('old.py'); os.mkfifo('old.py')"))[0]["old.py"] == ""


def test_a_forked_child_tells_what_its_parent_knows(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        """
    time.sleep(1)
    os.remove('old.py')
    if not os.fork():
        boxes.BoxManager()
        sys.exit(0)
    os.wait()
    """,
    )
    parent, child = digests(done)
    assert parent == child
    assert parent["old.py"] == file_digest(FILES["old.py"].encode())


def test_the_application_may_move_to_another_directory(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "old.py").write_text("VALUE = 3\n")
    done = ran(tmp_path, "os.chdir('elsewhere')")
    assert digests(done)[0]["old.py"] == file_digest(FILES["old.py"].encode())
    assert os.path.isfile(tmp_path / "elsewhere" / "old.py")
