from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.inventory.trees import facts_of, scan

from ssot_probe.inventory.facts import Facts
from ssot_probe.inventory.module_names import Named
from ssot_probe.inventory.resolution import Module
from ssot_probe.model.records import ImportRecord, ReferenceRecord


def only_import(directory: Path, program: str) -> ImportRecord:
    (record,) = scan(directory, {"main.py": program}).of(ImportRecord)
    return record


def test_each_module_of_a_statement_has_a_record_of_its_own(tmp_path: Path) -> None:
    scanned = scan(tmp_path, {"main.py": "import a, b.c as d\nfrom e import f, g as h\n"})
    assert scanned.imports == [("a", ()), ("b.c", ()), ("e", ("f", "g"))]


def test_a_record_says_where_and_when_the_import_runs(tmp_path: Path) -> None:
    record = only_import(tmp_path, "def f():\n    class C:\n        import a\n")
    assert record.site == ("main.py", 3, "f.<locals>.C", "main")
    assert (record.at_load, record.outcome, record.origin, record.count) == (False, "declared", "static", 1)


def test_an_import_in_the_body_of_a_class_runs_when_the_module_is_loaded(tmp_path: Path) -> None:
    record = only_import(tmp_path, "class C:\n    import a\n")
    assert record.at_load
    assert record.site.function == "C"


def test_an_import_over_several_lines_stands_at_its_first(tmp_path: Path) -> None:
    assert only_import(tmp_path, "\nfrom a import (\n    b,\n    c,\n)\n").site.line == 2


GUARDS = {
    "import a": "",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a": "type-checking",
    "import typing\nif typing.TYPE_CHECKING:\n    import a": "type-checking",
    "from typing import TYPE_CHECKING as checks\nif checks:\n    import a": "type-checking",
    "import typing as t\nif t.TYPE_CHECKING:\n    import a": "type-checking",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    import a": "",
    "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import a": "",
    "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    pass\nelse:\n    import a": "type-checking",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING and x:\n    import a": "type-checking",
    "import typing as t\nif t.TYPE_CHECKING:\n    try: import a\n    except: ...": "type-checking",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    def f():\n        import a": "type-checking",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelif x:\n    import a": "branch",
    "try:\n    import a\nexcept ImportError:\n    pass": "try",
    "try:\n    import a\nexcept (KeyError, ModuleNotFoundError):\n    pass": "try",
    "try:\n    import a\nexcept Exception:\n    pass": "try",
    "try:\n    import a\nexcept:\n    pass": "try",
    "try:\n    import a\nexcept KeyError:\n    pass": "",
    "try:\n    import a\nfinally:\n    pass": "",
    "try:\n    pass\nexcept ImportError:\n    import a": "except",
    "try:\n    pass\nexcept KeyError:\n    import a": "branch",
    "try:\n    pass\nexcept ImportError:\n    pass\nelse:\n    import a": "branch",
    "try:\n    pass\nexcept ImportError:\n    pass\nfinally:\n    import a": "",
    "import contextlib\nwith contextlib.suppress(ImportError):\n    import a": "try",
    "if x:\n    import a": "branch",
    "if x:\n    pass\nelse:\n    import a": "branch",
    "match x:\n    case 1:\n        import a": "branch",
    "if __name__ == '__main__':\n    import a": "main",
    "if '__main__' == __name__:\n    if x:\n        import a": "main",
    "if x:\n    def f():\n        import a": "",
    "for x in y:\n    import a": "branch",
    "while x:\n    import a": "branch",
    "try:\n    x()\n    import a\nexcept KeyError:\n    pass": "branch",
}


@pytest.mark.parametrize(("program", "guard"), GUARDS.items())
def test_the_guard_says_what_may_keep_an_import_from_running(program: str, guard: str) -> None:
    (found,) = [one for one in facts_of(program).imports if one.module == "a"]
    assert found.guard == guard


