"""The finder: sees each first-party module when it is loaded, and changes nothing about how that works."""

from __future__ import annotations

import marshal
import sys
import zipfile
from pathlib import Path

import pytest
from support.children import run, run_both

from ssot_probe.model.records import (
    BindingRecord,
    ClassRecord,
    ImportRecord,
    MakeRecord,
    ModuleRecord,
    SharingRecord,
)

MANAGER = """
class ChatManager:
    pass


def get_manager():
    return ChatManager()
"""


def test_a_package_that_waits_for_an_importing_thread_while_it_loads_does_not_hang(tmp_path: Path) -> None:
    """Finding a submodule must not take the lock of its parent, which the joining thread holds."""
    files = {
        "pkg/__init__.py": """
            import threading

            def work():
                from pkg.sub import ChatManager

            thread = threading.Thread(target=work)
            thread.start()
            thread.join(20)
            print("alive" if thread.is_alive() else "joined")
        """,
        "pkg/sub.py": MANAGER,
        "main.py": "import pkg",
    }
    done, _ = run_both(tmp_path, files=files)
    assert done.stdout == "joined\n"
    assert [record.name for record in done.of(ClassRecord)] == ["pkg.sub:ChatManager"]


def test_parts_of_a_namespace_package_merge_and_are_observed(tmp_path: Path) -> None:
    files = {
        "one/space/first.py": MANAGER,
        "two/space/second.py": MANAGER,
        "three/space/third.py": MANAGER,
        "main.py": """
            import sys
            sys.path[:0] = ["one", "two"]
            import space.first, space.second
            sys.path.append("three")
            import space.third
            print(space.__spec__.loader is None, type(space.__path__).__name__, len(list(space.__path__)))
            print(type(space.first.__loader__).__name__, vars(space.first.__loader__).keys())
        """,
    }
    done, _ = run_both(tmp_path, files=files)
    assert {record.name for record in done.of(ClassRecord)} == {
        f"space.{part}:ChatManager" for part in ("first", "second", "third")
    }


