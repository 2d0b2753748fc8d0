from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from unit.inventory.trees import scan_path, write

from ssot_probe.inventory import cache as cache_module
from ssot_probe.inventory import reading
from ssot_probe.inventory.cache import FILE, Cache, digest_of

FILES = {
    "a.py": "class A: ...\n",
    "b.py": "from a import A\n",
    "same.py": "class A: ...\n",
    "c.toml": "x = 'a.A'\n",
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every content that is read and not remembered."""
    contents: list[bytes] = []
    for kind, reader in list(reading._READERS.items()):

        def spy(content: bytes, reader: object = reader) -> object:
            contents.append(content)
            return reader(content)  # type: ignore[operator]

        monkeypatch.setitem(reading._READERS, kind, spy)
    return contents


def test_what_was_read_once_is_not_read_again(tmp_path: Path, read: list[bytes]) -> None:
    tree = write(tmp_path / "tree", FILES)
    first = scan_path(tree, tree, cache=str(tmp_path / "cache"))
    assert len(read) == 3  # two files are the same
    second = scan_path(tree, tree, cache=str(tmp_path / "cache"))
    assert len(read) == 3
    assert first.inventory == second.inventory


def test_a_file_that_changed_is_read_again_and_no_other(tmp_path: Path, read: list[bytes]) -> None:
    tree = write(tmp_path / "tree", FILES)
    scan_path(tree, tree, cache=str(tmp_path / "cache"))
    (tree / "a.py").write_text("class Changed: ...\n")
    scanned = scan_path(tree, tree, cache=str(tmp_path / "cache"))
    assert len(read) == 4
    assert "a:Changed" in scanned.classes


def test_without_a_cache_everything_is_read(tmp_path: Path, read: list[bytes]) -> None:
    tree = write(tmp_path / "tree", FILES)
    for _ in range(2):
        scan_path(tree, tree)
    assert len(read) == 6


def test_what_another_reader_left_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest_of("source", b"x")
    assert digest_of("pickle", b"x") != before
    monkeypatch.setattr(cache_module, "_READER", "another")
    assert digest_of("source", b"x") != before


@pytest.mark.parametrize(
    "content",
    [b"not a database, but long enough for one" * 20, b"SQLite format 3\0" + b"x" * 4096],
)
def test_a_damaged_cache_is_begun_anew_with_a_note(tmp_path: Path, content: bytes, read: list[bytes]) -> None:
    tree = write(tmp_path / "tree", FILES)
    write(tmp_path, {f"cache/{FILE}": content})
    scanned = scan_path(tree, tree, cache=str(tmp_path / "cache"))
    assert "was damaged" in scanned.inventory.note
    assert len(scanned.modules) == 3
    again = scan_path(tree, tree, cache=str(tmp_path / "cache"))
    assert again.inventory.note == ""
    assert len(read) == 3


def test_a_damaged_entry_is_read_again(tmp_path: Path, read: list[bytes]) -> None:
    tree = write(tmp_path / "tree", FILES)
    scan_path(tree, tree, cache=str(tmp_path / "cache"))
    with sqlite3.connect(tmp_path / "cache" / FILE) as database:
        database.execute("UPDATE facts SET facts = '[1]'")
    database.close()
    scanned = scan_path(tree, tree, cache=str(tmp_path / "cache"))
    assert len(read) == 6
    assert "a:A" in scanned.classes


def test_a_table_of_another_shape_is_begun_anew(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", FILES)
    (tmp_path / "cache").mkdir()
    with sqlite3.connect(tmp_path / "cache" / FILE) as database:
        database.execute("CREATE TABLE facts (other TEXT)")
    database.close()
    scanned = scan_path(tree, tree, cache=str(tmp_path / "cache"))
    assert scanned.inventory.note
    assert len(scanned.modules) == 3


def test_a_place_that_cannot_hold_a_cache_is_named_and_does_without(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {**FILES, "file": ""})
    scanned = scan_path(tree, tree, cache=str(tree / "file" / "cache"))
    assert "cannot be used: Not a directory" in scanned.inventory.note
    assert len(scanned.modules) == 3


def test_a_cache_that_another_scan_holds_does_not_stop_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "WAIT_SECONDS", 0.05)
    tree = write(tmp_path / "tree", FILES)
    scan_path(tree, tree, cache=str(tmp_path / "cache"))
    other = sqlite3.connect(tmp_path / "cache" / FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    scanned = scan_path(tree, tree, cache=str(tmp_path / "cache"))
    other.close()
    assert "locked" in scanned.inventory.note
    assert len(scanned.modules) == 3


def test_what_nobody_used_for_long_is_forgotten(tmp_path: Path) -> None:
    old = Cache(str(tmp_path))
    old._today -= cache_module.KEEP_DAYS + 1
    old.write({b"unused": "x", b"used": "y"})
    assert Cache(str(tmp_path)).read([b"used"]) == {b"used": "y"}
    Cache(str(tmp_path)).write({b"new": "z"})
    assert Cache(str(tmp_path)).read([b"unused", b"used", b"new"]) == {b"used": "y", b"new": "z"}


def test_a_cache_is_asked_for_any_number_of_files(tmp_path: Path) -> None:
    facts = {b"%d" % number: str(number) for number in range(2500)}
    cache = Cache(str(tmp_path))
    cache.write(facts)
    assert cache.read([*facts, b"unknown"]) == facts
