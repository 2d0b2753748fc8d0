from __future__ import annotations

from pathlib import Path

import pytest
from unit.analysis.build import Program, recording_of
from unit.inventory.trees import scan

from ssot_probe.analysis.inventory import inventory_of
from ssot_probe.analysis.join import Join
from ssot_probe.analysis.recording import Process, Recording
from ssot_probe.analysis.retirement.chains import Chain, Chains, Link
from ssot_probe.analysis.retirement.residue import Residue, Residues

TREE: dict[str, str | bytes] = {
    "shop/__init__.py": "from shop.api import Cart\n__all__ = ['Cart']\n",
    "shop/api.py": "from shop.old import Cart as Cart, COUNT\n",
    "shop/old.py": """
        class Cart:
            def add(self): ...
        COUNT = 1
        ME = 'shop.old'
        def helper(): return Cart()
    """,
    "shop/older.py": "from shop.old import Cart\nNAME = 'shop.old.Cart'\n",
    "shop/jobs.py": """
        import importlib
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from shop.old import helper
        try:
            import shop.old
        except ImportError:
            pass
        def run(name):
            from . import old
            importlib.import_module(name)
    """,
    "shop/starred.py": "from shop.old import *\n",
    "shop/plain.py": "x = 1\n",
    "settings.toml": "cart = 'shop.old.Cart'\nother = 'shop.old'\n",
    "pyproject.toml": "[project.scripts]\nshop = 'shop.old:helper'\n",
    "cart.pkl": b"cshop.old\nCart\n.",
}


class Shop:
    """A scan of files beside a process that loaded some modules of them."""

    def __init__(
        self, directory: Path, files: dict[str, str | bytes], loaded: tuple[str, ...] = (), *places: str
    ) -> None:
        program = Program()
        for name in loaded:
            program.module(name, watched=True)
        for place in places:
            where, _, target = place.partition(" ")
            program.imports(where, target)
        records = [("scan", record) for record in scan(directory, files).inventory.records]
        inventory = inventory_of(records, [Process("scan")])
        assert inventory is not None
        pairs = [("p1", record) for record in program.records]
        joined = Join(Recording(pairs, recording_of(program).processes, inventory=inventory), inventory)
        self.residues = Residues(joined, inventory)
        self.chains = Chains(joined, inventory, self.residues)

    def of(self, path: str, *dead: str) -> Residue:
        return self.residues.of(path, dead)


def importers(found: Residue) -> dict[str, str]:
    return {f"{one.file}:{one.line}": one.what for one in found.importers}


def mentions(found: Residue) -> set[tuple[str, str, str]]:
    return {(f"{one.file}:{one.line}", one.kind, one.what) for one in found.mentions}


def test_every_import_outside_of_the_path_is_told(tmp_path: Path) -> None:
    assert importers(Shop(tmp_path, TREE).of("shop.old")) == {
        "shop/api.py:1": "imports Cart, COUNT from shop.old",
        "shop/older.py:1": "imports Cart from shop.old",
        "shop/jobs.py:5": "imports helper from shop.old",
        "shop/jobs.py:7": "imports shop.old",
        "shop/jobs.py:11": "imports old from shop",
        "shop/starred.py:1": "imports * from shop.old",
    }


def test_an_import_is_told_with_its_guard_and_whether_it_runs_at_load(tmp_path: Path) -> None:
    found = {f"{one.file}:{one.line}": one for one in Shop(tmp_path, TREE).of("shop.old").importers}
    assert found["shop/jobs.py:5"].guard == "type-checking"
    assert found["shop/jobs.py:7"].guard == "try"
    assert not found["shop/jobs.py:11"].at_load
    assert found["shop/api.py:1"].at_load
    assert found["shop/api.py:1"].module == "shop.api"


def test_an_import_is_told_with_what_became_of_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path, TREE, ("shop", "shop.api", "shop.old"), "shop/api.py:1 shop.old:Cart")
    found = {one.file: one for one in shop.of("shop.old").importers}
    assert found["shop/api.py"].is_executed
    assert found["shop/api.py"].count == 1
    assert not found["shop/older.py"].is_executed


def test_who_imports_the_module_of_a_name_may_reach_the_name(tmp_path: Path) -> None:
    found = Shop(tmp_path, TREE).of("shop.old:Cart.add")
    assert {(f"{one.file}:{one.line}", one.is_direct) for one in found.importers} == {
        ("shop/api.py:1", True),
        ("shop/older.py:1", True),
        ("shop/starred.py:1", True),
        ("shop/jobs.py:7", False),
        ("shop/jobs.py:11", False),
    }


