from __future__ import annotations

from pathlib import Path

import pytest
from unit.inventory.trees import scan

PKG = {
    "pkg/__init__.py": "from .impl import Manager\nfrom .impl import make as build\n",
    "pkg/impl.py": "class Manager: ...\ndef make(): ...\n",
}
MANAGER = "pkg.impl:Manager"


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("from pkg.impl import Manager", "Manager"),
        ("from pkg import Manager as M", "M"),
        ("import pkg\nM = pkg.Manager", "M"),
        ("import pkg.impl as i\nM = i.Manager", "M"),
        ("import pkg.impl\nM = N = pkg.impl.Manager", "N"),
        ("from pkg import impl\nM, n = impl.Manager, 1", "M"),
        ("from pkg import *", "Manager"),
        ("from pkg.impl import *", "Manager"),
        ("try:\n    from gone import M\nexcept ImportError:\n    from pkg import Manager as M", "M"),
        ("if x:\n    from pkg import Manager as M\nelse:\n    M = None", "M"),
        ("M: type = 0\nfrom pkg import Manager as M", "M"),
    ],
)
def test_a_name_leads_to_the_class_through_whatever_it_was_imported(
    tmp_path: Path, program: str, name: str
) -> None:
    assert (f"main.{name}", MANAGER) in scan(tmp_path, {**PKG, "main.py": program}).bindings


def test_functions_are_bound_like_classes(tmp_path: Path) -> None:
    bindings = scan(tmp_path, {**PKG, "main.py": "from pkg import build as b\n"}).bindings
    assert ("main.b", "pkg.impl:make") in bindings
    assert ("pkg.impl.make", "pkg.impl:make") in bindings


def test_a_name_that_is_bound_again_means_the_last_one(tmp_path: Path) -> None:
    program = "from pkg import Manager\nclass Manager(Manager): ...\nfrom pkg import build\nbuild = None\n"
    bindings = {
        found for found in scan(tmp_path, {**PKG, "main.py": program}).bindings if found[0][:4] == "main"
    }
    assert bindings == {("main.Manager", "main:Manager")}


def test_a_deleted_name_is_not_bound(tmp_path: Path) -> None:
    assert not scan(tmp_path, {"main.py": "class A: ...\ndel A\n"}).bindings


def test_what_only_type_checkers_import_is_not_bound(tmp_path: Path) -> None:
    program = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg import Manager\n"
    assert ("main.Manager", MANAGER) not in scan(tmp_path, {**PKG, "main.py": program}).bindings


def test_a_star_brings_what_all_lists_and_nothing_else(tmp_path: Path) -> None:
    files = {
        "a.py": "__all__ = ['A', '_P']\nclass A: ...\nclass B: ...\nclass _P: ...\n",
        "b.py": "import a\nfrom a import *\n__all__ = a.__all__ + ['C']\n__all__ += ['D']\n"
        "__all__.remove('A')\nclass C: ...\nclass D: ...\nclass E: ...\n",
        "c.py": "from b import *\n",
        "d.py": "from e import *\n",
        "e.py": "class X: ...\nclass _Y: ...\n",
    }
    bindings = scan(tmp_path, files).bindings
    assert {name for name, _ in bindings if name[:2] == "b."} == {"b.A", "b._P", "b.C", "b.D", "b.E"}
    assert {name for name, _ in bindings if name[:2] == "c."} == {"c._P", "c.C", "c.D"}
    assert {name for name, _ in bindings if name[:2] == "d."} == {"d.X"}


def test_chains_of_re_exports_may_be_of_any_length(tmp_path: Path) -> None:
    files = {f"m{i}.py": f"from m{i + 1} import *\nfrom m{i + 1} import X\n" for i in range(1500)}
    bindings = scan(tmp_path, {**files, "m1500.py": "class X: ...\n"}).bindings
    assert ("m0.X", "m1500:X") in bindings


def test_cycles_of_imports_end(tmp_path: Path) -> None:
    files = {
        "a.py": "from b import *\nfrom b import X, Z\nclass A: ...\n",
        "b.py": "from a import *\nfrom a import X, A\nclass Z: ...\n",
        "c.py": "import c\nX = X.y\nY = c.Y\nZ = c.W\nW = c.Z\nclass K(K): ...\n",
    }
    bindings = scan(tmp_path, files).bindings
    assert {("a.Z", "b:Z"), ("b.A", "a:A"), ("a.A", "a:A"), ("b.Z", "b:Z"), ("c.K", "c:K")} == bindings


def test_the_binding_of_a_package_outweighs_its_submodule(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from .sub import sub\n",
        "pkg/sub.py": "class sub: ...\n",
        "m.py": "import pkg\nX = pkg.sub\n",
    }
    assert ("m.X", "pkg.sub:sub") in scan(tmp_path, files).bindings


def test_nested_and_local_classes_have_their_qualified_names(tmp_path: Path) -> None:
    program = """
        class A:
            class B:
                class C: ...
        def f():
            class D:
                def m(self):
                    class E: ...
        async def g():
            class F: ...
    """
    assert set(scan(tmp_path, {"m.py": program}).classes) == {
        *("m:A", "m:A.B", "m:A.B.C", "m:f.<locals>.D", "m:f.<locals>.D.m.<locals>.E", "m:g.<locals>.F"),
    }
