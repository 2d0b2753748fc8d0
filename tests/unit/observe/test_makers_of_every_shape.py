"""Makers that are no plain functions: what they hand out is seen at the line that gets it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from support.children import Run, copy_program, line_of, run

from ssot_probe.model.records import BlindRecord, MakeRecord

YIELDING = "zoo.yielding:"


class Program(NamedTuple):
    """The program that gets keepers out of everything, and its run."""

    directory: Path
    run: Run

    def at(self, marker: str, file: str = "enter.py") -> list[MakeRecord]:
        """Return what was handed out at a line, constructions left out."""
        line = line_of(self.directory / file, marker)
        return [
            record
            for record in self.run.of(MakeRecord)
            if (record.site.file, record.site.line) == (file, line) and record.kind != "constructor"
        ]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    directory = copy_program("zoo", tmp_path_factory.mktemp("program"))
    return Program(directory, run(directory, "enter.py").checked())


@pytest.mark.parametrize(
    ("marker", "maker", "kind", "count"),
    [
        ("generator", "each_keeper", "generator", 2),
        ("consumed by C", "each_keeper", "generator", 2),
        ("delegating generator", "through_keepers", "generator", 1),
        ("async generator", "each_keeper_soon", "generator", 2),
        ("async comprehension", "each_keeper_soon", "generator", 1),
        ("context manager", "open_keeper", "generator", 1),
        ("async context manager", "open_keeper_soon", "generator", 1),
        ("class with enter", "KeeperHolder.__enter__", "method", 1),
        ("class with aenter", "KeeperHolder.__aenter__", "coroutine", 1),
        ("class that makes it before", "Lease.__enter__", "method", 1),
        ("callable", "Provider.__call__", "method", 1),
        ("cached property", "Provider.keeper", "method", 1),
        ("class method", "Provider.of_class", "method", 1),
        ("static method", "Provider.of_nobody", "method", 1),
        ("generator method", "Provider.each_keeper", "generator", 1),
        ("decorated without wraps", "get_renamed_keeper", "function", 1),
        ("singledispatch", "keeper_for", "function", 1),
        ("singledispatch by type", "keeper_for", "function", 1),
        ("lambda", "lambda_keeper", "function", 1),
        ("partial", "get_anna_keeper", "function", 1),
    ],
)
def test_what_is_handed_out_is_told_where_it_arrives(
    program: Program, marker: str, maker: str, kind: str, count: int
) -> None:
    # Since 3.12 the function that a partial holds is heard as well: as one that it calls.
    found = [record for record in program.at(marker) if not record.chain]
    said = {(record.maker, record.kind, record.outcome) for record in found}
    assert said == {(YIELDING + maker, kind, "returned")}
    assert sum(record.count for record in found) == count


def test_what_a_generator_constructs_while_it_runs_names_it(program: Program) -> None:
    line = line_of(program.directory / "zoo" / "yielding.py", "in each_keeper")
    chains = {record.chain for record in program.run.of(MakeRecord) if record.site.line == line}
    assert (YIELDING + "each_keeper",) in chains
    assert (YIELDING + "through_keepers", YIELDING + "each_keeper") in chains


def test_what_a_with_block_does_is_not_done_by_its_context_manager(program: Program) -> None:
    (record,) = program.at("inside of a with block")
    assert record.chain == ()


def test_a_context_manager_that_yields_what_a_function_made_passes_it_on(program: Program) -> None:
    (record,) = program.at("context manager")
    assert record.origin == YIELDING + "new_keeper"


def test_a_generator_that_delegates_passes_on(program: Program) -> None:
    (record,) = program.at("delegating generator")
    assert record.origin == YIELDING + "each_keeper"


def test_users_are_found_in_the_arguments_of_what_yields(program: Program) -> None:
    assert [record.unattributed for record in program.at("context manager")] == [0]
    assert [record.unattributed for record in program.at("async context manager")] == [0]


def test_nothing_about_them_is_blind(program: Program) -> None:
    blind = [record for record in program.run.of(BlindRecord) if record.subject.startswith(YIELDING)]
    assert blind == []