def test_strings_settings_entry_points_and_pickles_are_told(tmp_path: Path) -> None:
    found = mentions(Shop(tmp_path, TREE).of("shop.old"))
    assert found >= {
        ("shop/older.py:2", "string", "shop.old:Cart"),
        ("settings.toml:1", "configuration", "shop.old:Cart"),
        ("settings.toml:2", "configuration", "shop.old"),
        ("pyproject.toml:2", "entry-point", "shop.old:helper"),
        ("cart.pkl:0", "pickle", "shop.old:Cart"),
    }
    assert not {place for place, _, _ in found if place.startswith("shop/old.py")}


def test_of_a_name_only_what_names_it_is_told(tmp_path: Path) -> None:
    found = mentions(Shop(tmp_path, TREE).of("shop.old:Cart"))
    assert ("settings.toml:1", "configuration", "shop.old:Cart") in found
    assert not {what for _, kind, what in found if kind != "re-export"} - {"shop.old:Cart"}


def test_modules_that_offer_a_name_of_the_path_again_are_told(tmp_path: Path) -> None:
    found = {one for one in mentions(Shop(tmp_path, TREE).of("shop.old:Cart")) if one[1] == "re-export"}
    assert found == {
        ("shop/__init__.py:1", "re-export", "shop:Cart"),
        ("shop/api.py:1", "re-export", "shop.api:Cart"),
        ("shop/older.py:1", "re-export", "shop.older:Cart"),
        ("shop/starred.py:0", "re-export", "shop.starred:Cart"),
    }


def test_computed_imports_are_told_as_what_is_left_to_doubt(tmp_path: Path) -> None:
    assert [(one.file, one.line) for one in Shop(tmp_path, TREE).of("shop.old").computed] == [
        ("shop/jobs.py", 12)
    ]


def test_what_is_deleted_with_the_path_is_left_out(tmp_path: Path) -> None:
    found = Shop(tmp_path, TREE).of("shop.old", "shop.older", "shop.jobs")
    assert set(importers(found)) == {"shop/api.py:1", "shop/starred.py:1"}
    assert not {place for place, _, _ in mentions(found) if "older" in place}
    assert found.computed == ()


def test_a_path_that_nobody_names_has_no_residue(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"shop/__init__.py": "", "shop/old.py": "x = 1\n"}
    assert Shop(tmp_path, files).of("shop.old") == Residue("shop.old", (), (), ())


CHAIN: dict[str, str | bytes] = {
    "shop/__init__.py": "",
    "shop/app.py": "def serve():\n    import shop.monthly.close\n",
    "shop/monthly/__init__.py": "",
    "shop/monthly/close.py": "import os\nfrom shop.monthly import report\n",
    "shop/monthly/report.py": "from shop.old import Cart\n",
    "shop/old.py": "class Cart: ...\n",
    "shop/typed.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import shop.old\n",
}


def test_a_chain_leads_from_what_ran_down_to_the_path(tmp_path: Path) -> None:
    assert Shop(tmp_path, CHAIN, ("shop.app", "shop.typed")).chains.to("shop.old:Cart") == Chain(
        "ran",
        (
            Link("shop.app", "shop.monthly.close", "shop/app.py", 2, False),
            Link("shop.monthly.close", "shop.monthly.report", "shop/monthly/close.py", 2, True),
            Link("shop.monthly.report", "shop.old:Cart", "shop/monthly/report.py", 1, True),
        ),
    )


def test_the_shortest_chain_is_taken(tmp_path: Path) -> None:
    files = {**CHAIN, "shop/short.py": "import shop.old\n"}
    found = Shop(tmp_path, files, ("shop.app", "shop.short")).chains.to("shop.old")
    assert found is not None
    assert [link.importer for link in found.links] == ["shop.short"]


@pytest.mark.parametrize(
    ("extra", "begins"),
    [
        ({"shop/__main__.py": "import shop.monthly.close\n"}, "script"),
        ({"close.py": "if __name__ == '__main__':\n    import shop.monthly.close\n"}, "script"),
        ({"pyproject.toml": "[project.scripts]\nclose = 'shop.app:serve'\n"}, "entry point"),
    ],
)
def test_a_chain_may_begin_with_what_is_only_meant_to_run(
    tmp_path: Path, extra: dict[str, str | bytes], begins: str
) -> None:
    found = Shop(tmp_path, {**CHAIN, **extra}).chains.to("shop.old")
    assert found is not None
    assert (found.begins, len(found.links)) == (begins, 3)


def test_who_loads_a_module_loads_its_package(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "shop/__init__.py": "import shop.old\n",
        "shop/old.py": "",
        "shop/plain.py": "",
        "main.py": "import shop.plain\nif __name__ == '__main__':\n    import os\n",
    }
    found = Shop(tmp_path, files).chains.to("shop.old")
    assert found is not None
    assert [(link.importer, link.line) for link in found.links] == [("main", 1), ("shop", 1)]


def test_without_a_chain_there_is_none(tmp_path: Path) -> None:
    assert Shop(tmp_path, CHAIN).chains.to("shop.old") is None
    assert Shop(tmp_path, CHAIN, ("shop.typed",)).chains.to("shop.old") is None
