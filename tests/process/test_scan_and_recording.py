"""What the inventory says of a program agrees with what the probe sees when the program runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.children import SOURCE, Run, copy_program, run
from support.interpreters import INTERPRETERS
from unit.inventory.trees import Scanned, scan_path

from ssot_probe.model.records import (
    BindingRecord,
    ClassRecord,
    ImportRecord,
    MakeRecord,
    ModuleRecord,
    ReferenceRecord,
    Site,
)

COMPUTED = ("executed.py", "long.py")
"""Code that the victim makes up while it runs."""

MAIN = "__main__"


def place(site: Site, module: str) -> tuple[str, int, str]:
    return site.file, site.line, module


@pytest.mark.parametrize("version", sorted(INTERPRETERS))
def test_every_import_that_runs_is_declared_at_its_line(version: str, tmp_path: Path) -> None:
    directory = copy_program("imports", tmp_path)
    recordings = directory / "recordings"
    done = run(
        directory,
        *("start.py", str(SOURCE)),
        probe=False,
        environment={"SSOT_PROBE_DIR": str(recordings)},
        recordings=recordings,
        interpreter=INTERPRETERS[version],
    ).checked()
    declared = {place(one.site, one.module): one for one in scan_path(directory, directory).of(ImportRecord)}
    compared = 0
    for record in done.of(ImportRecord):
        if record.origin != "application" or record.site.file in COMPUTED or record.site.line == 0:
            continue
        found = declared.get(place(record.site, record.module))
        if found is None:
            assert is_parent_of_declared(record, declared) or is_computed(record, directory), record
            continue
        compared += 1
        assert found.names == record.names
        assert found.at_load == record.at_load
        if version != "3.10":  # which knows only the last part
            function = record.site.function.replace(".<locals>.<listcomp>", "")  # before 3.12
            assert found.site.function == function
    assert compared > 20


def is_parent_of_declared(record: ImportRecord, declared: dict[tuple[str, int, str], ImportRecord]) -> bool:
    """Does the record tell of a package that had to be loaded for the module that was asked for?"""
    return any(
        (file, line) == (record.site.file, record.site.line) and module.startswith(f"{record.module}.")
        for file, line, module in declared
    )


def is_computed(record: ImportRecord, directory: Path) -> bool:
    """Is the line one of those whose module the inventory says is computed, or no import at all?"""
    computed = {
        (one.site.file, one.site.line)
        for one in scan_path(directory, directory).of(ReferenceRecord)
        if one.kind == "computed-import"
    }
    return (record.site.file, record.site.line) in computed


@pytest.fixture(scope="module", params=["construct.py", "call.py", "visit.py"])
def zoo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Run, Scanned]:
    directory = copy_program("zoo", tmp_path_factory.mktemp("zoo"))
    done = run(directory, request.param)
    assert done.code == 0, done.stderr
    return request.param, done, scan_path(directory, directory)


def test_modules_have_the_same_names_and_files(zoo: tuple[str, Run, Scanned]) -> None:
    script, done, scanned = zoo
    for record in done.of(ModuleRecord):
        name = script.removesuffix(".py") if record.module == MAIN else record.module
        assert scanned.modules[name] == record.file


def test_classes_are_described_alike(zoo: tuple[str, Run, Scanned]) -> None:
    _, done, scanned = zoo
    compared = 0
    for record in done.of(ClassRecord):
        found = scanned.classes[record.name]
        assert (found.file, found.line, found.traits) == (record.file, record.line, record.traits)
        in_tree = tuple(base for base in record.bases if base.startswith(("zoo.", "builtins:")))
        assert tuple(base for base in found.bases if base.startswith(("zoo.", "builtins:"))) == in_tree
        compared += 1
    assert compared


def test_names_lead_to_the_same_classes(zoo: tuple[str, Run, Scanned]) -> None:
    script, done, scanned = zoo
    for record in done.of(BindingRecord):
        module = script.removesuffix(".py") if record.module == MAIN else record.module
        assert (f"{module}.{record.attribute}", record.target) in scanned.bindings, record


def test_functions_that_make_something_are_declared_makers(zoo: tuple[str, Run, Scanned]) -> None:
    _, done, scanned = zoo
    declared = {(one.maker, one.kind, one.definition) for one in scanned.of(MakeRecord)}
    unknown = {
        record.maker
        for record in done.of(MakeRecord)
        if record.kind != "constructor" and (record.maker, record.kind, record.definition) not in declared
    }
    # It returns what it finds in a dictionary: that is known at run time only.
    assert unknown <= {"zoo.makers:get_keeper_for"}
