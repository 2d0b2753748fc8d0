"""Scripts that define everything themselves: no loader of ours ever runs `__main__`."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.children import Run, run, run_both

from ssot_probe.model.records import BindingRecord, BlindRecord, ClassRecord, MakeRecord, ModuleRecord


def made(done: Run) -> set[tuple[str, str, str, int]]:
    """Return what was made, by which maker, with which outcome, at which line."""
    return {
        (record.maker.partition(":")[2], record.cls.partition(":")[2], record.outcome, record.site.line)
        for record in done.of(MakeRecord)
    }


def test_a_dataclass_that_is_the_last_statement_is_observed(tmp_path: Path) -> None:
    program = """
        from dataclasses import dataclass

        class FirstManager:
            pass

        FirstManager()

        @dataclass
        class LastManager:
            size: int = 1
    """
    done, _ = run_both(tmp_path, program=program)
    assert {record.name for record in done.of(ClassRecord)} == {
        "__main__:FirstManager",
        "__main__:LastManager",
    }
    assert made(done) == {("FirstManager", "FirstManager", "constructed", 7)}


def test_a_factory_that_stands_before_its_class_is_observed(tmp_path: Path) -> None:
    program = """
        def get_manager(user_id):
            return BoxManager()

        class BoxManager:
            pass

        get_manager("anna")
    """
    done, _ = run_both(tmp_path, program=program)
    assert made(done) == {
        ("BoxManager", "BoxManager", "constructed", 3),
        ("get_manager", "BoxManager", "returned", 8),
    }


def test_a_factory_under_decorators_is_observed(tmp_path: Path) -> None:
    program = """
        import functools

        def logged(function):
            @functools.wraps(function)
            def wrapper(*args):
                return function(*args)
            return wrapper

        class BoxManager:
            pass

        @logged
        @functools.lru_cache
        def get_manager(user_id):
            return BoxManager()

        get_manager("anna")
        get_manager("anna")
    """
    done, _ = run_both(tmp_path, program=program)
    assert {entry for entry in made(done) if entry[2] == "returned"} == {
        ("get_manager", "BoxManager", "returned", 18),
        ("get_manager", "BoxManager", "returned", 19),
    }


def test_a_script_without_classes_has_its_factories_observed(tmp_path: Path) -> None:
    files = {"boxes.py": "class BoxManager: ...\n"}
    program = """
        from boxes import BoxManager

        def get_manager():
            return BoxManager()

        get_manager()
    """
    done, _ = run_both(tmp_path, program=program, files=files)
    assert ("get_manager", "BoxManager", "returned", 7) in made(done)


def test_a_script_without_definitions_is_not_traced(tmp_path: Path) -> None:
    files = {"boxes.py": "class BoxManager: ...\n"}
    program = """
        import sys
        from boxes import BoxManager
        print(sys.gettrace(), sys._getframe().f_trace)
        BoxManager()
    """
    done, _ = run_both(tmp_path, program=program, files=files)
    assert done.stdout == "None None\n"
    assert made(done) == {("BoxManager", "BoxManager", "constructed", 5)}


def test_a_script_that_serves_at_its_top_level_is_observed_and_no_longer_traced(tmp_path: Path) -> None:
    program = """
        import sys

        class BoxManager:
            pass

        def get_manager():
            return BoxManager()

        for request in range(3):
            get_manager()
            print(sys.gettrace(), sys._getframe().f_trace)
    """
    done, _ = run_both(tmp_path, program=program)
    assert done.stdout == "None None\n" * 3
    returned = [record for record in done.of(MakeRecord) if record.outcome == "returned"]
    assert sum(record.count for record in returned) == 3


def test_classes_inside_of_blocks_are_observed(tmp_path: Path) -> None:
    program = """
        import sys

        if sys.platform:
            class OneManager:
                pass
        else:
            OneManager = None

        try:
            class TwoManager(OneManager):
                pass
        finally:
            TwoManager()

        with open(__file__) as file:
            class ThreeManager:
                pass
            ThreeManager()

        def main():
            class LocalManager(OneManager):
                pass
            LocalManager()

        if __name__ == "__main__":
            main()
    """
    done, _ = run_both(tmp_path, program=program)
    assert {(maker, cls) for maker, cls, _, _ in made(done)} == {
        ("OneManager", "TwoManager"),
        ("ThreeManager", "ThreeManager"),
        ("OneManager", "main.<locals>.LocalManager"),
    }


def test_a_module_of_a_package_that_runs_as_the_program_is_observed(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/server.py": """
            class BoxManager:
                pass

            def get_manager():
                return BoxManager()

            get_manager()
        """,
    }
    done, _ = run_both(tmp_path, "-m", "app.server", files=files)
    assert ("get_manager", "BoxManager", "returned", 8) in made(done)
    (main,) = (record for record in done.of(ModuleRecord) if record.module == "__main__")
    assert (main.file, main.preloaded) == ("app/server.py", False)


def test_nothing_is_traced_while_the_script_imports(tmp_path: Path) -> None:
    files = {
        "first.py": "import sys\nimport second\nprint(sys.gettrace())",
        "second.py": "import sys, colorsys\nprint(sys.gettrace())",
    }
    program = """
        import first

        class BoxManager:
            pass

        BoxManager()
    """
    done, _ = run_both(tmp_path, program=program, files=files)
    assert done.stdout.split() == ["None", "None"]
    assert made(done) == {("BoxManager", "BoxManager", "constructed", 7)}


@pytest.mark.parametrize(
    "asking",
    [
        "import importlib.util; importlib.util.find_spec('here')",
        "import sys; sys.meta_path[0].find_spec('here', None)",
        "try:\n    import missing\nexcept ImportError:\n    pass",
        "try:\n    import broken\nexcept ValueError:\n    pass",
        "import _bisect, _frozen_importlib, colorsys",
    ],
)
def test_the_script_is_followed_whatever_it_asked_for(tmp_path: Path, asking: str) -> None:
    files = {"here.py": "", "broken.py": "raise ValueError"}
    program = asking + "\n\nclass BoxManager: pass\n\nclass AppManager: box = BoxManager()\n"
    done, _ = run_both(tmp_path, program=program, files=files)
    lines = len(program.splitlines())
    assert made(done) == {("BoxManager", "BoxManager", "constructed", lines)}


def test_a_debugger_that_traces_already_keeps_its_place(tmp_path: Path) -> None:
    files = {
        "debug.py": """
            import runpy, sys
            lines = []

            def trace(frame, event, argument):
                if frame.f_code.co_filename.endswith("traced.py"):
                    lines.append(frame.f_lineno)
                    return trace

            sys.settrace(trace)
            try:
                runpy.run_path("traced.py", run_name="__main__")
            finally:
                print(sys.gettrace() is trace, sorted(set(lines)))
                sys.settrace(None)
        """,
        "traced.py": "class BoxManager:\n    pass\n\nBoxManager()\nprint(1)\n",
    }
    done, _ = run_both(tmp_path, "debug.py", files=files)
    assert "True [" in done.stdout
    assert done.stdout.endswith("1, 2, 4, 5]\n")


def test_a_script_that_starts_to_trace_itself_is_not_disturbed(tmp_path: Path) -> None:
    program = """
        import sys

        class BoxManager:
            pass

        seen = []
        sys.settrace(lambda frame, event, argument: seen.append(frame.f_code.co_name))

        def get_manager():
            return BoxManager()

        get_manager()
        sys.settrace(None)
        print(seen)
    """
    done = run(tmp_path, program=program).checked()
    assert "get_manager" in done.stdout


def test_names_of_main_are_bound_in_main(tmp_path: Path) -> None:
    files = {"boxes.py": "class BoxManager: ...\n"}
    program = "from boxes import BoxManager as Other\n\nclass OwnManager: ...\n\nOther(), OwnManager()\n"
    done, _ = run_both(tmp_path, program=program, files=files)
    bound = {
        (record.attribute, record.target) for record in done.of(BindingRecord) if record.module == "__main__"
    }
    assert bound == {("Other", "boxes:BoxManager"), ("OwnManager", "__main__:OwnManager")}


@pytest.mark.parametrize("text", ["class BoxManager: ...\n\n1 / 0\n", "raise SystemExit(4)\n", "class A(:\n"])
def test_a_script_that_fails_fails_the_same_way(tmp_path: Path, text: str) -> None:
    done, _ = run_both(tmp_path, program=text)
    assert done.code


def test_tracing_ends_when_one_line_calls_a_lot(tmp_path: Path) -> None:
    program = """
        import sys

        class BoxManager:
            pass

        def work():
            return 1

        print(sum(work() for _ in range(120_000)), sys.gettrace())

        def get_manager():
            return BoxManager()
    """
    done, _ = run_both(tmp_path, program=program)
    assert done.stdout == "120000 None\n"


def test_classes_that_calls_make_are_found_at_the_next_line(tmp_path: Path) -> None:
    program = """
        def fill(namespace):
            namespace["ready"] = True

        MadeManager = type("MadeManager", (), {})
        MadeManager()

        def get_manager():
            return MadeManager()

        get_manager()
    """
    done, _ = run_both(tmp_path, program=program)
    assert "__main__:MadeManager" in {record.name for record in done.of(ClassRecord)}
    assert ("get_manager", "MadeManager", "returned", 11) in made(done)


@pytest.mark.parametrize("name", ["__main__:BoxManager", "BoxManager"])
def test_a_policy_may_name_classes_of_the_script(tmp_path: Path, name: str) -> None:
    program = """
        import json

        class BoxManager:
            def __init__(self, user_id):
                self.user_id = user_id

        BoxManager("anna")
        import colorsys
        BoxManager("ben")
    """
    policy = f'[[concept]]\nname = "box"\nclasses = ["{name}"]'
    done, _ = run_both(tmp_path, program=program, policy=policy)
    assert not [record for record in done.of(BlindRecord) if "__main__" in record.subject]
    assert [record.preloaded for record in done.of(ModuleRecord) if record.module == "__main__"] == [False]
    assert len(made(done)) == 2
