from __future__ import annotations

import os
from pathlib import Path

import pytest
from unit.inventory import deadly
from unit.inventory.trees import write

from ssot_probe.inventory import reading
from ssot_probe.inventory.cache import Cache, digest_of
from ssot_probe.inventory.facts import Facts
from ssot_probe.inventory.reading import read_files
from ssot_probe.inventory.tree import find_tree


@pytest.fixture
def _always_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WORTH_PROCESSES", 0)
    monkeypatch.setattr(reading, "_BATCH_BYTES", 10)


def facts_of(directory: Path, processes: int) -> dict[str, Facts]:
    found = read_files(find_tree(str(directory)).files, Cache(""), processes)
    return {os.path.basename(path): facts for path, facts in found.items()}


@pytest.mark.usefixtures("_always_processes")
def test_several_processes_read_what_one_does(tmp_path: Path) -> None:
    write(tmp_path, {f"m{number}.py": f"class C{number}: ...\n" for number in range(20)})
    write(
        tmp_path,
        {"same.py": "class C0: ...\n", "bad.py": "(", "c.toml": "x = 'm1.C1'\n", "p.pkl": b"cm1\nC1\n."},
    )
    assert facts_of(tmp_path, 2) == facts_of(tmp_path, 1)


@pytest.mark.usefixtures("_always_processes")
def test_the_bytes_of_every_file_are_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x = 1\n", "b.py": "x = 1\n", "c.py": "y = 22\n", "d.toml": ""})
    told: list[int] = []
    for processes in (1, 2):
        read_files(find_tree(str(tmp_path)).files, Cache(str(tmp_path / "cache")), processes, told.append)
    assert sum(told) == 2 * 19


@pytest.mark.usefixtures("_always_processes")
def test_the_probe_is_off_in_the_processes_that_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_PROBE", "1")
    monkeypatch.setenv("SSOT_PROBE_DIR", str(tmp_path / "recordings"))
    write(tmp_path, {"a.py": "x = 1\n", "b.py": "x = 2\n"})
    facts_of(tmp_path, 2)
    assert os.environ["SSOT_PROBE"] == "1"
    assert not (tmp_path / "recordings").exists()


@pytest.mark.usefixtures("_always_processes")
def test_a_file_that_brings_the_interpreter_down_is_named_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {f"m{number}.py": f"class C{number}: ...\n" for number in range(6)})
    write(tmp_path, {"deadly.py": "deadly = 1\n"})
    monkeypatch.setattr(reading, "read_batch", deadly.read_batch)
    found = facts_of(tmp_path, 2)
    assert found["deadly.py"].unreadable == "cannot be parsed: the interpreter crashed on it"
    assert [name for name, facts in found.items() if facts.unreadable] == ["deadly.py"]
    assert len(found) == 7


def test_a_file_that_went_away_is_unreadable(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "", "b.py": ""})
    files = find_tree(str(tmp_path)).files
    (tmp_path / "a.py").unlink()
    found = read_files(files, Cache(""), 1)
    assert [facts.unreadable for facts in found.values()] == ["cannot be read: No such file or directory", ""]


def test_a_file_that_changes_while_it_is_read_is_remembered_as_what_it_became(tmp_path: Path) -> None:
    write(tmp_path, {"tree/a.py": "class Before: ...\n"})
    (found,) = find_tree(str(tmp_path / "tree")).files
    job = reading.Job(b"old digest", found.kind, found.path, found.size)
    (read,) = reading.read_batch([job])
    assert read.digest == digest_of(found.kind, b"class Before: ...\n")
