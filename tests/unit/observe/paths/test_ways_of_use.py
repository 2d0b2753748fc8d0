"""A watched path may be reached by another name, by a subclass, by a string, or as the program itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.children import run, run_both
from support.watched import state, uses, watching

from ssot_probe.model.path_records import INHERITED, RESOLVED, WatchedPathRecord
from ssot_probe.model.records import ImportRecord

LEGACY = """
class Manager:
    def __init__(self):
        self.value = 1
class Bare:
    pass
def make():
    return Manager()
def unused():
    return 1
"""
FILES = {"shop/__init__.py": "", "shop/legacy.py": LEGACY}


def test_a_module_that_is_loaded_by_a_second_name_is_the_same_path(tmp_path: Path) -> None:
    program = "import sys\nsys.path.insert(0, 'shop')\nimport legacy\nlegacy.make()\n"
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=_packages("shop.legacy"))
    (call,) = uses(observed, "shop.legacy", "called")
    assert (call.subject, call.site.file, call.site.line) == ("legacy:make", "main.py", 4)
    assert state(observed.processes[0], "shop.legacy").loaded == 1


def test_another_module_that_is_called_alike_is_another_path(tmp_path: Path) -> None:
    files = {**FILES, "shop/other/__init__.py": "", "shop/other/legacy.py": LEGACY}
    program = "from shop.other import legacy\nlegacy.make()\n"
    observed, _ = run_both(tmp_path, program=program, files=files, policy=watching("shop.legacy"))
    assert uses(observed, "shop.legacy") == []
    assert state(observed.processes[0], "shop.legacy").kind == "unknown"
    assert state(observed.processes[0], "shop.legacy").file == "shop/legacy.py"


@pytest.mark.parametrize("base", ["Manager", "Bare"])
@pytest.mark.parametrize("body", ["pass", "def __init__(self): self.own = 1"])
def test_a_class_that_only_its_subclasses_use_is_used(tmp_path: Path, base: str, body: str) -> None:
    files = {**FILES, "shop/own.py": f"from shop.legacy import {base}\nclass Own({base}):\n    {body}\n"}
    program = "from shop.own import Own\nOwn()\n"
    observed, _ = run_both(tmp_path, program=program, files=files, policy=watching("shop.legacy"))
    (inherited,) = uses(observed, "shop.legacy", INHERITED)
    assert (inherited.subject, inherited.through) == (f"shop.legacy:{base}", "shop.own:Own")
    assert (inherited.site.file, inherited.site.line) == ("shop/own.py", 2)
    assert inherited.site.module == "shop.own"
    if base == "Bare" and body == "pass":
        (made,) = uses(observed, "shop.legacy", "constructed")
        assert (made.through, made.site.line) == ("shop.own:Own", 2)


def test_a_subclass_within_the_path_is_no_use_of_it(tmp_path: Path) -> None:
    files = {**FILES, "shop/legacy.py": LEGACY + "class Own(Manager):\n    pass\n"}
    observed, _ = run_both(
        tmp_path, program="import shop.legacy\n", files=files, policy=watching("shop.legacy")
    )
    assert uses(observed, "shop.legacy") == []


def test_a_module_that_a_setting_names_is_used(tmp_path: Path) -> None:
    program = """
        from importlib import import_module
        SETTING = "shop.legacy:make"
        module, name = SETTING.split(":")
        getattr(import_module(module), name)()
        """
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=watching("shop.legacy"))
    (call,) = uses(observed, "shop.legacy", "called")
    assert call.site.line == 5
    (found,) = (record for record in observed.of(ImportRecord) if record.module == "shop.legacy")
    assert (found.outcome, found.site.file, found.site.line) == ("loaded", "main.py", 5)


def test_what_is_unpickled_is_imported_for_it(tmp_path: Path) -> None:
    files = {**FILES, "make.py": "import pickle, sys\nfrom shop.legacy import Manager\n"}
    files["make.py"] += "open('data', 'wb').write(pickle.dumps(Manager()))\n"
    program = "import pickle\nprint(pickle.load(open('data', 'rb')).value)\n"
    run(tmp_path, "make.py", files=files, probe=False).checked()
    observed, _ = run_both(tmp_path, program=program, policy=watching("shop.legacy"))
    (found,) = (record for record in observed.of(ImportRecord) if record.module == "shop.legacy")
    assert (found.outcome, found.origin) == ("loaded", "unpickling")


def test_to_be_run_as_the_program_is_a_use(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/legacy.py": "def main():\n    return 1\n\nmain()\n"}
    observed, _ = run_both(tmp_path, "-m", "shop.legacy", files=files, policy=watching("shop.legacy"))
    assert {call.subject for call in uses(observed, "shop.legacy", "called")} >= {"shop.legacy"}
    observed, _ = run_both(tmp_path, "shop/legacy.py", files=files, policy=watching("shop.legacy"))
    assert {call.subject for call in uses(observed, "shop.legacy", "called")} >= {"shop.legacy"}


def test_a_name_in_the_program_itself_is_heard_or_told_as_unheard(tmp_path: Path) -> None:
    text = "def main():\n    return 1\n\nmain()\n"
    files = {"shop/__init__.py": "", "shop/legacy.py": text}
    observed, _ = run_both(tmp_path, "-m", "shop.legacy", files=files, policy=watching("shop.legacy:main"))
    told = state(observed.processes[0], "shop.legacy:main")
    assert told.loaded == 1
    assert told.called or told.unheard.startswith("main: ")
    if sys.version_info >= (3, 12):
        assert told.called == 1


def test_an_entry_point_is_heard_where_it_is_defined(tmp_path: Path) -> None:
    policy = 'packages = ["shop"]\n[dead]\nentry_points = ["shop.jobs:month_end"]\n'
    files = {
        "shop/__init__.py": "",
        "shop/jobs.py": "def month_end():\n    return 1\ndef other():\n    return 1\n",
    }
    program = "from shop import jobs\njobs.month_end()\njobs.other()\n"
    observed, _ = run_both(tmp_path, program=program, files=files, policy=policy)
    (call,) = uses(observed, "shop.jobs:month_end")
    assert (call.rung, call.count, call.site.line) == ("called", 1, 2)


def test_a_module_that_is_only_looked_for_is_resolved(tmp_path: Path) -> None:
    program = "import importlib.util\nprint(bool(importlib.util.find_spec('shop.legacy')))\n"
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=watching("shop.legacy"))
    (found,) = uses(observed, "shop.legacy")
    assert (found.rung, found.site.file, found.site.line) == (RESOLVED, "main.py", 2)
    told = state(observed.processes[0], "shop.legacy")
    assert (told.kind, told.resolved, told.loaded) == ("unknown", 1, 0)


LAZY = """
    import importlib.util, sys
    spec = importlib.util.find_spec("shop.legacy")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = sys.modules["shop.legacy"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    """


def test_a_lazy_module_that_nobody_touches_is_resolved(tmp_path: Path) -> None:
    observed, _ = run_both(tmp_path, program=LAZY, files=FILES, policy=watching("shop.legacy"))
    assert [found.rung for found in uses(observed, "shop.legacy")] == [RESOLVED]
    assert state(observed.processes[0], "shop.legacy").loaded == 0
    assert not [record for record in observed.of(ImportRecord) if record.module == "shop.legacy"]


def test_a_lazy_module_that_is_touched_is_loaded_and_used(tmp_path: Path) -> None:
    observed, _ = run_both(
        tmp_path, program=LAZY + "module.make()\n", files=FILES, policy=watching("shop.legacy")
    )
    assert {found.rung for found in uses(observed, "shop.legacy")} == {RESOLVED, "called", "constructed"}
    assert state(observed.processes[0], "shop.legacy").loaded == 1


LAZY_FINDER = """
    import importlib.util, sys
    from importlib.machinery import PathFinder
    class Lazy:
        @staticmethod
        def find_spec(name, path=None, target=None):
            spec = PathFinder.find_spec(name, path, target)
            if spec is not None and name == "shop.legacy":
                spec.loader = importlib.util.LazyLoader(spec.loader)
            return spec
    sys.meta_path.insert({place}, Lazy)
    import shop.legacy
    print(object.__getattribute__(shop.legacy, "__class__").__name__)
    """


@pytest.mark.parametrize("place", [0, 1])
def test_a_finder_that_makes_modules_lazy_still_does(tmp_path: Path, place: int) -> None:
    observed, _ = run_both(
        tmp_path, program=LAZY_FINDER.format(place=place), files=FILES, policy=watching("shop.legacy")
    )
    assert observed.stdout == "_LazyModule\n"
    assert state(observed.processes[0], "shop.legacy").loaded == 0


@pytest.mark.parametrize("place", [0, 1])
def test_what_such_a_finder_made_lazy_is_heard_once_it_is_loaded(tmp_path: Path, place: int) -> None:
    program = LAZY_FINDER.format(place=place) + "shop.legacy.make()\n    shop.legacy.make()\n"
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=watching("shop.legacy"))
    assert state(observed.processes[0], "shop.legacy").loaded == 1


def test_a_name_that_its_module_does_not_bind_is_absent(tmp_path: Path) -> None:
    paths = ("shop.legacy:gone", "shop.gone", "shop.legacy:Manager", "shop.again:Manager", "shop.legacy:ONE")
    files = {"shop/__init__.py": "", "shop/again.py": "from shop.legacy import Manager\n"}
    files["shop/legacy.py"] = LEGACY + "ONE = 1\n"
    observed, _ = run_both(tmp_path, program="import shop.again\n", files=files, policy=watching(*paths))
    (process,) = observed.processes
    kinds = {path: (state(process, path).kind, state(process, path).target) for path in paths}
    assert kinds == {
        "shop.legacy:gone": ("absent", ""),
        "shop.gone": ("absent", ""),
        "shop.legacy:Manager": ("class", ""),
        "shop.again:Manager": ("alias", "shop.legacy:Manager"),
        "shop.legacy:ONE": ("value", ""),
    }


def test_a_module_is_there_as_soon_as_the_server_has_made_it_reachable(tmp_path: Path) -> None:
    program = """
        import sys
        import helper
        from ssot_probe import startup
        startup.activate().flush()
        sys.path.insert(0, "lib")
        import shop
    """
    files = {"helper.py": "", "lib/shop/__init__.py": "", "lib/shop/legacy.py": LEGACY}
    observed = run(
        tmp_path, program=program, files=files, policy=watching("shop.legacy", "shop.gone")
    ).checked()
    kinds = {
        path: [record.kind for record in observed.of(WatchedPathRecord) if record.path == path]
        for path in ("shop.legacy", "shop.gone")
    }
    assert kinds["shop.legacy"][0] == "absent"
    assert kinds["shop.legacy"][-1] == "unknown"
    assert set(kinds["shop.gone"]) == {"absent"}


def test_a_name_that_its_module_answers_for_is_used_when_it_is_asked_for(tmp_path: Path) -> None:
    text = "def __getattr__(name):\n    if name == 'Old':\n        return 1\n    raise AttributeError(name)\n"
    program = "from shop import legacy\nhasattr(legacy, 'Other')\nlegacy.Old\n"
    files = {"shop/__init__.py": "", "shop/legacy.py": text}
    observed, _ = run_both(
        tmp_path, program=program, files=files, policy=watching("shop.legacy:Old", "shop.legacy:Other2")
    )
    assert uses(observed, "shop.legacy:Other2") == []
    if sys.version_info >= (3, 12):
        (found,) = uses(observed, "shop.legacy:Old")
        assert (found.rung, found.site.line) == ("called", 3)


def _packages(path: str) -> str:
    return watching(path).replace('["shop"]', '["shop", "legacy"]')
