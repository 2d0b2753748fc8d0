"""Odd modules, finders and orders of loading: they work, fail and speak as without the probe."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from support.children import run, run_both

from ssot_probe.model.records import BindingRecord, BlindRecord, ClassRecord, ImportRecord, ModuleRecord
from ssot_probe.observe import tripwire
from ssot_probe.observe.finder import ProbeFinder
from ssot_probe.observe.scope import Scope

MANAGER = """
class ChatManager:
    pass


def get_manager():
    return ChatManager()
"""
POLICY = "[[concept]]\nname='m'\nclasses=['ChatManager']\nlegacy=['old']\n"


def test_threads_that_import_packages_in_opposite_order_come_to_an_end(tmp_path: Path) -> None:
    """No lock is held while a module runs, nor is one taken in an import."""
    files = {
        **{f"{name}/__init__.py": MANAGER for name in ("one", "two")},
        "one/part.py": "import two.other\n" + MANAGER,
        "two/part.py": "import one.other\n" + MANAGER,
        "one/other.py": MANAGER,
        "two/other.py": MANAGER,
    }
    program = """
        import importlib, threading
        barrier = threading.Barrier(2)

        def work(name):
            barrier.wait()
            importlib.import_module(name)

        threads = [threading.Thread(target=work, args=(name,)) for name in ("one.part", "two.part")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        print([thread.is_alive() for thread in threads])
    """
    done, _ = run_both(tmp_path, program=program, files=files)
    assert done.stdout == "[False, False]\n"
    assert len(done.of(ClassRecord)) == 6


CYCLES = {
    "only just works": (
        {
            "one.py": "import two\n\nvalue = 1\n" + MANAGER,
            "two.py": "import one\n\ndef later():\n    return one.value\n" + MANAGER,
        },
        "import one, two\nprint(two.later())",
    ),
    "is asked too early": (
        {"one.py": "import two\n\nvalue = 1\n", "two.py": "import one\n\nprint(one.value)\n"},
        "import one",
    ),
    "names too early": (
        {
            "one.py": "from two import second\n\nfirst = 1\n",
            "two.py": "from one import first\n\nsecond = 2\n",
        },
        "import one",
    ),
    "of a package and its part": (
        {
            "pack/__init__.py": "from pack.part import thing\nother = 1\n",
            "pack/part.py": "from pack import other\n",
        },
        "import pack",
    ),
    "by submodule": (
        {"pack/__init__.py": "from . import part\nother = 1\n", "pack/part.py": "import pack\npack.other\n"},
        "import pack",
    ),
    "with a legacy module": (
        {"old.py": "import new\n" + MANAGER, "new.py": "from old import ChatManager\n"},
        "import old",
    ),
    "with a legacy module that works": (
        {"old.py": "import new\n" + MANAGER, "new.py": "import old\n"},
        "import old, new\nprint(new.old.ChatManager.__name__)",
    ),
}


@pytest.mark.parametrize("kind", CYCLES)
def test_a_circle_of_imports_works_or_fails_in_the_same_words(tmp_path: Path, kind: str) -> None:
    files, program = CYCLES[kind]
    run_both(tmp_path, program=program, files=files, policy=POLICY)


SOURCES = {
    "unknown encoding": b"# -*- coding: no-such-encoding -*-\nvalue = 1\n",
    "other encoding": "# -*- coding: latin-1 -*-\nvalue = 'café'\nprint(len(value))\n".encode("latin-1"),
    "wrong bytes": "value = 'café'\n".encode("latin-1"),
    "null bytes": b"value = 1\0\n",
    "syntax error": b"class ChatManager(:\n    pass\n",
    "wrong indentation": b"def get_manager():\npass\n",
    "tabs and spaces": b"if True:\n        value = 1\n\tvalue = 2\n",
    "byte order mark": b"\xef\xbb\xbfclass ChatManager:\n    pass\n",
    "empty": b"",
    "end of line missing": b"class ChatManager: pass",
}
LOADS = {
    "by statement": "import old",
    "by function": "import importlib\nimportlib.import_module('old')",
    "from file": "import importlib.util\n"
    "spec = importlib.util.spec_from_file_location('old', 'old.py')\n"
    "spec.loader.exec_module(importlib.util.module_from_spec(spec))",
}


@pytest.mark.parametrize("how", LOADS)
@pytest.mark.parametrize("kind", SOURCES)
def test_source_that_cannot_be_read_is_refused_in_the_same_words(tmp_path: Path, kind: str, how: str) -> None:
    (tmp_path / "old.py").write_bytes(SOURCES[kind])
    if how != "by statement" and sys.version_info < (3, 11):
        program = f"try:\n    exec({LOADS[how]!r})\nexcept Exception as error:\n    print(repr(error))"
    else:
        program = LOADS[how]
    run_both(tmp_path, program=program, policy=POLICY)


RAISES = "def fail():\n    raise KeyError('inside')\n\n\nfail()\n"


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="3.10 keeps the traceback with the probe's frame in it"
)
@pytest.mark.parametrize("how", LOADS)
def test_the_traceback_of_a_module_that_raises_is_the_same(tmp_path: Path, how: str) -> None:
    done, _ = run_both(tmp_path, program=LOADS[how], files={"old.py": RAISES}, policy=POLICY)
    assert "KeyError: 'inside'" in done.stderr


def test_a_module_that_raises_in_a_direct_load_raises_the_same(tmp_path: Path) -> None:
    program = f"try:\n    exec({LOADS['from file']!r})\nexcept KeyError as error:\n    print(repr(error))"
    done, _ = run_both(tmp_path, program=program, files={"old.py": RAISES}, policy=POLICY)
    assert [(r.outcome, r.module) for r in done.of(ImportRecord)] == [("failed", "old")]


def test_a_module_sees_the_same_callers_while_it_loads(tmp_path: Path) -> None:
    files = {
        "old.py": """
            import inspect
            callers = [frame for frame in inspect.stack() if "importlib" not in frame.filename]
            print([(frame.function, frame.lineno) for frame in callers])
        """,
        "main.py": "def load():\n    import old\n\n\nload()\n",
    }
    done, _ = run_both(tmp_path, files=files, policy=POLICY)
    assert done.stdout.count("load") == 1


GREETS = "raise RuntimeError('asked for ' + name)"


@pytest.mark.parametrize("answer", [GREETS, "raise KeyError(name)", "return 5", "raise AttributeError(name)"])
def test_a_module_that_answers_oddly_for_names_is_asked_nothing(tmp_path: Path, answer: str) -> None:
    files = {"old.py": f"{MANAGER}\n\ndef __getattr__(name):\n    print('asked for', name)\n    {answer}\n"}
    program = """
        import old
        from old import ChatManager
        old.get_manager()
        try:
            from old import missing
        except Exception as error:
            print(type(error).__name__)
    """
    done, _ = run_both(tmp_path, program=program, files=files, policy=POLICY)
    assert {record.name for record in done.of(ClassRecord)} == {"old:ChatManager"}


def test_a_lazy_module_of_a_class_of_its_own_loads_what_is_asked_for_and_no_more(tmp_path: Path) -> None:
    files = {
        "lazy/__init__.py": """
            import importlib, sys, types

            class _LazyModule(types.ModuleType):
                def __init__(self, spec):
                    super().__init__(spec.name)
                    self.__spec__ = spec
                    self.__path__ = spec.submodule_search_locations

                def __dir__(self):
                    return ["ChatManager", "heavy"]

                def __getattr__(self, name):
                    if name.startswith("_"):
                        raise AttributeError(name)
                    module = importlib.import_module(".old" if name == "ChatManager" else ".heavy", "lazy")
                    return getattr(module, name)

            sys.modules[__name__] = _LazyModule(__spec__)
        """,
        "lazy/old.py": MANAGER,
        "lazy/heavy.py": "heavy = print('loaded')\n",
        "main.py": """
            import sys
            import lazy
            from lazy import ChatManager
            print(type(sys.modules["lazy"]).__name__, sorted(name for name in sys.modules if "lazy" in name))
        """,
    }
    policy = "[[concept]]\nname='m'\nclasses=['ChatManager']\nlegacy=['lazy.old']\n"
    done, _ = run_both(tmp_path, files=files, policy=policy)
    assert done.stdout == "_LazyModule ['lazy', 'lazy.old']\n"
    assert {record.name for record in done.of(ClassRecord)} == {"lazy.old:ChatManager"}


def test_modules_that_come_and_go_while_the_probe_looks_disturb_nobody(tmp_path: Path) -> None:
    program = """
        import sys, threading, types
        from pathlib import Path
        stop = threading.Event()

        def churn(number):
            while not stop.is_set():
                for index in range(50):
                    sys.modules[f"made_{number}_{index}"] = types.ModuleType("made")
                for index in range(50):
                    sys.modules.pop(f"made_{number}_{index}", None)

        threads = [threading.Thread(target=churn, args=(number,), daemon=True) for number in range(3)]
        for thread in threads:
            thread.start()
        for number in range(40):
            Path(f"part_{number}.py").write_text(Path("old.py").read_text())
            __import__(f"part_{number}")
        print("done")
    """
    environment = {"SSOT_PROBE_DEBUG": "1"}
    done, _ = run_both(tmp_path, program=program, files={"old.py": MANAGER}, environment=environment)
    assert done.losses == {}
    assert len(done.of(ClassRecord)) == 40


def test_a_finder_of_an_editable_installation_is_asked_and_what_it_finds_is_observed(tmp_path: Path) -> None:
    files = {
        "elsewhere/old.py": MANAGER,
        "main.py": """
            import sys
            from importlib.util import spec_from_file_location

            class EditableFinder:
                @classmethod
                def find_spec(cls, name, path=None, target=None):
                    if name == "old":
                        return spec_from_file_location(name, "elsewhere/old.py")

            sys.meta_path.insert(len(sys.meta_path) if sys.argv[1] == "last" else 0, EditableFinder)
            import old
            from old import ChatManager
            print(old.__spec__.loader.name, old.__file__[-8:])
        """,
    }
    for position in ("last", "first"):
        done, _ = run_both(
            tmp_path, "main.py", position, files=files, policy=POLICY, recordings=tmp_path / position
        )
        imports = [(r.outcome, r.names, r.site.file, r.site.line) for r in done.of(ImportRecord)]
        assert imports == [("loaded", (), "main.py", 12), ("cached", ("ChatManager",), "main.py", 13)]
        (module,) = (record for record in done.of(ModuleRecord) if record.module == "old")
        assert (module.importer, module.preloaded) == ("main.py:12", False)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="such finders are not asked any more")
def test_a_finder_of_the_old_kind_is_asked_as_without_the_probe(tmp_path: Path) -> None:
    program = """
        import sys, types

        class Old:
            def find_module(self, name, path=None):
                return self if name == "made" else None

            def load_module(self, name):
                module = sys.modules[name] = types.ModuleType(name)
                module.__loader__ = self
                module.value = 1
                return module

        sys.meta_path.insert(0, Old())
        import made, old
        print(made.value, type(made.__loader__).__name__)
    """
    done, _ = run_both(
        tmp_path, program=program, files={"old.py": MANAGER}, policy=POLICY, options=["-W", "ignore"]
    )
    assert done.stdout == "1 Old\n"
    assert {record.name for record in done.of(ClassRecord)} == {"old:ChatManager"}


def test_a_module_that_is_loaded_again_and_again_is_still_seen_and_leaves_no_specs(tmp_path: Path) -> None:
    program = """
        import gc, importlib, time
        import old
        for _ in range(200):
            importlib.reload(old)
        from old import ChatManager
        for kind in ("ModuleSpec", "SourceFileLoader"):
            for _ in range(100):  # another thread may hold one for the moment
                gc.collect()
                found = [found for found in gc.get_objects() if type(found).__name__ == kind]
                left = sum(one.name == "old" for one in found)
                if left == 1:
                    break
                time.sleep(0.02)
            print(left)
    """
    done, _ = run_both(tmp_path, program=program, files={"old.py": MANAGER}, policy=POLICY)
    assert done.stdout == "1\n1\n"
    imports = [record for record in done.of(ImportRecord) if record.site.line == 6]
    assert [(record.outcome, record.names) for record in imports] == [("cached", ("ChatManager",))]
    serials = {record.serial for record in done.of(BindingRecord) if record.kind == "class"}
    assert len(serials) == 201


def test_an_error_of_the_probe_while_it_looks_at_a_spec_harms_no_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Scope):
        def watches(self, module: str, file: str | None) -> bool:
            raise RuntimeError(module)

    (tmp_path / "imported_all_the_same.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(tripwire, "lost", [0])
    scope = Broken(("imported_all_the_same",), [str(tmp_path)])
    finder = ProbeFinder(scope, lambda module, loading: None, lambda loading: None, lambda: None)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    try:
        assert importlib.import_module("imported_all_the_same").value == 1
    finally:
        sys.modules.pop("imported_all_the_same", None)
    assert tripwire.lost == [1]


def test_what_pytest_collects_is_swept_and_what_its_tests_import_is_used(tmp_path: Path) -> None:
    files = {
        "old.py": MANAGER,
        "conftest.py": "import pytest\n",
        "test_old.py": """
            from old import ChatManager

            def test_type():
                assert ChatManager.__name__ == "ChatManager"
        """,
        "test_by_name.py": """
            import pytest

            def test_replaced(monkeypatch):
                monkeypatch.setattr("old.get_manager", None)
                pytest.importorskip("old")
        """,
    }
    policy = "[[concept]]\nname='m'\nclasses=['ChatManager']\nlegacy=['old', 'test_old']\n"
    done = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", files=files, policy=policy)
    assert done.code == 0, done.stdout
    imports = {(r.module, r.site.file, r.origin) for r in done.of(ImportRecord) if r.module == "old"}
    by_name = {("old", "test_by_name.py", "application")} if sys.version_info >= (3, 11) else set()
    assert imports == {("old", "test_old.py", "application"), *by_name}
    assert {r.origin for r in done.of(ImportRecord) if r.module == "test_old"} <= {"sweep"}


@pytest.mark.parametrize(
    "imports", ["atexit.register(__import__, 'old')", "_thread.start_new_thread(__import__, ('old',))"]
)
def test_an_import_that_no_code_of_python_makes_is_told_as_one_that_cannot_be_placed(
    tmp_path: Path, imports: str
) -> None:
    program = f"import atexit, _thread, time\nimport old\n{imports}\ntime.sleep(0.2)\n"
    done = run(tmp_path, program=program, files={"old.py": MANAGER}, policy=POLICY).checked()

    assert done.losses == {}
    reasons = {(record.subject, record.reason) for record in done.of(BlindRecord)}
    assert ("old", "an import of it by no code of Python, but by the program that runs it") in reasons


CHAINED = """
    import sys

    class Chained:
        def __init__(self, loader):
            self.loader = loader

        def __getattr__(self, name):
            return getattr(self.loader, name)

        def create_module(self, spec):
            return self.loader.create_module(spec)

        def exec_module(self, module):
            self.loader.exec_module(module)

    class Watchdog:
        def find_spec(self, name, path=None, target=None):
            spec = self.ask(name, path, target)
            if spec is not None and getattr(spec.loader, "exec_module", None):
                spec.loader = Chained(spec.loader)
            return spec

        def ask(self, name, path, target):
            for finder in sys.meta_path:
                if finder is not self:
                    spec = finder.find_spec(name, path, target)
                    if spec is not None:
                        return spec

    sys.meta_path.insert(0, Watchdog())
"""
"""As the hook of a tracer does: loaders of its own around those that others find."""


@pytest.mark.parametrize(
    ("imports", "line"),
    [
        ("import old", 2),
        ("from importlib import import_module\nimport_module('old')", 3),
        ("import importlib\nimportlib.reload(__import__('old'))", 3),
    ],
)
def test_a_loader_that_passes_all_on_to_another_is_not_taken_for_the_importer(
    tmp_path: Path, imports: str, line: int
) -> None:
    files = {
        "hook.py": CHAINED,
        "old.py": "import parts\n" + MANAGER,
        "parts.py": "",
        "main.py": f"import hook\n{imports}\n",
    }
    done, _ = run_both(tmp_path, files=files, policy=POLICY)
    importers = {record.module: record.importer for record in done.of(ModuleRecord)}
    assert importers["old"] == f"main.py:{line}"
    assert importers["parts"].startswith("old.py:")
    places = {(r.module, r.site.file, r.site.line) for r in done.of(ImportRecord) if r.outcome == "loaded"}
    assert ("old", "main.py", line) in places
    assert done.losses == {}


def test_the_application_is_the_importer_of_what_it_loads_itself_while_it_is_imported(tmp_path: Path) -> None:
    files = {
        "old.py": MANAGER,
        "plugins.py": """
            import sys
            from importlib.util import find_spec, module_from_spec
            spec = find_spec("old")
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
        """,
        "main.py": "import plugins\n",
    }
    done, _ = run_both(tmp_path, files=files, policy=POLICY)
    importers = {record.module: record.importer for record in done.of(ModuleRecord)}
    assert importers["old"] == "plugins.py:6"