def test_modules_in_an_archive_are_observed_and_stay_readable(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("app/__init__.py", "")
        archive.writestr("app/manager.py", MANAGER)
        archive.writestr("app/other.py", "VALUE = 1\n")
        archive.writestr("app/data.txt", "data")
    program = """
        import inspect, os, pkgutil, sys
        sys.path.insert(0, os.path.abspath("app.zip"))
        import app.manager, app.other
        print(type(app.manager.__loader__).__name__, "exec_module" in vars(app.manager.__loader__))
        print(pkgutil.get_data("app", "data.txt"), inspect.getsource(app.manager.ChatManager))
        print([name for _, name, _ in pkgutil.iter_modules(app.__path__)])
    """
    done, _ = run_both(tmp_path, program=program)
    (found,) = done.of(ClassRecord)
    assert (found.name, found.file, found.line) == ("app.manager:ChatManager", "app.zip/app/manager.py", 2)


def test_a_package_that_runs_as_the_program_is_observed(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/manager.py": MANAGER,
        "app/__main__.py": """
            from .manager import get_manager
            import sys
            get_manager()
            print(__name__, __spec__.name, type(__loader__).__name__, __file__.endswith("__main__.py"))
        """,
    }
    done, _ = run_both(tmp_path, "-m", "app", files=files)
    assert {record.module for record in done.of(ModuleRecord)} >= {"app", "app.manager"}
    assert [record.name for record in done.of(ClassRecord)] == ["app.manager:ChatManager"]


TOOLS = """
import importlib.resources, importlib.util, inspect, pickle, pkgutil, sys
import app, app.manager, app.sub

loader = app.manager.__loader__
print(type(loader), sorted(vars(loader)), repr(app.manager.__spec__).split(" at ")[0])
print(type(app.manager.__spec__).__mro__[0].__name__, isinstance(app.manager.__spec__, type(sys.__spec__)))
print(importlib.util.find_spec("app.manager") == app.manager.__spec__)
print(importlib.resources.files("app").joinpath("data.txt").read_text())
print(pkgutil.get_data("app", "data.txt"))
print([name for _, name, _ in pkgutil.walk_packages(app.__path__, "app.")])
print(inspect.getsource(app.manager), inspect.getsourcefile(app.manager.ChatManager)[-14:])
print(loader.get_source("app.manager") == inspect.getsource(app.manager), loader.is_package("app.manager"))
print(loader.get_code("app.manager").co_name, loader.name, loader.path[-14:])
print(sorted(name for name in sys.modules if name.startswith("app")))
print(vars(app.manager).keys())
"""


def test_tools_find_what_they_find_without_the_probe(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/manager.py": MANAGER,
        "app/sub/__init__.py": "",
        "app/data.txt": "data",
        "main.py": TOOLS,
    }
    run_both(tmp_path, files=files)


def test_a_module_that_is_loaded_again_is_observed_again_and_wrapped_once(tmp_path: Path) -> None:
    program = """
        import importlib, manager
        first = manager.ChatManager
        again = importlib.reload(manager)
        print(again is manager, manager.ChatManager is first)
        manager.get_manager()
        while hasattr(function := manager.get_manager, "__wrapped__"):
            function = function.__wrapped__
            print("wrapped", file=open("depth", "a"))
            break
        print(hasattr(function, "__wrapped__"))
    """
    done, _ = run_both(tmp_path, program=program, files={"manager.py": MANAGER})
    classes = done.of(ClassRecord)
    assert [record.name for record in classes] == ["manager:ChatManager"] * 2
    assert len({record.serial for record in classes}) == 2
    assert (tmp_path / "depth").read_text() == "wrapped\n"
    bound = [
        record.serial
        for record in done.of(BindingRecord)
        if (record.module, record.kind) == ("manager", "class")
    ]
    assert bound == [record.serial for record in classes]


def test_a_lazy_module_stays_lazy_until_somebody_uses_it(tmp_path: Path) -> None:
    program = """
        import importlib.util, sys
        spec = importlib.util.find_spec("manager")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules["manager"] = module
        spec.loader.exec_module(module)
        import chat
        print(type(module).__name__)
        if sys.argv[1:]:
            print(module.get_manager().__class__.__name__, type(module).__name__)
    """
    files = {"manager.py": MANAGER + "\nprint('loaded')\n", "chat.py": MANAGER}
    unused, _ = run_both(tmp_path, "main.py", program=program, files=files)
    assert unused.stdout == "_LazyModule\n"
    used, _ = run_both(tmp_path, "main.py", "use", recordings=tmp_path / "used")
    assert {record.name for record in used.of(ClassRecord)} == {"chat:ChatManager", "manager:ChatManager"}


FAILURES = {
    "raises": "def fail():\n    raise KeyError('inside')\n\nfail()\n",
    "exits": "raise SystemExit(3)\n",
    "needs": "import module_that_does_not_exist\n",
    "lacks": "from good import Missing\n",
    "is_no_python": "def (:\n",
    "cycle": "from cycle_back import name\n",
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failing_import_fails_with_the_same_text_and_traceback(tmp_path: Path, name: str) -> None:
    files = {f"{module}.py": text for module, text in FAILURES.items()}
    files |= {"good.py": "", "cycle_back.py": "from cycle import name\n"}
    plain_statement = f"import {name}\n"
    done, _ = run_both(tmp_path, program=plain_statement, files=files)
    assert done.code
    in_function = f"def main():\n    from {name} import anything\n\nmain()\n"
    run_both(tmp_path, program=in_function, recordings=tmp_path / "again")


def test_a_failing_import_of_a_watched_module_is_recorded_as_failed(tmp_path: Path) -> None:
    files = {"old.py": "1 / 0\n", "ssot-probe.toml": "[[concept]]\nname='m'\nclasses=['M']\nlegacy=['old']\n"}
    program = """
        try:
            import old
        except ZeroDivisionError:
            print("failed")
    """
    done, _ = run_both(tmp_path, program=program, files=files)
    (record,) = (record for record in done.of(ImportRecord) if record.module == "old")
    assert (record.outcome, record.site.file, record.site.line, record.count) == ("failed", "main.py", 3, 1)


def test_a_failing_import_of_any_module_of_the_project_is_recorded_as_failed(tmp_path: Path) -> None:
    files = {
        "broken.py": "import is_not_there\n",
        "main.py": "try:\n    import broken\nexcept ImportError:\n    print('no')\n",
        "managers.py": MANAGER,
    }
    done, _ = run_both(tmp_path, files=files)
    failed = [record for record in done.of(ImportRecord) if record.outcome == "failed"]
    assert [(record.module, record.site.file, record.site.line) for record in failed] == [
        ("broken", "main.py", 2)
    ]


def test_a_failing_import_in_a_loop_is_told_once_unless_the_policy_names_it(tmp_path: Path) -> None:
    program = """
        import managers
        for name in ("broken", "old"):
            for _ in range(50):
                try:
                    __import__(name)
                except ImportError:
                    pass
    """
    broken = "import is_not_there\n"
    policy = "[[concept]]\nname = 'm'\nclasses = ['*Manager']\nlegacy = ['old']\n"
    files = {"broken.py": broken, "old.py": broken, "managers.py": MANAGER, "ssot-probe.toml": policy}
    done, _ = run_both(tmp_path, program=program, files=files)
    failed = [record.module for record in done.of(ImportRecord) if record.outcome == "failed"]
    assert (failed.count("broken"), failed.count("old")) == (1, 50)


def test_a_finder_of_the_application_that_refuses_is_seen_in_the_traceback_alone(tmp_path: Path) -> None:
    program = """
        import sys

        class Refuses:
            def find_spec(self, name, path=None, target=None):
                if name == "forbidden":
                    raise ImportError("not allowed")

        sys.meta_path.insert(0, Refuses())
        import forbidden
    """
    done, _ = run_both(tmp_path, program=program)
    assert "not allowed" in done.stderr
    assert "ssot_probe" not in done.stderr


def test_a_warning_while_a_module_loads_names_the_line_that_imported_it(tmp_path: Path) -> None:
    files = {
        "old.py": "import warnings\n\nwarnings.warn('old is old', UserWarning, stacklevel=2)\n" + MANAGER,
        "main.py": "import sys\n\nimport old\n",
    }
    done, _ = run_both(tmp_path, files=files)
    assert "main.py:3: UserWarning: old is old" in done.stderr


def test_a_module_may_put_something_else_in_its_place(tmp_path: Path) -> None:
    files = {
        "facade.py": """
            import sys

            class FacadeManager:
                def __getattr__(self, name):
                    if name.startswith("__"):
                        raise RuntimeError("nothing of that kind: " + name)
                    return 5

            sys.modules[__name__] = FacadeManager()
        """,
        "main.py": """
            import facade
            from facade import anything
            print(type(facade).__name__, anything)
        """,
    }
    done, _ = run_both(tmp_path, files=files)
    assert [record.name for record in done.of(ClassRecord)] == ["facade:FacadeManager"]


def test_strange_things_in_sys_modules_are_left_alone(tmp_path: Path) -> None:
    program = """
        import sys, types

        class Raises:
            def __getattr__(self, name):
                raise RuntimeError(name)

        class Lazy(types.ModuleType):
            def __getattribute__(self, name):
                print("asked for", name)
                raise RuntimeError(name)

        class Slots:
            __slots__ = ()

        sys.modules.update(raises=Raises(), lazy=Lazy("lazy"), slots=Slots(), none=None, text="text")
        import manager
        print(len(sys.modules) - len({name for name in sys.modules}), manager.get_manager().__class__)
        import ssot_probe.probe
        probe = ssot_probe.probe.start() if sys.argv[1:] else None
    """
    done, _ = run_both(tmp_path, program=program, files={"manager.py": MANAGER})
    assert [record.name for record in done.of(ClassRecord)] == ["manager:ChatManager"]
    late = run(tmp_path, "main.py", "late", probe=False, environment={"SSOT_PROBE_DEBUG": "1"})
    assert (late.code, late.stderr, late.stdout) == (0, "", done.stdout)


def test_the_probe_loads_no_module_of_the_application(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": """
            def __getattr__(name):
                import importlib
                return importlib.import_module("app." + name)
        """,
        "app/manager.py": MANAGER,
        "app/heavy.py": "print('loaded heavy')\n",
        "main.py": """
            import sys
            import app
            app.manager.get_manager()
            print(sorted(name for name in sys.modules if name.startswith("app")))
        """,
    }
    done, _ = run_both(tmp_path, files=files)
    assert done.stdout == "['app', 'app.manager']\n"


def test_looking_for_modules_again_and_again_keeps_nothing_alive(tmp_path: Path) -> None:
    program = """
        import gc, importlib.util
        for _ in range(300):
            importlib.util.find_spec("manager")
        gc.collect()
        print(sum(type(found).__name__ == "SourceFileLoader" and found.name == "manager"
                  for found in gc.get_objects() if type(found).__name__ == "SourceFileLoader"))
    """
    done, _ = run_both(tmp_path, program=program, files={"manager.py": MANAGER})
    assert done.stdout == "0\n"


def test_threads_that_import_at_the_same_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    files = {f"app/m{number}.py": MANAGER for number in range(40)}
    files["app/__init__.py"] = ""
    program = """
        import importlib, threading
        failures = []

        def work(start):
            for number in range(40):
                try:
                    importlib.import_module(f"app.m{(number + start) % 40}").get_manager()
                except BaseException as error:
                    failures.append(error)

        threads = [threading.Thread(target=work, args=(10 * start,)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(failures)
    """
    done, _ = run_both(tmp_path, program=program, files=files)
    assert len({record.name for record in done.of(ClassRecord)}) == 40
    assert len(done.of(ClassRecord)) == 40


def test_compiled_files_are_those_that_are_written_without_the_probe(tmp_path: Path) -> None:
    files = {"app/__init__.py": "", "app/manager.py": MANAGER, "main.py": "import app.manager"}
    environment = {"PYTHONDONTWRITEBYTECODE": ""}
    run(tmp_path, files=files, probe=False, environment=environment)
    plain = {path: path.read_bytes() for path in tmp_path.rglob("*.pyc")}
    run(tmp_path, environment=environment).checked()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.pyc")} == plain
    for path in plain:
        path.unlink()
    run(tmp_path, environment=environment).checked()
    again = {path: path.read_bytes() for path in tmp_path.rglob("*.pyc")}
    assert again.keys() == plain.keys()
    for path, content in again.items():
        assert content[:16] == plain[path][:16]
        assert marshal.loads(content[16:]) == marshal.loads(plain[path][16:])


def test_pytest_still_rewrites_assertions_and_the_code_under_test_is_observed(tmp_path: Path) -> None:
    files = {
        "manager.py": MANAGER,
        "test_manager.py": """
            import manager

            def test_type():
                made = manager.get_manager()
                assert type(made).__name__ == "Other"
        """,
    }
    done = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", files=files)
    assert done.code == 1
    assert "assert 'ChatManager' == 'Other'" in done.stdout
    assert "manager:ChatManager" in {record.name for record in done.of(ClassRecord)}


def test_modules_say_which_line_loaded_them(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/first.py": "from app import second\n" + MANAGER,
        "app/second.py": "",
        "main.py": "import app.first\n",
    }
    done, _ = run_both(tmp_path, files=files)
    importers = {record.module: record.importer for record in done.of(ModuleRecord)}
    assert importers == {
        "__main__": "",
        "app": "main.py:1",
        "app.first": "main.py:1",
        "app.second": "app/first.py:1",
    }
    assert not any(record.preloaded for record in done.of(ModuleRecord))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="3.10 does not say it for import_module")
def test_modules_that_the_standard_library_and_others_bring_are_not_first_party(tmp_path: Path) -> None:
    done, _ = run_both(tmp_path, program="import json, wrapt, asyncio\nprint(1)\n")
    assert [record.module for record in done.of(ModuleRecord)] == ["__main__"]


def test_a_module_that_hides_one_of_the_standard_library_is_first_party(
    tmp_path: Path,
) -> None:
    files = {"main.py": "import calendar, profile\nprint(profile.NAME)\n", "profile.py": "NAME = 'anna'\n"}
    done, _ = run_both(tmp_path, files=files)
    assert {record.module for record in done.of(ModuleRecord)} == {"__main__", "profile"}


FRONT = """
    import sys
    from importlib.machinery import PathFinder

    class Front:
        find_spec = staticmethod(PathFinder.find_spec)

    sys.meta_path.insert(0, Front)
    import hidden
    IN_BETWEEN
    import seen
    print(hidden.get_manager("anna") is hidden.get_manager("bert"))
"""

HIDDEN = """
    class ChatManager:
        pass

    manager = ChatManager()

    def get_manager(user_id):
        return manager
"""


def test_what_a_finder_in_front_found_is_told_as_late(tmp_path: Path) -> None:
    files = {"hidden.py": HIDDEN, "seen.py": ""}
    program = FRONT.replace("IN_BETWEEN", "sys.meta_path.remove(Front)")
    done, _ = run_both(tmp_path, program=program, files=files)
    late = {record.module: record.preloaded for record in done.of(ModuleRecord)}
    assert late == {"__main__": False, "hidden": True, "seen": False}
    assert [record.name for record in done.of(ClassRecord)] == ["hidden:ChatManager"]


def test_odd_modules_do_not_disturb_the_search_for_what_another_finder_found(tmp_path: Path) -> None:
    files = {"hidden.py": HIDDEN, "seen.py": ""}
    oddities = """
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    class Odd:
        __module__ = property()

    odd = sys.modules["odd"] = ModuleType("odd")
    odd.__file__, odd.__spec__ = "odd.py", ModuleSpec("odd", Odd())
    sys.modules["nothing"], sys.modules["number"] = None, 7
    Front.find_spec = lambda *arguments: None
    """
    done, _ = run_both(tmp_path, program=FRONT.replace("IN_BETWEEN", oddities.strip()), files=files)
    assert [record.user_count for record in done.of(SharingRecord)] == [2]
    assert done.losses == {}


def test_what_a_finder_in_front_found_is_observed_from_the_next_import_on(tmp_path: Path) -> None:
    """The finder stays in front and leaves the rest to the others."""
    files = {"hidden.py": HIDDEN, "seen.py": ""}
    program = FRONT.replace("IN_BETWEEN", "Front.find_spec = lambda *arguments: None")
    done, _ = run_both(tmp_path, program=program, files=files)
    assert [record.user_count for record in done.of(SharingRecord)] == [2]


def test_a_lone_class_that_the_policy_names_is_observed_in_a_package_that_it_does_not(tmp_path: Path) -> None:
    files = {
        "lib/site-packages/library/__init__.py": "",
        "lib/site-packages/library/core.py": HIDDEN + "\n    class OtherManager:\n        pass\n",
    }
    program = """
        import sys
        sys.path.append("lib/site-packages")
        from library.core import ChatManager, OtherManager
        ChatManager()
        OtherManager()
    """
    policy = """
        packages = ["shop"]
        [[concept]]
        name = "chat"
        classes = ["library.core:ChatManager"]
        [[concept]]
        name = "other"
        classes = ["OtherManager"]
    """
    done, _ = run_both(tmp_path, program=program, files=files, policy=policy)
    made = [
        (record.cls, record.site.file, record.count)
        for record in done.of(MakeRecord)
        if record.outcome == "constructed" and record.site.file == "main.py"
    ]
    assert made == [("library.core:ChatManager", "main.py", 1)]


def test_nothing_is_called_late_that_came_the_usual_way_or_is_no_module_of_its_own(tmp_path: Path) -> None:
    files = {
        "space/inner/seen.py": MANAGER,
        "space/lazy.py": "",
        "space/twice.py": "",
        "space/made.py": """
            import sys
            from types import ModuleType
            sys.modules["space.by_hand"] = ModuleType("space.by_hand")
            sys.modules["space.other_name"] = sys.modules[__name__]
        """,
    }
    program = """
        import importlib, importlib.util, sys
        import space.inner.seen, space.made, space.twice
        importlib.reload(space.twice)
        spec = importlib.util.find_spec("space.lazy")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        sys.modules["space.lazy"] = lazy = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(lazy)
    """
    done, _ = run_both(tmp_path, program=program, files=files, policy='packages = ["space"]')
    assert [record.module for record in done.of(ModuleRecord) if record.preloaded] == []
