from __future__ import annotations

from pathlib import Path

import pytest
from unit.inventory.trees import Scanned, scan, scan_path, write

from ssot_probe.inventory import watched_sources
from ssot_probe.model.path_records import DefinitionRecord, SourceRecord
from ssot_probe.model.policy import Concept, Dead, Policy
from ssot_probe.model.source_digest import definitions_in, file_digest

OLD = """
from shop.new import Till, LIMIT as MOST
from shop.stars import *

class Cart:
    size = 3
    def add(self):
        return lambda: 1

class Carton: ...
COUNT = 3
till = Till()
"""
FILES: dict[str, str | bytes] = {
    "shop/__init__.py": "",
    "shop/old.py": OLD,
    "shop/oldest.py": "class Cart: ...\n",
    "shop/new.py": "LIMIT = 2\nclass Till:\n    def open(self): ...\n",
    "shop/stars.py": "class Star: ...\n",
    "shop/legacy/__init__.py": "def begin(): ...\n",
    "shop/legacy/deep.py": "class Deep: ...\n",
}


def watching(*legacy: str, entry_points: tuple[str, ...] = ()) -> Policy:
    return Policy(concepts=(Concept("cart", (), legacy=legacy),), dead=Dead(entry_points=entry_points))


def told(scanned: Scanned) -> list[tuple[str, str, str]]:
    return [
        (one.path, one.kind, f"{one.definition.module}:{one.definition.function}:{one.definition.line}")
        for one in scanned.of(DefinitionRecord)
    ]


def test_a_module_is_told_with_all_that_it_defines(tmp_path: Path) -> None:
    assert told(scan(tmp_path, FILES, policy=watching("shop.old"))) == [
        ("shop.old", "module", "shop.old::0"),
        ("shop.old", "class", "shop.old:Cart:5"),
        ("shop.old", "function", "shop.old:Cart.add:7"),
        ("shop.old", "function", "shop.old:Cart.add.<locals>.<lambda>:8"),
        ("shop.old", "class", "shop.old:Carton:10"),
    ]


def test_a_package_is_told_with_the_modules_below_it(tmp_path: Path) -> None:
    assert [place for _, _, place in told(scan(tmp_path, FILES, policy=watching("shop.legacy")))] == [
        "shop.legacy::0",
        "shop.legacy:begin:1",
        "shop.legacy.deep::0",
        "shop.legacy.deep:Deep:1",
    ]


def test_of_a_name_only_its_own_definition_is_told(tmp_path: Path) -> None:
    policy = watching("shop.old:Cart", entry_points=("shop.old:Cart.add",))
    assert told(scan(tmp_path, FILES, policy=policy)) == [
        ("shop.old:Cart", "module", "shop.old::0"),
        ("shop.old:Cart", "class", "shop.old:Cart:5"),
        ("shop.old:Cart", "function", "shop.old:Cart.add:7"),
        ("shop.old:Cart", "function", "shop.old:Cart.add.<locals>.<lambda>:8"),
        ("shop.old:Cart.add", "module", "shop.old::0"),
        ("shop.old:Cart.add", "function", "shop.old:Cart.add:7"),
        ("shop.old:Cart.add", "function", "shop.old:Cart.add.<locals>.<lambda>:8"),
    ]


@pytest.mark.parametrize(
    ("path", "kind", "place"),
    [
        ("shop.old:Till", "alias", "shop.old:Till:2"),
        ("shop.old:Till.open", "alias", "shop.old:Till.open:2"),
        ("shop.old:Star", "alias", "shop.old:Star:0"),
        ("shop.old:COUNT", "value", "shop.old:COUNT:11"),
        ("shop.old:till", "value", "shop.old:till:12"),
        ("shop.old:Cart.size", "value", "shop.old:Cart.size:5"),
    ],
)
def test_a_name_that_its_module_only_binds_is_told_where_it_does(
    tmp_path: Path, path: str, kind: str, place: str
) -> None:
    assert told(scan(tmp_path, FILES, policy=watching(path)))[1:] == [(path, kind, place)]


@pytest.mark.parametrize("path", ["shop.old:Gone", "shop.old:Cart.gone", "shop.old:Till.gone"])
def test_of_a_name_that_nothing_binds_only_the_module_is_told(tmp_path: Path, path: str) -> None:
    assert told(scan(tmp_path, FILES, policy=watching(path))) == [(path, "module", "shop.old::0")]


def test_of_a_path_that_no_file_knows_nothing_is_told(tmp_path: Path) -> None:
    assert told(scan(tmp_path, FILES, policy=watching("shop.gone", "shop.gone:Cart"))) == []


def test_the_digests_are_those_of_the_content(tmp_path: Path) -> None:
    scanned = scan(tmp_path, FILES, policy=watching("shop.old"))
    expected = [one.digest for one in definitions_in(OLD.encode())]
    assert [one.digest for one in scanned.of(DefinitionRecord)] == expected
    sources = {one.file: one.digest for one in scanned.of(SourceRecord)}
    assert sources["shop/old.py"] == expected[0] == file_digest(OLD.encode())


def test_every_file_has_its_digest_remembered_or_not_parsable_or_not(tmp_path: Path) -> None:
    files = {**FILES, "shop/broken.py": "def f(:\n", "shop/settings.toml": "x = 1\n"}
    cache = str(tmp_path / "cache")
    first = scan(tmp_path / "tree", files, cache=cache).of(SourceRecord)
    again = scan_path(tmp_path / "tree", tmp_path / "tree", cache=cache).of(SourceRecord)
    assert first == again
    assert {one.file for one in first} == {name for name in files if name.endswith(".py")}


def test_a_file_that_cannot_be_parsed_is_told_as_a_module(tmp_path: Path) -> None:
    files = {**FILES, "shop/old.py": "def f(:\n"}
    assert told(scan(tmp_path, files, policy=watching("shop.old"))) == [("shop.old", "module", "shop.old::0")]


def test_a_file_that_changes_meanwhile_is_a_blind_spot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_sources, "file_digest", lambda content: "what it was before")
    scanned = scan_path(write(tmp_path, FILES), tmp_path, policy=watching("shop.old"))
    assert told(scanned) == []
    assert scanned.unread == {"shop/old.py": "was changed while it was scanned: scan again"}
