"""Import hooks of others: what they do to modules stays done, and the modules are recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from coexistence.support.application import FILES
from coexistence.support.cases import Case, parameters, play
from coexistence.support.compare import alone, assert_seen, beside
from coexistence.support.environments import Environment

CHECKED = """\
    def count(orders: list) -> int:
        return len(orders)

    def refused():
        try:
            count(7)
        except Exception as error:
            return type(error).__name__
        return "nothing"
    """

CLAW = """\
    from beartype.claw import beartype_package
    beartype_package("shop")
    """

TYPEGUARD = """\
    from typeguard import install_import_hook
    install_import_hook("shop")
    """

LAZY_LOADER = """\
    import sys
    from importlib.util import LazyLoader

    class LazyFinder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if not name.startswith("shop"):
                return None
            for finder in sys.meta_path:
                if finder is not LazyFinder:
                    spec = finder.find_spec(name, path, target)
                    if spec is not None and spec.loader is not None and name != "shop":
                        spec.loader = LazyLoader(spec.loader)
                        return spec
            return None

    sys.meta_path.insert({place}, LazyFinder)
    """

FRONT = """\
    import sys
    from importlib.machinery import PathFinder

    class Front:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return PathFinder.find_spec(name, path) if name.startswith("shop") else None

    sys.meta_path.insert(0, Front)
    """

STRICT = """\
    import sys

    class Legacy:
        def find_module(self, name, path=None):
            return None

    sys.meta_path[:] = [*sys.meta_path, Legacy()]
    """

REPLACED = """\
    import sys
    sys.meta_path = [each for each in sys.meta_path]
    """

OVERRIDDEN = """\
    import builtins, importlib
    original, original_module = builtins.__import__, importlib.import_module
    def __import__(name, globals=None, locals=None, fromlist=(), level=0):
        return original(name, globals, locals, fromlist, level)
    def import_module(name, package=None):
        return original_module(name, package)
    builtins.__import__, importlib.import_module = __import__, import_module
    """

MODULES = """\
    import sys
    class Modules(dict):
        def __getitem__(self, name):
            return super().__getitem__(name)
        def __contains__(self, name):
            return super().__contains__(name)
    sys.modules = Modules(sys.modules)
    """


def hooked(hook: str, files: Any = None, **others: Any) -> Any:
    """Play the program behind an import hook."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        texts = {**FILES, "hook.py": hook, **(files or {})}
        texts.setdefault("checked.py", "")
        main = texts["main.py"].replace("    import threading\n", "    import hook, threading\n", 1)
        done, found = beside(directory, environment, "main.py", files={**texts, "main.py": main})
        assert done.code == 0, done.stderr
        expected = alone(environment.python)
        assert_seen(
            found, expected, **{name: change(getattr(expected, name)) for name, change in others.items()}
        )

    return in_this_way


def told(hook: str) -> Any:
    """Play a hook that may hide from the probe what happens: nothing is taken for dead then."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        main = FILES["main.py"].replace("    import threading\n", "    import hook, threading\n", 1)
        files = {**FILES, "hook.py": hook, "main.py": main}
        done, found = beside(directory, environment, "main.py", files=files)
        assert done.code == 0, done.stderr
        if found.verdicts != alone(environment.python).verdicts:
            for path in ("shop.old", "shop.compat"):
                assert found.verdicts[path] in ("LIVE", "VOID")
            assert found.verdicts["shop.shelf"] == "VOID"
            assert found.void

    return in_this_way


def checking(hook: str, is_hidden: bool = False) -> Any:
    """Play a hook that checks types at run time."""
    main = FILES["main.py"].rstrip() + "\n    from shop.checked import refused\n    print(refused())\n"

    def in_this_way(directory: Path, environment: Environment) -> None:
        texts = {**FILES, "hook.py": hook, "shop/checked.py": CHECKED}
        program = main.replace("    import threading\n", "    import hook, threading\n", 1)
        done, found = beside(directory, environment, "main.py", files={**texts, "main.py": program})
        assert done.code == 0, done.stderr
        assert "nothing" not in done.stdout, "the hook checks nothing"
        expected = alone(environment.python)
        if is_hidden:
            assert set(found.verdicts.values()) == {"VOID", "NEVER-LOADED"}
            assert found.verdicts["shop.attic"] == "NEVER-LOADED"
            assert found.void
            return
        assert found.verdicts == expected.verdicts
        assert found.findings == expected.findings
        assert set(expected.makes.items()) <= set(found.makes.items())
        assert (found.lost, found.void, found.blind) == (expected.lost, expected.void, expected.blind)

    return in_this_way


def lazy(place: str) -> Any:
    """Play a finder that makes all modules lazy."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        texts = {**FILES, "hook.py": LAZY_LOADER.format(place=place)}
        main = FILES["main.py"].replace("    import threading\n", "    import hook, threading\n", 1)
        done, found = beside(directory, environment, "main.py", files={**texts, "main.py": main})
        assert done.code == 0, done.stderr
        expected = alone(environment.python)
        assert found.findings["SSOT301", "shop.manager:OrderManager"] == 1
        assert found.verdicts["shop.old"] == found.verdicts["shop.compat"] == "LIVE"
        assert found.verdicts["shop.attic"] == "NEVER-LOADED"
        assert found.verdicts["shop.shelf"] in (
            "NEVER-LOADED",
            "LOADED-BUT-UNUSED",
            "RESOLVED-ONLY",
            "INSUFFICIENT",
        )
        assert (
            found.uses["shop.old", "called", "application"]
            == expected.uses["shop.old", "called", "application"]
        )
        assert (found.lost, found.void) == ({}, [])

    return in_this_way


HIDES = "what such a finder finds, until somebody asks the others again"
SAME = "what the hook does, output; the recording"

CASES = [
    Case("beartype", "its claw", checking(CLAW), SAME, distribution="beartype", requirements=("beartype",)),
    Case(
        "typeguard",
        "its import hook",
        checking(TYPEGUARD, is_hidden=True),
        "what it checks, output",
        HIDES,
        distribution="typeguard",
        requirements=("typeguard",),
    ),
    Case("importlib.util.LazyLoader", "a finder in front", lazy("0"), SAME, is_thin=True),
    Case("importlib.util.LazyLoader", "a finder behind", lazy("len(sys.meta_path)"), SAME),
    Case("a finder", "in front, which finds the application", told(FRONT), "output", HIDES, is_thin=True),
    Case("finders", "that do not know find_spec", hooked(STRICT), SAME, until=(3, 11)),
    Case("sys.meta_path", "another list", hooked(REPLACED), SAME),
    Case(
        "builtins.__import__", "replaced, and importlib.import_module", hooked(OVERRIDDEN), SAME, is_thin=True
    ),
    Case(
        "sys.modules",
        "of a class of its own",
        told(MODULES),
        "output",
        "what it has yet to load itself",
        is_thin=True,
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_what_the_hook_does_and_what_is_recorded_are_what_they_are_without_the_other(
    case: Case, tmp_path: Path
) -> None:
    play(case, tmp_path)
