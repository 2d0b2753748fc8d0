"""Import cycles: real programs that have one, at load or deferred, and near-identical ones that have none."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from support.children import run, run_both
from unit.analysis.build import Program, Source, findings, told

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.finding import Finding, Severity
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import BlindRecord, CycleRecord

Files = dict[str, str]

MANAGERS = "class CartManager:\n    pass\n"

AT_LOAD: Files = {
    "main.py": "import managers",
    "managers.py": MANAGERS + "import views\n",
    "views.py": "import helpers\n",
    "helpers.py": "from managers import CartManager\n",
}

DEFERRED: Files = {
    "main.py": "import managers\nfor _ in range(3):\n    managers.render()\n",
    "managers.py": MANAGERS + "def render():\n    from views import Page\n    return Page()\n",
    "views.py": "from managers import CartManager\nclass Page:\n    manager = CartManager()\n",
}

PACKAGE: Files = {
    "main.py": "import shop",
    "shop/__init__.py": "LIMIT = 3\nfrom shop.managers import CartManager\n",
    "shop/managers.py": "from shop import LIMIT\n" + MANAGERS,
}

FAILING: Files = {
    "main.py": "try:\n    import managers\nexcept ImportError as error:\n    print(error.msg)\n",
    "managers.py": "import views\n" + MANAGERS,
    "views.py": "from managers import CartManager\n",
}


def found_in(directory: Path, files: Files, *command: str) -> list[Finding]:
    """Run a program and return what is found of import cycles; both the run and the report are real."""
    done = run(directory, *command, files=files).checked()
    judgement = judge(load([str(done.directory)]), Policy())
    return [finding for finding in judgement.findings if finding.code == "SSOT107"]


def changed(files: Files, **texts: str) -> Files:
    """Return the files with some of them replaced."""
    return {**files, **{f"{name}.py": text for name, text in texts.items()}}


def cycles_of(directory: Path, files: Files, *command: str) -> list[CycleRecord]:
    """Run a program with and without the probe and return the cycles that were recorded."""
    observed, _ = run_both(directory, *command, files=files)
    return observed.of(CycleRecord)


def test_a_module_that_is_imported_while_it_is_loaded(tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, AT_LOAD)
    assert (finding.subject, finding.severity, finding.count) == ("managers", Severity.WARNING, 1)
    assert finding.message == (
        "Import cycle at load: helpers fetched CartManager from managers while that was half initialised."
    )
    assert told(finding) == [
        "managers.py:3 managers imports views",
        "views.py:1 views imports helpers",
        "helpers.py:1 helpers fetched CartManager from managers while that was half initialised",
    ]


def test_imports_that_are_deferred_into_functions(tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, DEFERRED)
    assert (finding.subject, finding.severity, finding.count) == ("managers", Severity.WARNING, 2)
    assert finding.message == (
        "2 modules import each other: managers and views. Deferred: managers imports views inside "
        "function render."
    )
    assert told(finding) == [
        "managers.py:4 managers imports views inside function render, 3 times",
        "views.py:1 views imports managers at load",
    ]


def test_a_function_that_loads_a_module_of_no_concept(tmp_path: Path) -> None:
    files = changed(DEFERRED, views="import managers\nclass Page:\n    pass\n")
    (finding,) = found_in(tmp_path, files)
    assert told(finding) == [
        "managers.py:4 managers imports views inside function render, once",
        "views.py:1 views imports managers at load",
    ]


def test_a_package_that_loads_lazily_what_needs_the_package(tmp_path: Path) -> None:
    files = {
        "main.py": "import shop\nprint(shop.CartManager)\n",
        "shop/__init__.py": "import importlib\nLIMIT = 3\ndef __getattr__(name):\n"
        "    return getattr(importlib.import_module('shop.managers'), name)\n",
        "shop/managers.py": "from shop import LIMIT\n" + MANAGERS,
    }
    (finding,) = found_in(tmp_path, files)
    assert told(finding) == [
        "shop/__init__.py:4 shop imports shop.managers inside function __getattr__, once",
        "shop/managers.py:1 shop.managers imports shop at load",
    ]


def test_a_submodule_that_takes_what_its_package_defines(tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, PACKAGE)
    assert finding.subject == "shop"
    assert told(finding) == [
        "shop/__init__.py:2 shop imports shop.managers",
        "shop/managers.py:1 shop.managers fetched LIMIT from shop while that was half initialised",
    ]


def test_a_cycle_whose_import_fails_is_found_and_fails_in_the_interpreter_s_words(tmp_path: Path) -> None:
    (cycle,) = cycles_of(tmp_path, FAILING)
    assert (cycle.module, cycle.names, cycle.outcome) == ("managers", ("CartManager",), "failed")
    (finding,) = found_in(tmp_path / "again", FAILING)
    assert finding.message == (
        "Import cycle at load: views asked managers for CartManager while that was half initialised, and "
        "the import failed."
    )


def test_both_kinds_between_the_same_modules_are_one_finding(tmp_path: Path) -> None:
    files = changed(
        AT_LOAD, helpers="from managers import CartManager\ndef late():\n    import managers\nlate()\n"
    )
    (finding,) = found_in(tmp_path, files)
    assert (finding.subject, finding.count) == ("managers", 2)


def test_several_modules_that_see_one_half_initialised_are_one_finding(tmp_path: Path) -> None:
    files = changed(AT_LOAD, views="import helpers, managers\n")
    (finding,) = found_in(tmp_path, files)
    assert (
        finding.message == "Import cycle at load: 2 modules saw managers half initialised: views and helpers."
    )
    assert told(finding) == [
        "managers.py:3 managers imports views",
        "views.py:1 views imported managers while that was half initialised",
        "managers.py:3 managers imports views",
        "views.py:1 views imports helpers",
        "helpers.py:1 helpers fetched CartManager from managers while that was half initialised",
    ]


@pytest.mark.parametrize(
    ("sibling", "names"),
    [
        ("from . import first", ()),
        ("from shop import first", ()),
        ("import shop.first", ()),
        ("import shop.first as other", ()),
        ("from .first import FIRST", ("FIRST",)),
        ("from shop.first import *", ("*",)),
        ("__import__('shop.first')", ()),
        ("__import__('first', globals(), None, ['FIRST'], 1)", ()),
    ],
)
def test_siblings_that_import_each_other_are_found_however_they_say_it(
    tmp_path: Path, sibling: str, names: tuple[str, ...]
) -> None:
    files = {
        "main.py": "import shop.first",
        "shop/__init__.py": "",
        "shop/first.py": "FIRST = 1\nfrom . import second\n" + MANAGERS,
        "shop/second.py": sibling + "\n",
    }
    (cycle,) = cycles_of(tmp_path, files)
    assert (cycle.module, cycle.names, cycle.outcome) == ("shop.first", names, "cached")
    assert (cycle.importers, cycle.modules) == (("shop.first", "shop.second"), ("shop.second", "shop.first"))
    assert cycle.places == ("shop/first.py:2", "shop/second.py:1")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python tells of import_module since 3.11")
def test_import_module_in_a_cycle(tmp_path: Path) -> None:
    files = changed(
        AT_LOAD,
        managers="import importlib\n" + MANAGERS + "importlib.import_module('views')\n",
        helpers="import importlib\nimportlib.import_module('managers')\n",
    )
    (cycle,) = cycles_of(tmp_path, files)
    assert (cycle.module, cycle.importers, cycle.places) == (
        "managers",
        ("managers", "views", "helpers"),
        ("managers.py:4", "views.py:1", "helpers.py:2"),
    )


def test_a_cycle_through_a_function_that_runs_at_load(tmp_path: Path) -> None:
    files = {
        "main.py": "import managers",
        "managers.py": MANAGERS + "import factory\nfactory.create()\n",
        "factory.py": "def create():\n    from managers import CartManager\n",
    }
    (finding,) = found_in(tmp_path, files)
    assert told(finding) == [
        "factory.py:2 factory fetched CartManager from managers while that was half initialised"
    ]


def test_a_package_that_runs_as_the_program(tmp_path: Path) -> None:
    files = {**PACKAGE, "shop/__main__.py": "from shop.managers import CartManager\n"}
    (cycle,) = cycles_of(tmp_path, files, "-m", "shop")
    assert (cycle.module, cycle.site.module) == ("shop", "shop.managers")


def test_a_script_that_others_import_meets_its_second_self(tmp_path: Path) -> None:
    files = {
        "main.py": "class CartManager: pass\nif __name__ == '__main__' or True:\n    import views\n",
        "views.py": "import main\n",
    }
    (cycle,) = cycles_of(tmp_path, files)
    assert (cycle.module, cycle.importers) == ("views", ("views", "main"))


def test_a_cycle_inside_a_thread_is_that_thread_s_own(tmp_path: Path) -> None:
    main = (
        "import threading\nthread = threading.Thread(target=__import__, args=('managers',))\n"
        "thread.start()\nthread.join()\n"
    )
    (cycle,) = cycles_of(tmp_path, changed(AT_LOAD, main=main))
    assert (cycle.module, cycle.site.module) == ("managers", "helpers")


def test_a_fork_while_modules_load_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    views = "import os\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)\nelse:\n    import helpers\n"
    main = "import managers\n"
    cycles = cycles_of(tmp_path, changed(AT_LOAD, main=main, views=views))
    assert [(cycle.module, cycle.importers, cycle.places) for cycle in cycles] == [
        ("managers", ("managers", "views", "helpers"), ("managers.py:3", "views.py:6", "helpers.py:1"))
    ]


def test_a_lazy_name_of_a_package_is_fetched_in_a_cycle(tmp_path: Path) -> None:
    files = {
        **PACKAGE,
        "shop/__init__.py": "def __getattr__(name):\n    if name == 'LIMIT':\n        return 3\n"
        "    raise AttributeError(name)\nfrom shop.managers import CartManager\n",
    }
    (cycle,) = cycles_of(tmp_path, files)
    assert (cycle.module, cycle.names, cycle.outcome) == ("shop", ("LIMIT",), "cached")


def test_what_stands_in_a_module_s_place_may_answer_for_any_name(tmp_path: Path) -> None:
    files = changed(
        AT_LOAD,
        managers="import sys\n" + MANAGERS + "import types\nclass Own(types.ModuleType):\n"
        "    CartManager = CartManager\nown = Own(__name__)\nown.__spec__ = __spec__\n"
        "sys.modules[__name__] = own\nimport views\n",
    )
    (cycle,) = cycles_of(tmp_path, files)
    assert (cycle.module, cycle.names, cycle.outcome) == ("managers", ("CartManager",), "cached")


def test_a_name_that_hides_a_submodule_of_its_name_is_what_the_package_defines(tmp_path: Path) -> None:
    files = {
        "main.py": "import shop",
        "shop/__init__.py": "from shop.limit import limit\nfrom shop.managers import CartManager\n",
        "shop/limit.py": "def limit(): pass\n",
        "shop/managers.py": "from shop import limit\n" + MANAGERS,
    }
    (cycle,) = cycles_of(tmp_path, files)
    assert (cycle.module, cycle.names, cycle.site.module) == ("shop", ("limit",), "shop.managers")


def test_more_cycles_than_are_kept_are_said_to_be(tmp_path: Path) -> None:
    main = "import ssot_probe.observe.cycles as cycles\ncycles.MOST_CYCLES = 2\nimport managers\n"
    done = run(tmp_path, files=changed(AT_LOAD, main=main, helpers="import managers\n" * 5)).checked()
    assert len(done.of(CycleRecord)) == 2
    assert [blind.subject for blind in done.of(BlindRecord)][-1:] == ["import cycles"]


def test_a_cycle_that_a_process_is_killed_in_has_been_told(tmp_path: Path) -> None:
    main = "import managers\n"
    managers = MANAGERS + (
        "import views, time, os, signal\ntime.sleep(3)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = run(tmp_path, files=changed(AT_LOAD, main=main, managers=managers))
    assert [cycle.module for cycle in done.of(CycleRecord)] == ["managers"]


def test_a_module_that_failed_before_is_no_part_of_the_chain(tmp_path: Path) -> None:
    files = changed(
        AT_LOAD,
        views="try:\n    import broken\nexcept ValueError:\n    import helpers\n",
        broken="raise ValueError\n",
    )
    (cycle,) = cycles_of(tmp_path, files)
    assert cycle.modules == ("views", "helpers", "managers")


SILENT: dict[str, Files] = {
    "an import for type checkers": changed(
        AT_LOAD,
        helpers="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from managers import CartManager\n",
    ),
    "a deferred import for type checkers": changed(
        DEFERRED,
        managers=MANAGERS
        + "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from views import Page\n"
        "def render():\n    pass\n",
    ),
    "a function that never ran": changed(DEFERRED, main="import managers, views\n"),
    "siblings through their package": {
        "main.py": "import shop",
        "shop/__init__.py": "from . import managers, views\nfrom shop import limits\nLIMIT = 3\n",
        "shop/managers.py": "from . import limits\n" + MANAGERS,
        "shop/views.py": "from shop import managers, limits\nimport shop.limits\nimport shop.managers as m\n"
        "from shop.managers import CartManager\n__import__('shop.limits')\n",
        "shop/limits.py": "",
    },
    "siblings through their package, in functions": {
        "main.py": "import shop\nshop.views.render()\nshop.views.render()\n",
        "shop/__init__.py": "from . import managers, views\n",
        "shop/managers.py": MANAGERS,
        "shop/views.py": "def render():\n    from shop import managers, late\n    import shop.late\n",
        "shop/late.py": "from shop.managers import CartManager\n",
    },
    "two threads that import one module at once": {
        "main.py": """
            import threading
            threads = [threading.Thread(target=__import__, args=(name,)) for name in ("managers", "views")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        """,
        "managers.py": "import time\ntime.sleep(0.3)\n" + MANAGERS,
        "views.py": "import time\ntime.sleep(0.1)\nfrom managers import CartManager\n",
    },
    "what a module falls back on": changed(
        DEFERRED,
        managers="try:\n    import views_in_c\nexcept ImportError:\n    import plain_views\n"
        + MANAGERS
        + "def render():\n    import plain_views\n",
        views_in_c="raise ImportError\n",
        plain_views="def page():\n    import managers\n",
    ),
    "a module that is loaded again": changed(
        DEFERRED,
        main="import importlib, views, managers\nimportlib.reload(managers)\nimportlib.reload(views)\n",
        managers=MANAGERS,
    ),
    "a module that imports itself": {
        "main.py": "import shop.managers",
        "shop/__init__.py": "",
        "shop/managers.py": "import shop.managers\nfrom . import managers\n"
        + MANAGERS
        + "def late():\n    import shop.managers\nlate()\n",
    },
    "a package that loads lazily what does not need it": {
        "main.py": "import shop\nprint(shop.CartManager)\n",
        "shop/__init__.py": "import importlib\ndef __getattr__(name):\n    if name == 'CartManager':\n"
        "        return importlib.import_module('shop.managers').CartManager\n"
        "    raise AttributeError(name)\n",
        "shop/limits.py": "LIMIT = 3\n",
        "shop/managers.py": "from shop.limits import LIMIT\nfrom shop import limits\nfrom . import late\n"
        + MANAGERS,
        "shop/late.py": "",
    },
    "a lazy package that loads its submodules": {
        "main.py": "import shop",
        "shop/__init__.py": "def __getattr__(name):\n    raise AttributeError(name)\n"
        "from shop.managers import CartManager\n",
        "shop/managers.py": "from shop import limits\nfrom . import late\n" + MANAGERS,
        "shop/limits.py": "",
        "shop/late.py": "",
    },
    "a submodule whose name the package takes for something else, later": {
        "main.py": "import shop",
        "shop/__init__.py": "from shop.managers import CartManager\nfrom shop.limit import limit\n",
        "shop/managers.py": "from shop import limit\n" + MANAGERS,
        "shop/limit.py": "def limit(): pass\n",
    },
    "a submodule that cannot be looked for": {
        "main.py": """
            import sys
            class Finder:
                def find_spec(self, name, path=None, target=None):
                    if name == "shop.broken":
                        raise ValueError
            sys.meta_path.append(Finder())
            import shop
        """,
        "shop/__init__.py": "from shop.managers import CartManager\n",
        "shop/managers.py": "try:\n    from shop import broken\nexcept ValueError:\n    pass\n" + MANAGERS,
    },
    "a submodule that fails to load": {
        "main.py": "import shop",
        "shop/__init__.py": "from shop.managers import CartManager\n",
        "shop/managers.py": "try:\n    from shop import broken\nexcept ValueError:\n    pass\n" + MANAGERS,
        "shop/broken.py": "raise ValueError\n",
    },
    "a package that comes with its submodule": {
        "main.py": "import views\nviews.render()\n",
        "views.py": "class PageManager:\n    pass\ndef render():\n"
        "    from shop.managers import CartManager\n    import shop.late\n    from shop import late\n",
        "shop/__init__.py": "import views\n",
        "shop/managers.py": MANAGERS,
        "shop/late.py": "from shop import managers\n",
    },
}


@pytest.mark.parametrize("files", SILENT.values(), ids=SILENT.keys())
def test_what_only_looks_like_it_is_silent(tmp_path: Path, files: Files) -> None:
    assert found_in(tmp_path, files) == []


def test_a_type_checking_import_of_the_same_program_is_all_that_makes_the_difference(tmp_path: Path) -> None:
    assert found_in(tmp_path / "a", AT_LOAD)
    assert not found_in(tmp_path / "b", SILENT["an import for type checkers"])


def imports(program: Program, edges: Iterable[str]) -> None:
    """Add executed imports, each written as `a > b` at load or `a >> b` inside a function."""
    for edge in edges:
        importer, arrow, imported = edge.split()
        program.imports(f"{importer}.py:1", imported, inside="<module>" if arrow == ">" else "work")


def test_a_cycle_that_several_processes_saw_is_one_finding() -> None:
    first, second = Program("p1"), Program("p2")
    for program in (first, second):
        program.sees_half_initialised("chat/views.py:4", "chat.manager:Manager")
    (finding,) = findings("SSOT107", first, second)
    assert (finding.subject, finding.count) == ("chat.manager", 1)
    assert len(finding.evidence) == 2


def test_a_set_of_modules_is_reported_once_by_its_shortest_circle() -> None:
    program = Program()
    imports(program, ["a > b", "b > c", "c > d", "d >> a", "c >> a", "b >> a", "x > a"])
    (finding,) = findings("SSOT107", program)
    assert finding.message.startswith("4 modules import each other: a, b, c and d. Deferred: b imports a")
    assert [line.partition(" ")[2] for line in told(finding)] == [
        "a imports b at load",
        "b imports a inside function work, once",
    ]


def test_processes_add_up_to_one_finding() -> None:
    parent, child = Program("p1"), Program("p2")
    imports(parent, ["b > a"])
    imports(child, ["a >> b"])
    (finding,) = findings("SSOT107", parent, child)
    assert finding.subject == "a"
    both = Program("p3")
    imports(both, ["b > a", "a >> b"])
    assert len(findings("SSOT107", parent, child, both)) == 1


def declared(*edges: str) -> Source:
    """Return a source that declares imports, written like those of `imports`."""
    source = Source()
    for edge in edges:
        importer, arrow, imported = edge.split()
        guard = "type-checking" if arrow == "?" else ""
        source.imports(f"{importer}.py:7", imported, guard, inside="work" if arrow == ">>" else "<module>")
        source.module(imported)
    return source


def test_a_circle_that_only_source_declares_is_a_note_that_says_so() -> None:
    program = Program()
    imports(program, ["a > b"])
    (finding,) = findings("SSOT107", program, source=declared("b >> a"))
    assert finding.severity == Severity.NOTE
    assert "origin: static" in finding.message
    assert told(finding) == [
        "a.py:1 a imports b at load",
        "b.py:7 b imports a inside function work, not seen to be executed",
    ]


def test_what_nothing_guards_ran_when_its_module_was_loaded() -> None:
    program = Program()
    program.module("b")
    imports(program, ["a >> b"])
    (finding,) = findings("SSOT107", program, source=declared("b > a"))
    assert finding.severity == Severity.WARNING
    assert told(finding) == ["a.py:1 a imports b inside function work, once", "b.py:7 b imports a at load"]


def test_a_circle_in_source_that_never_loaded_is_a_note() -> None:
    (finding,) = findings("SSOT107", Program(), source=declared("a > b", "b > a"))
    assert finding.severity == Severity.NOTE


def test_a_declared_import_that_only_type_checkers_see_ties_nothing() -> None:
    program = Program()
    imports(program, ["a > b"])
    assert findings("SSOT107", program, source=declared("b ? a")) == []


def test_imports_of_modules_that_were_not_scanned_tie_nothing() -> None:
    source = Source()
    source.imports("a.py:1", "json")
    source.imports("b.py:1", "a")
    assert findings("SSOT107", Program(), source=source) == []


def test_tools_and_failed_imports_tie_nothing() -> None:
    program = Program()
    imports(program, ["a > b"])
    program.imports("b.py:7", "a", outcome="failed", inside="work")
    program.imports("b.py:8", "a", origin="sweep", inside="work")
    assert findings("SSOT107", program) == []
