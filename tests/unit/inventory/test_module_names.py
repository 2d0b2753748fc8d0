from __future__ import annotations

from pathlib import Path

from unit.inventory.trees import scan, scan_path, write

from ssot_probe.model.policy import Policy


def test_packages_are_named_by_their_directories(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/api/__init__.py": "", "shop/api/views.py": "", "main.py": ""}
    assert scan(tmp_path, files).modules == {
        "shop": "shop/__init__.py",
        "shop.api": "shop/api/__init__.py",
        "shop.api.views": "shop/api/views.py",
        "main": "main.py",
    }


def test_a_src_directory_is_on_the_path(tmp_path: Path) -> None:
    files = {"src/shop/__init__.py": "", "src/tool.py": "", "src/space/part.py": "", "tests/test_a.py": ""}
    assert set(scan(tmp_path, files).modules) == {"shop", "tool", "space.part", "tests.test_a"}


def test_a_package_below_other_directories_begins_where_its_init_files_begin(tmp_path: Path) -> None:
    files = {"libs/python/shop/__init__.py": "", "libs/python/shop/a.py": ""}
    assert set(scan(tmp_path, files).modules) == {"shop", "shop.a"}


def test_imports_show_that_a_directory_is_a_namespace_package(tmp_path: Path) -> None:
    files = {
        "google/cloud/storage/__init__.py": "",
        "google/cloud/storage/blob.py": "from google.cloud.storage import x\n",
        "google/auth/core.py": "",
    }
    assert set(scan(tmp_path, files).modules) == {
        *("google.cloud.storage", "google.cloud.storage.blob", "google.auth.core"),
    }


def test_imports_show_that_a_directory_is_on_the_path(tmp_path: Path) -> None:
    files = {
        "examples/chat/app.py": "import helpers\n",
        "examples/chat/helpers.py": "class Manager: ...\n",
        "examples/other/one.py": "import json\n",
        "main.py": "",
    }
    scanned = scan(tmp_path, files)
    assert set(scanned.modules) == {"app", "helpers", "examples.other.one", "main"}


def test_declared_packages_decide(tmp_path: Path) -> None:
    files = {"backend/chat/ws.py": "import other\n", "backend/chat/other.py": ""}
    policy = Policy(packages=("chat",))
    assert set(scan(tmp_path, files, policy=policy).modules) == {"chat.ws", "chat.other"}


def test_programs_with_modules_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    files = {
        "a/app.py": "from lib import Manager\nManager()\n",
        "a/lib.py": "class Manager: ...\n",
        "b/app.py": "from lib import Manager\nManager()\n",
        "b/lib.py": "class Manager: ...\n",
    }
    scanned = scan(tmp_path, files)
    assert set(scanned.modules) == {"app", "lib", "b.app", "b.lib"}
    assert scanned.constructions == [("lib:Manager", "a/app.py", 2), ("b.lib:Manager", "b/app.py", 2)]


def test_projects_with_packages_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    files = {
        "new/pyproject.toml": "",
        "new/chat/__init__.py": "",
        "old/pyproject.toml": "",
        "old/chat/__init__.py": "class Manager: ...\n",
        "old/chat/only.py": "from . import Manager as M\nfrom .. import x\n",
        "old/main.py": "from chat import only as o\nM = o.M\nimport chat\n"
        "from chat import Manager\nchat.Manager()\n",
    }
    scanned = scan(tmp_path, files)
    assert set(scanned.modules) == {"chat", "old.chat", "chat.only", "main"}
    assert scanned.constructions == [("old.chat:Manager", "old/main.py", 5)]
    assert ("main.Manager", "old.chat:Manager") in scanned.bindings
    assert ("main.M", "old.chat:Manager") in scanned.bindings
    assert ("chat", ("Manager",)) in scanned.imports


def test_a_file_that_no_import_can_reach_has_a_name_all_the_same(tmp_path: Path) -> None:
    files = {"bin/run-me.py": "class A: ...\n", "2023/x.py": "", "a.b.py": ""}
    assert set(scan(tmp_path, files).modules) == {"bin.run-me", "2023.x", "a.b"}


def test_a_directory_without_init_in_a_package_is_a_part_of_it(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/plugins/one.py": "from .. import x\n"}
    scanned = scan(tmp_path, files)
    assert set(scanned.modules) == {"shop", "shop.plugins.one"}
    assert scanned.imports == [("shop", ("x",))]


def test_a_scan_of_a_part_names_it_as_the_whole_does(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/ws/__init__.py": "", "shop/ws/a.py": "", "other.py": ""})
    whole = scan_path(tmp_path, tmp_path).modules
    for working_directory in (tmp_path, tmp_path / "elsewhere"):
        part = scan_path(tmp_path / "shop/ws", working_directory).modules
        assert part == {"shop.ws": "shop/ws/__init__.py", "shop.ws.a": "shop/ws/a.py"}
        assert part.items() <= whole.items()


def test_no_name_holds_the_directories_above_the_project(tmp_path: Path) -> None:
    write(tmp_path, {"deep/tree/scripts/run.py": "", "deep/tree/x.py": "", "deep/tree/bad.py": "("})
    scanned = scan_path(tmp_path / "deep/tree", tmp_path / "elsewhere")
    assert scanned.modules == {"scripts.run": "scripts/run.py", "x": "x.py"}
    assert "deep" not in repr(scanned.inventory.records)
    assert tmp_path.name not in repr(scanned.inventory.records)
