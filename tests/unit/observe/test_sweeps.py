"""Sweeps: what goes through all modules or attributes makes lazy modules load others, and uses none."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from support.children import run, run_both

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import ImportRecord

POLICY = """
    [[concept]]
    name = "manager"
    classes = ["ChatManager"]
    legacy = ["old"]
"""
JUDGED_BY = Policy(concepts=(Concept("manager", ("ChatManager",), legacy=("old",)),))

FILES = {
    "facade.py": """
        from importlib import import_module

        __all__ = ["ChatManager"]

        def __dir__():
            return ["ChatManager"]

        def __getattr__(name):
            return getattr(import_module("old"), name)
    """,
    "old.py": """
        class ChatManager:
            pass
    """,
}

READS = "import facade\n"
"""What all programs begin with."""

HOMELESS = """
class Thing:
    def __getattribute__(self, name):
        if name == "__module__":
            raise AttributeError(name)
        return object.__getattribute__(self, name)

    def __reduce__(self):
        return "thing"

thing = Thing()
"""
"""An object that does not say its module: pickle looks for one that has it, among all there are."""


class Twins(NamedTuple):
    """A program that only looks, and one that is nearly the same and uses what it gets."""

    sweep: str
    use: str


TWINS = {
    "members": Twins(
        "import inspect\ninspect.getmembers(facade)",
        "import inspect\nfacade.ChatManager\ninspect.isclass(int)",
    ),
    "dir": Twins(
        "found = [getattr(facade, name) for name in dir(facade)]",
        "found = [getattr(facade, name) for name in ['ChatManager']]",
    ),
    "dir in a function": Twins(
        "def look():\n    for name in dir(facade):\n        getattr(facade, name, None)\nlook()",
        "def look():\n    if 'ChatManager' in dir(facade):\n        getattr(facade, 'ChatManager')\nlook()",
    ),
    "a name that is computed": Twins(
        "def look():\n    return {name: hasattr(facade, name) for name in dir(facade)}\nlook()",
        "def look(name):\n    return getattr(facade, name)\nlook('Chat' + 'Manager')",
    ),
    "all modules": Twins(
        "import sys\nfor module in list(sys.modules.values()):\n    hasattr(module, 'ChatManager')",
        "import sys\nmodules = list(sys.modules.values())\ngetattr(sys.modules['facade'], 'ChatManager')",
    ),
    "all modules for what is not theirs": Twins(
        "import sys\nfor module in list(sys.modules.values()):\n    hasattr(module, '__warningregistry__')",
        "import facade as module\nmodule.ChatManager",
    ),
    "pickle": Twins(
        "import pickle\n" + HOMELESS + "pickle.dumps(thing)",
        "import pickle\npickle.dumps(facade.ChatManager)",
    ),
    "pickle in Python": Twins(
        "import pickle\n" + HOMELESS + "pickle._dumps(thing)",
        "import pickle\npickle._loads(b'cfacade\\nChatManager\\n.')",
    ),
    "documentation": Twins(
        "import pydoc\npydoc.render_doc('old')",
        "import pydoc\npydoc.locate('old.ChatManager')",
    ),
    "packages": Twins(
        "import pkgutil\nlist(pkgutil.walk_packages(['packages']))",
        "import pkgutil, sys\nsys.path.append('packages')\n"
        "from importlib import import_module\n"
        "found = [import_module(info.name) for info in pkgutil.iter_modules(['packages'])]",
    ),
    "reading by completion": Twins(
        "import rlcompleter\nrlcompleter.Completer({'facade': facade}).complete('facade.Ch', 0)",
        "eval('facade.ChatManager')",
    ),
    "autospec": Twins(
        "from unittest import mock\nmock.create_autospec(facade)",
        "from unittest import mock\nwith mock.patch('old.ChatManager'):\n    pass",
    ),
}


@pytest.mark.parametrize("kind", TWINS)
def test_what_is_swept_is_marked_and_no_use(tmp_path: Path, kind: str) -> None:
    origins, codes = observe(tmp_path, READS + TWINS[kind].sweep)
    assert origins == {"sweep"}
    assert "SSOT108" not in codes


@pytest.mark.parametrize("kind", TWINS)
def test_what_looks_like_a_sweep_and_is_use_is_found(tmp_path: Path, kind: str) -> None:
    origins, codes = observe(tmp_path, READS + TWINS[kind].use)
    assert "application" in origins
    assert "SSOT108" in codes


def observe(directory: Path, program: str) -> tuple[set[str], set[str]]:
    """Return what imports of the legacy module were made for, and the codes of what is found."""
    files = {**FILES, "packages/old/__init__.py": FILES["old.py"]} if "packages" in program else FILES
    if "packages" in program:
        files = {name: text for name, text in files.items() if name != "old.py"}
        program = "import sys\nsys.path.append('packages')\n" + program
    done, _ = run_both(directory, program=program, files=files, policy=POLICY)
    origins = {record.origin for record in done.of(ImportRecord) if record.module == "old"}
    judgement = judge(load([str(done.directory)]), JUDGED_BY)
    return origins, {finding.code for finding in judgement.findings}


def test_a_reloader_that_looks_for_files_uses_no_module(tmp_path: Path) -> None:
    files = {
        "lib/site-packages/werkzeug/__init__.py": "",
        "lib/site-packages/werkzeug/_reloader.py": """
            import sys

            def find_paths():
                for module in list(sys.modules.values()):
                    name = getattr(module, "__file__", None)
                    if name is not None:
                        yield name
        """,
        "old.py": FILES["old.py"],
        "placed.py": """
            import sys, types

            class Facade(types.ModuleType):
                def __getattr__(self, name):
                    import old
                    return getattr(old, name)

            sys.modules["facade"] = Facade("facade")
        """,
    }
    program = """
        import sys
        sys.path.insert(0, "lib/site-packages")
        import placed
        from werkzeug._reloader import find_paths
        list(find_paths())
        if sys.argv[1:]:
            sys.modules["facade"].ChatManager
    """
    swept, _ = run_both(tmp_path, "main.py", program=program, files=files, policy=POLICY)
    assert {(r.module, r.origin) for r in swept.of(ImportRecord)} == {("old", "sweep")}
    used, _ = run_both(tmp_path, "main.py", "use", recordings=tmp_path / "used")
    assert {(r.outcome, r.origin) for r in used.of(ImportRecord)} == {
        ("loaded", "sweep"),
        ("cached", "application"),
    }


def test_one_line_of_a_lazy_module_is_swept_and_used_and_both_are_counted(tmp_path: Path) -> None:
    program = """
        import inspect
        import facade
        for _ in range(3):
            inspect.getmembers(facade)
        for _ in range(2):
            facade.ChatManager
        facade.ChatManager
    """
    files = {**FILES, "facade.py": FILES["facade.py"].replace('import_module("old")', "__import__('old')")}
    done, _ = run_both(tmp_path, program=program, files=files, policy=POLICY)
    cached = {
        origin: sum(r.count for r in done.of(ImportRecord) if (r.origin, r.outcome) == (origin, "cached"))
        for origin in ("application", "sweep")
    }
    assert cached["application"] == 3
    assert cached["sweep"] > 1


@pytest.mark.parametrize("how", ["loader", "package"])
def test_what_unittest_discovers_is_swept_and_what_its_tests_import_is_used(tmp_path: Path, how: str) -> None:
    files = {
        "old.py": FILES["old.py"],
        "tests/__init__.py": "",
        "tests/test_old.py": """
            import unittest

            class OldTest(unittest.TestCase):
                def test_type(self):
                    from old import ChatManager
                    self.assertEqual(ChatManager.__name__, "ChatManager")
        """,
    }
    policy = POLICY.replace('["old"]', '["old", "tests.test_old"]')
    command = ["discover"] if how == "loader" else ["tests.test_old"]
    done = run(tmp_path, "-m", "unittest", *command, files=files, policy=policy)
    assert done.code == 0, done.stderr
    origins = {(r.module, r.origin) for r in done.of(ImportRecord) if r.module in ("old", "tests.test_old")}
    assert origins == {("old", "application"), ("tests.test_old", "sweep")}


def test_plugins_that_the_application_looks_for_are_its_own_use(tmp_path: Path) -> None:
    """Who goes through a package to import what is in it wants what is in it."""
    files = {
        "plugins/__init__.py": """
            from importlib import import_module
            from pkgutil import iter_modules

            found = [import_module("plugins." + info.name) for info in iter_modules(__path__)]
        """,
        "plugins/old.py": FILES["old.py"],
    }
    policy = POLICY.replace('["old"]', '["plugins.old"]')
    done, _ = run_both(tmp_path, program="import plugins", files=files, policy=policy)
    assert {r.origin for r in done.of(ImportRecord) if r.module == "plugins.old"} == {"application"}
