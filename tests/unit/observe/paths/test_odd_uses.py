"""Uses that run no code where one would listen: they are heard all the same, or told not to be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.children import Run, run_both
from support.watched import state, uses, watching

from ssot_probe.model.records import BlindRecord

HAS_EVENTS = sys.version_info >= (3, 12)


def _run(tmp_path: Path, legacy: str, program: str, *paths: str) -> Run:
    files = {"shop/__init__.py": "", "shop/legacy.py": legacy}
    policy = watching(*(paths or ("shop.legacy",)))
    observed, _ = run_both(tmp_path, program=program, files=files, policy=policy)
    return observed


@pytest.mark.parametrize(
    ("definition", "call"),
    [
        ("def old(): yield 1", "old()"),
        ("async def old(): return 1", "old().close()"),
        ("async def old(): yield 1", "old()"),
        ("import contextlib\n@contextlib.contextmanager\ndef old(): yield 1", "old()"),
        ("class Old:\n    def each(self): yield 1\nold = Old.each", "Old().each()"),
    ],
)
def test_what_is_made_and_never_started_is_called(tmp_path: Path, definition: str, call: str) -> None:
    observed = _run(tmp_path, definition + "\n", f"from shop.legacy import *\n{call}\n")
    assert [use.site.line for use in uses(observed, "shop.legacy", "called")] == [2]


def test_a_generator_that_is_started_is_called_once(tmp_path: Path) -> None:
    observed = _run(tmp_path, "def old(): yield 1\n", "from shop.legacy import old\nprint(list(old()))\n")
    (call,) = uses(observed, "shop.legacy", "called")
    assert (call.count, call.site.line) == (1, 2)


def test_a_generator_that_was_made_before_it_was_listened_to_is_heard(tmp_path: Path) -> None:
    program = "from shop import legacy\nprint(next(legacy.made))\n"
    observed = _run(tmp_path, "def old(): yield 1\nmade = old()\n", program)
    if HAS_EVENTS:
        assert len(uses(observed, "shop.legacy", "called")) == 1
    else:
        assert "old: " in state(observed.processes[0], "shop.legacy").unheard


def test_a_function_that_calls_itself_goes_as_deep_as_without_the_probe(tmp_path: Path) -> None:
    legacy = "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)\n"
    program = """
        import pickle, sys
        from shop import legacy
        from shop.legacy import even
        print(legacy.even(sys.getrecursionlimit() - 60))
        print(pickle.loads(pickle.dumps(even))(2), even == legacy.even)
        """
    observed = _run(tmp_path, legacy, program)
    assert uses(observed, "shop.legacy", "called")


@pytest.mark.parametrize(
    ("legacy", "path", "call"),
    [
        ("class Old:\n    act = lambda self: 1\nkept = Old()\n", "Old.act", "legacy.kept.act()"),
        ("exec('def old(): return 1')\n", "old", "legacy.old()"),
        (
            "def old(): return 1\nold.__code__ = old.__code__.replace(co_name='other')\n",
            "old",
            "legacy.old()",
        ),
        (
            "import functools\n@functools.singledispatch\ndef old(x): return 0\n"
            "@old.register(int)\ndef _of_int(x): return 1\n",
            "old",
            "legacy.old(1)",
        ),
    ],
)
def test_what_a_name_is_bound_to_is_heard(tmp_path: Path, legacy: str, path: str, call: str) -> None:
    observed = _run(tmp_path, legacy, f"from shop import legacy\n{call}\n", f"shop.legacy:{path}")
    heard = uses(observed, f"shop.legacy:{path}", "called")
    assert heard or state(observed.processes[0], f"shop.legacy:{path}").unheard
    assert heard or not HAS_EVENTS


LOADERS = {
    "through the path": "import sys\nsys.path.insert(0, 'shop')\nimport legacy as found\nfound.old()\n",
    "from its file": """
        import importlib.util
        spec = importlib.util.spec_from_file_location("plugin", "shop/legacy.py")
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        found.old()
        """,
    "by runpy": "import runpy\nrunpy.run_path('shop/legacy.py')['old']()\n",
}


@pytest.mark.parametrize("how", LOADERS)
def test_a_file_is_heard_whatever_it_is_loaded_as(tmp_path: Path, how: str) -> None:
    observed = _run(tmp_path, "def old(): return 1\n", LOADERS[how])
    assert uses(observed, "shop.legacy", "called")


def test_what_a_loader_of_the_applications_own_runs_is_told_as_found_late(tmp_path: Path) -> None:
    program = """
        import importlib.abc, importlib.machinery, sys
        class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def find_spec(self, name, path, target=None):
                return importlib.machinery.ModuleSpec(name, self) if name == "shop.made" else None
            def create_module(self, spec): return None
            def exec_module(self, module): exec("def old(): return 1", vars(module))
        sys.meta_path.insert(0, Finder())
        from shop import made
        made.old()
        """
    observed = _run(tmp_path, "", program, "shop.made")
    assert uses(observed, "shop.made", "called") or "shop.made" in _blind(observed)


def test_a_class_whose_constructor_is_exchanged_is_told(tmp_path: Path) -> None:
    legacy = "class Old:\n    def __init__(self): pass\n"
    program = "from shop import legacy\nlegacy.Old.__init__ = lambda self: None\nlegacy.Old()\n"
    observed = _run(tmp_path, legacy, program, "shop.legacy:Old")
    assert "exchanged" in state(observed.processes[0], "shop.legacy:Old").unheard


EXCHANGES = """
    import time
    from shop import legacy
    def other(): return 2
    legacy.{name}.__code__ = other.__code__
    print(legacy.{name}())
    time.sleep({seconds})
    print(legacy.{name}())
    """


@pytest.mark.parametrize("name", ["old", "Old.each"])
def test_a_function_whose_code_is_exchanged_is_told(tmp_path: Path, name: str) -> None:
    legacy = "def old(): return 1\nclass Old:\n    @staticmethod\n    def each(): return 1\n"
    observed = _run(tmp_path, legacy, EXCHANGES.format(name=name, seconds=0))
    if HAS_EVENTS:
        assert (
            f"{name}: what constructs or calls it was exchanged"
            in state(observed.processes[0], "shop.legacy").unheard
        )
        assert f"shop.legacy:{name}" in _blind(observed)
    else:
        assert sum(use.count for use in uses(observed, "shop.legacy", "called")) == 2


def test_the_code_that_a_function_runs_from_now_on_is_listened_to(tmp_path: Path) -> None:
    program = EXCHANGES.format(name="old", seconds=1.5)
    observed = _run(tmp_path, "def old(): return 1\n", program, "shop.legacy:old")
    assert uses(observed, "shop.legacy:old", "called")


def test_a_class_that_may_have_been_unpickled_is_told(tmp_path: Path) -> None:
    program = "import pickle\npickle.loads(b'cshop.legacy\\nOld\\n)\\x81.')\n"
    observed = _run(tmp_path, "class Old: pass\n", program, "shop.legacy:Old")
    assert "shop.legacy:Old" in _blind(observed)


def test_functions_of_the_program_itself_are_heard_or_told(tmp_path: Path) -> None:
    observed, _ = run_both(
        tmp_path,
        program="def old(): return 1\nold()\n",
        files={},
        policy=watching("main:old").replace('"shop"', '"main"'),
    )
    assert uses(observed, "main:old", "called") or "main:old" in _blind(observed)


@pytest.mark.skipif(HAS_EVENTS, reason="events hear them since 3.12")
@pytest.mark.parametrize(
    ("legacy", "program", "name"),
    [
        ("class Old:\n    def act(self): return 1\nkept = Old().act\n", "legacy.kept()", "Old.act"),
        ("def old(): return 1\nclass Runs:\n    act = staticmethod(old)\n", "legacy.Runs.act()", "old"),
        (
            "def old(): return 1\n",
            "import types\ncopied = types.FunctionType(legacy.old.__code__, {})\ncopied()",
            "old",
        ),
    ],
)
def test_calls_past_a_wrapper_are_told(tmp_path: Path, legacy: str, program: str, name: str) -> None:
    observed = _run(tmp_path, legacy, f"from shop import legacy\n{program}\n")
    assert name in state(observed.processes[0], "shop.legacy").unheard


def _blind(run: Run) -> str:
    return " ".join(record.subject for record in run.of(BlindRecord))


@pytest.mark.parametrize("path", ["shop.legacy", "shop.legacy:old"])
@pytest.mark.parametrize("use", ["from shop.legacy import old\nold()", "shop.legacy.old()"])
def test_a_path_that_is_another_name_of_a_module_is_told_as_an_alias(
    tmp_path: Path, path: str, use: str
) -> None:
    program = f"""
import sys
import shop.core
sys.modules['shop.legacy'] = shop.legacy = shop.core
{use}
"""
    files = {"shop/__init__.py": "", "shop/core.py": "def old(): return 1\n"}
    observed, _ = run_both(tmp_path, program=program, files=files, policy=watching(path))
    told = state(observed.processes[0], path)
    assert (told.kind, told.target) == ("alias", path.replace("legacy", "core"))


def test_a_module_that_changes_its_own_name_is_no_alias(tmp_path: Path) -> None:
    observed = _run(tmp_path, "__name__ = 'shop'\ndef old(): return 1\n", "import shop.legacy\n")
    assert state(observed.processes[0], "shop.legacy").kind == "module"