CALLS = {
    "import importlib\nimportlib.import_module('a.b')": ("a.b", ()),
    "import importlib as il\nil.import_module('a.b')": ("a.b", ()),
    "from importlib import import_module\nimport_module(name='a.b')": ("a.b", ()),
    "from importlib import import_module as load\ndef f():\n    load('a.b')": ("a.b", ()),
    "import importlib\nload = importlib.import_module\nload('a.b')": ("a.b", ()),
    "def f():\n    from importlib import import_module as load\n    load('a.b')": ("a.b", ()),
    "__import__('a.b')": ("a.b", ()),
    "import builtins\nbuiltins.__import__('a', fromlist=['b'])": ("a", ()),
    "from importlib import import_module\nimport_module('.sub', 'pkg')": ("pkg.sub", ()),
    "from importlib import import_module\nimport_module('..sub', package='pkg.a.b')": ("pkg.a.sub", ()),
    "from importlib import import_module\nimport_module('.sub', __package__)": ("here.sub", ()),
    "from importlib import import_module\nimport_module('.sub', package=__name__)": ("here.sub", ()),
}


@pytest.mark.parametrize(("program", "asked"), CALLS.items())
def test_a_call_that_imports_a_literal_name_is_an_import(
    tmp_path: Path, program: str, asked: tuple[str, tuple[str, ...]]
) -> None:
    imports = scan(tmp_path, {"here/__init__.py": program}).imports
    assert [found for found in imports if found[0] not in ("importlib", "builtins")] == [asked]


@pytest.mark.parametrize(
    "argument", ["name", "f'a.{name}'", "'a' + name", "*names", "'.sub', package", "'.sub'"]
)
def test_a_call_that_imports_a_computed_name_is_listed_with_its_place(tmp_path: Path, argument: str) -> None:
    program = f"import importlib\ndef f(name):\n    importlib.import_module({argument})\n"
    scanned = scan(tmp_path, {"main.py": program})
    (found,) = scanned.of(ReferenceRecord)
    assert (found.target, found.kind) == ("", "computed-import")
    assert (found.site.line, found.site.function) == (3, "f")


def test_somebody_elses_import_module_imports_nothing(tmp_path: Path) -> None:
    program = "def import_module(name): ...\nimport_module('a')\ndef f(__import__):\n    __import__('a')\n"
    assert scan(tmp_path, {"main.py": program}).imports == []


def test_a_submodule_that_is_fetched_from_its_package_is_imported_too(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/sub.py": "",
        "pkg/other.py": "from . import sub, nothing\n",
        "space/inner.py": "",
        "main.py": "from pkg import sub\nfrom space import inner\n",
    }
    assert scan(tmp_path, files).imports == [
        *[("pkg", ("sub",)), ("pkg.sub", ()), ("space", ("inner",)), ("space.inner", ())],
        *[("pkg", ("sub", "nothing")), ("pkg.sub", ())],
    ]


def test_a_submodule_that_a_call_fetches_is_imported_too(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/sub.py": "",
        "main.py": "__import__('pkg', None, None, ['sub', 'x'])\n",
    }
    assert scan(tmp_path, files).imports == [("pkg", ()), ("pkg.sub", ())]


def test_a_function_that_is_called_like_its_module_is_no_submodule(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from .sub import sub\n",
        "pkg/sub.py": "def sub(): ...\n",
        "m.py": "from pkg import sub\n",
    }
    assert ("pkg.sub", ()) not in scan(tmp_path, files).imports


def test_a_relative_import_that_leads_out_of_its_package_keeps_its_dots(tmp_path: Path) -> None:
    files = {"pkg/__init__.py": "from ..gone import x\n", "script.py": "from .a import b\n"}
    assert sorted(scan(tmp_path, files).imports) == [("..gone", ("x",)), (".a", ("b",))]


NAMES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5)


@given(NAMES, st.booleans(), st.integers(1, 6), st.sampled_from(["", "x", "x.y"]))
def test_relative_imports_are_resolved_as_the_interpreter_does(
    parts: list[str], is_package: bool, level: int, written: str
) -> None:
    from importlib.util import resolve_name

    name = ".".join(parts)
    module = Module(Named("f", name, "r", is_package, name), "f", Facts())
    package = name if is_package else name.rpartition(".")[0]
    dotted = "." * level + written
    try:
        expected = resolve_name(dotted, package)
    except ImportError:
        expected = dotted
    assert module.absolute(level, written) == expected.rstrip(".") or expected == dotted
