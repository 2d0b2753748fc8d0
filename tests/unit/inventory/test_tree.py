from __future__ import annotations

import os
from pathlib import Path

import pytest
from unit.inventory.trees import scan, scan_path, write

from ssot_probe.inventory.tree import find_tree


def found(directory: Path, *exclude: str) -> list[str]:
    return [os.path.relpath(one.path, directory) for one in find_tree(str(directory), exclude).files]


def test_files_are_found_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path, {"b/c.py": "", "a.py": "", "b.py": "", "x.txt": "", "b/a.toml": "", "c/d/e.pkl": b""})
    assert found(tmp_path) == ["a.py", "b.py", "b/a.toml", "b/c.py", "c/d/e.pkl"]


def test_what_is_no_source_of_the_project_is_passed_over_and_counted(tmp_path: Path) -> None:
    passed = [
        *(".git", ".venv", "env", "node_modules", "__pycache__", "build", "dist", "lib/site-packages"),
        *("x.egg-info", "a/.mypy_cache", "ssot-probe-data"),
    ]
    write(tmp_path, {f"{name}/m.py": "" for name in passed})
    write(tmp_path, {"env/pyvenv.cfg": "", "kept/m.py": "", "pkg/build/__init__.py": ""})
    tree = find_tree(str(tmp_path))
    assert found(tmp_path) == ["kept/m.py", "pkg/build/__init__.py"]
    assert dict(tree.ignored) == {
        "hidden directories": 3,
        "virtual environments": 1,
        "node_modules": 1,
        "bytecode": 1,
        "build output": 2,
        "installed packages": 1,
        "package metadata": 1,
        "recordings": 1,
    }


def test_a_policy_is_no_configuration_of_the_service(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": "", "ssot-probe.toml": "", "service.toml": ""})
    assert found(tmp_path) == ["m.py", "service.toml"]
    assert dict(find_tree(str(tmp_path)).ignored) == {"policies": 1}


def test_a_path_inside_installed_packages_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"v/pyvenv.cfg": "", "v/lib/site-packages/pkg/__init__.py": "class A: ...\n"})
    scanned = scan_path(tmp_path / "v/lib/site-packages/pkg", tmp_path / "elsewhere")
    assert scanned.modules == {"pkg": "pkg/__init__.py"}


@pytest.mark.parametrize("pattern", ["gen*", "app/generated", "app/generated/", "*/generated", "generated"])
def test_directories_are_excluded_by_name_or_path(tmp_path: Path, pattern: str) -> None:
    write(tmp_path, {"app/generated/m.py": "", "app/m.py": ""})
    assert found(tmp_path, pattern) == ["app/m.py"]
    assert find_tree(str(tmp_path), [pattern]).ignored["excluded"] == 1


def test_files_are_excluded_by_name_or_path(tmp_path: Path) -> None:
    write(tmp_path, {"app/m_pb2.py": "", "app/m.py": "", "n_pb2.py": ""})
    assert found(tmp_path, "*_pb2.py") == ["app/m.py"]
    assert found(tmp_path, "app/*") == ["n_pb2.py"]


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    write(tmp_path, {"a/m.py": "", "b/n.py": ""})
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "a/self").symlink_to(tmp_path / "a/self")
    (tmp_path / "a/self.py").symlink_to(tmp_path / "a/self.py")
    (tmp_path / "b/other").symlink_to(tmp_path / "a")
    assert found(tmp_path) == ["a/m.py", "b/n.py"]
    tree = find_tree(str(tmp_path))
    assert tree.ignored["links to what is read already"] == 2
    assert [os.path.basename(path) for path, _ in tree.unreadable] == ["self.py"]


def test_a_link_that_leads_nowhere_is_listed_as_unreadable(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": ""})
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    assert scan(tmp_path, {}).unread == {"gone.py": "cannot be read: No such file or directory"}


def test_a_directory_that_is_called_like_a_file_is_looked_into(tmp_path: Path) -> None:
    write(tmp_path, {"x.py/m.py": ""})
    assert found(tmp_path) == ["x.py/m.py"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert scan(tmp_path, {"m.py": ""}).unread == {"pipe.py": "cannot be read: not a regular file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_listed(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": "", "secret.py": "", "closed/n.py": ""})
    (tmp_path / "secret.py").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        unread = scan(tmp_path, {}).unread
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert unread == {
        "secret.py": "cannot be read: Permission denied",
        "closed": "cannot be listed: Permission denied",
    }


def test_a_single_file_can_be_scanned(tmp_path: Path) -> None:
    write(tmp_path, {"pkg/__init__.py": "", "pkg/a.py": "class A: ...\n", "pkg/b.py": ""})
    scanned = scan_path(tmp_path / "pkg/a.py", tmp_path)
    assert scanned.modules == {"pkg.a": "pkg/a.py"}


def test_very_deep_directories_are_read(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    (deep / "m.py").write_text("")
    assert len(found(tmp_path)) == 1
