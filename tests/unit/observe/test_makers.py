"""Makers: which function handed out which instance, to whom, and where it had come from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from support.children import Run, copy_program, line_of, run, run_both

from ssot_probe.model.records import BindingRecord, BlindRecord, MakeRecord

MAKERS, THINGS = "zoo.makers:", "zoo.things:BoxKeeper."


class Program(NamedTuple):
    """The program that calls every maker, and its run."""

    directory: Path
    run: Run

    def at(self, marker: str, file: str = "call.py") -> list[MakeRecord]:
        """Return what was made or handed out at a line."""
        line = line_of(self.directory / file, marker)
        return [
            record
            for record in self.run.of(MakeRecord)
            if (record.site.file, record.site.line) == (file, line)
        ]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    directory = copy_program("zoo", tmp_path_factory.mktemp("program"))
    return Program(directory, run(directory, "call.py").checked())


@pytest.mark.parametrize(
    ("marker", "maker", "kind", "count"),
    [
        ("function", MAKERS + "make_keeper", "function", 1),
        ("shared", MAKERS + "get_shared_keeper", "function", 1),
        ("for user", MAKERS + "get_keeper_for", "function", 3),
        ("subclass", MAKERS + "create_lid_keeper", "function", 1),
        ("cached", MAKERS + "get_cached_keeper", "function", 3),
        ("logged", MAKERS + "make_logged_keeper", "function", 1),
        ("deferred", MAKERS + "load_keeper", "function", 1),
        ("classmethod", THINGS + "create", "method", 1),
        ("staticmethod", THINGS + "build", "method", 1),
        ("method", THINGS + "make_copy", "method", 1),
        ("factory object", MAKERS + "KeeperFactory.create", "method", 1),
        ("coroutine", MAKERS + "make_keeper_soon", "coroutine", 1),
        ("coroutine method", MAKERS + "KeeperFactory.create_soon", "coroutine", 1),
        ("generator", MAKERS + "open_keeper", "generator", 1),
        ("first task", MAKERS + "make_keeper_soon", "coroutine", 1),
        ("second task", MAKERS + "make_keeper_soon", "coroutine", 1),
    ],
)
def test_a_maker_is_named_with_its_caller(
    program: Program, marker: str, maker: str, kind: str, count: int
) -> None:
    (record,) = program.at(marker)
    assert (record.maker, record.kind, record.outcome, record.count) == (maker, kind, "returned", count)


@pytest.mark.parametrize("marker", ["nothing", "fails", "coroutine fails", "never awaited"])
def test_what_hands_out_nothing_is_not_told(program: Program, marker: str) -> None:
    assert program.at(marker) == []


def test_a_constructor_is_told_apart_from_a_maker(program: Program) -> None:
    (record,) = program.at("constructor")
    assert (record.maker, record.kind, record.outcome) == (
        "zoo.things:BoxKeeper",
        "constructor",
        "constructed",
    )


def test_the_class_is_that_of_the_instance(program: Program) -> None:
    (record,) = program.at("subclass")
    assert record.cls == "zoo.things:LidKeeper"
    (record,) = program.at("function")
    assert record.cls == "zoo.things:BoxKeeper"


def test_a_construction_inside_of_a_maker_names_the_chain_of_makers(program: Program) -> None:
    chains: Counter[tuple[str, ...]] = Counter()
    for record in program.at("in make_keeper", "zoo/makers.py"):
        chains[record.chain] += record.count
    assert chains[(MAKERS + "get_keeper_for", MAKERS + "make_keeper")] == 2
    assert chains[(MAKERS + "make_keeper",)] == 3


def test_the_inner_maker_is_the_origin_and_the_outer_one_passes_on(program: Program) -> None:
    (inner,) = program.at("in get_keeper_for", "zoo/makers.py")
    assert (inner.maker, inner.chain, inner.origin, inner.count) == (
        MAKERS + "make_keeper",
        (MAKERS + "get_keeper_for",),
        MAKERS + "make_keeper",
        2,
    )
    (outer,) = program.at("for user")
    assert (outer.maker, outer.chain, outer.origin) == (MAKERS + "get_keeper_for", (), MAKERS + "make_keeper")


def test_an_instance_that_was_made_outside_of_its_maker_says_where(program: Program) -> None:
    (record,) = program.at("shared")
    born = line_of(program.directory / "zoo" / "makers.py", "born")
    assert (record.origin, record.born) == (MAKERS + "get_shared_keeper", f"zoo/makers.py:{born}")
    (made_inside,) = program.at("function")
    assert made_inside.born == ""


def test_an_instance_that_its_module_made_while_loading_is_counted_there(program: Program) -> None:
    (record,) = program.at("born", "zoo/makers.py")
    assert (record.kind, record.outcome, record.count) == ("constructor", "constructed", 1)


def test_a_maker_says_where_it_is_defined(program: Program) -> None:
    source = (program.directory / "zoo" / "makers.py").read_text().splitlines()
    (function,) = program.at("function")
    assert function.definition.file == "zoo/makers.py"
    assert source[function.definition.line - 1].startswith("def make_keeper(")
    (cached,) = program.at("cached")
    assert source[cached.definition.line - 1].startswith("@functools.lru_cache")


def test_a_coroutine_runs_in_its_own_task(program: Program) -> None:
    first, second = program.at("first task")[0], program.at("second task")[0]
    assert first.task != second.task
    assert {first.task[:5], second.task[:5]} == {"Task-"}
    assert program.at("function")[0].task == ""


def test_a_maker_that_an_executor_calls_runs_in_its_thread(program: Program) -> None:
    (record,) = (
        record
        for record in program.run.of(MakeRecord)
        if record.site.file.endswith("concurrent/futures/thread.py")
    )
    assert (record.maker, record.thread.startswith("asyncio_")) == (MAKERS + "make_keeper", True)


def test_a_call_over_several_lines_is_told_once(program: Program) -> None:
    calls = [
        record
        for record in program.run.of(MakeRecord)
        if (record.maker, record.site.file) == (MAKERS + "make_keeper", "call.py")
    ]
    assert sum(record.count for record in calls) == 2
    lines = (program.directory / "call.py").read_text().splitlines()
    over_lines = [record for record in calls if "# function" not in lines[record.site.line - 1]]
    assert {lines[record.site.line - 1].strip() for record in over_lines} <= {"makers", ".make_keeper("}
    assert len(over_lines) == 1


def test_users_are_attributed_by_the_names_of_arguments(program: Program) -> None:
    assert [record.unattributed for record in program.at("function")] == [0]
    assert [record.unattributed for record in program.at("shared")] == [1]
    assert [record.unattributed for record in program.at("method")] == [1]


def test_makers_are_bound_where_they_stand(program: Program) -> None:
    bound = {
        (record.module, record.attribute)
        for record in program.run.of(BindingRecord)
        if record.kind == "function"
    }
    assert ("zoo.makers", "make_keeper") in bound
    assert ("zoo.makers", "get_no_keeper") not in bound


def test_nothing_about_makers_is_blind(program: Program) -> None:
    assert [record for record in program.run.of(BlindRecord) if "import_module" not in record.subject] == []


def test_a_task_that_a_maker_starts_does_not_belong_to_the_maker(tmp_path: Path) -> None:
    """Context variables are copied into a new task: the chain of running makers is not to be."""
    program = """
        import asyncio

        class BoxManager:
            pass

        async def work():
            await asyncio.sleep(0.01)
            return BoxManager()

        async def get_manager(user_id):
            tasks.append(asyncio.get_running_loop().create_task(work()))
            return BoxManager()

        tasks = []

        async def main():
            await get_manager("anna")
            await tasks[0]

        asyncio.run(main())
    """
    done, _ = run_both(tmp_path, program=program)
    chains = {
        record.site.function.rpartition(".")[2]: record.chain
        for record in done.of(MakeRecord)
        if record.kind == "constructor"
    }
    assert chains == {"work": ("__main__:work",), "get_manager": ("__main__:get_manager",)}


def test_makers_that_are_defined_after_their_module_ran_are_found_in_the_end(tmp_path: Path) -> None:
    files = {
        "late.py": "class FirstManager: ...\n",
        "main.py": """
            import late

            class SecondManager:
                pass

            SecondManager.__module__ = "late"
            SecondManager.__qualname__ = "SecondManager"
            late.SecondManager = SecondManager
        """,
    }
    done, _ = run_both(tmp_path, files=files)
    assert ("late", "SecondManager") in {
        (record.module, record.attribute) for record in done.of(BindingRecord)
    }


def test_a_declared_factory_is_observed_whatever_its_name(tmp_path: Path) -> None:
    policy = """
        [[concept]]
        name = "box"
        classes = ["Box"]
        factories = ["boxes:unremarkable"]
    """
    files = {"boxes.py": "class Box: ...\n\nmade = [Box()]\n\ndef unremarkable():\n    return made[0]\n"}
    done, _ = run_both(tmp_path, files=files, policy=policy, program="import boxes\nboxes.unremarkable()\n")
    makers = [record.maker for record in done.of(MakeRecord) if record.outcome == "returned"]
    assert makers == ["boxes:unremarkable"]


def test_without_concepts_classes_are_observed_that_play_a_role_by_their_name(tmp_path: Path) -> None:
    files = {
        "parts.py": "class PartRegistry: ...\nclass Part: ...\ndef get_it():\n    return PartRegistry()\n"
    }
    done, _ = run_both(tmp_path, files=files, program="import parts\nparts.get_it()\nparts.Part()\n")
    assert {record.cls for record in done.of(MakeRecord)} == {"parts:PartRegistry"}
