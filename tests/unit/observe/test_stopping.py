"""`Probe.stop()`: everything is as it was, also where somebody stacked a wrapper on one of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.children import Run, copy_program, line_of, run

from ssot_probe.model.records import ImportRecord, MakeRecord, ModuleRecord, ProcessRecord


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = copy_program("zoo", tmp_path_factory.mktemp("program"))
    (directory / "ssot-probe.toml").unlink()
    return directory


@pytest.fixture(scope="module")
def stopped(directory: Path) -> Run:
    recordings = directory / "recordings"
    environment = {"SSOT_PROBE_DIR": str(recordings), "SSOT_PROBE_DEBUG": "1"}
    return run(directory, "stopped.py", probe=False, environment=environment, recordings=recordings).checked()


@pytest.fixture(scope="module")
def said(stopped: Run) -> Any:
    return stopped.said


def test_the_interpreter_is_as_it_was(said: Any) -> None:
    assert said["observed"] > 5
    assert said["state"]
    assert said["after the second stop"]


def test_no_wrapper_is_left_in_a_class_or_module(said: Any) -> None:
    assert said["left"] == []


def test_all_specs_and_loaders_are_ordinary_again(said: Any) -> None:
    assert said["specs"] == []
    assert said["loaders"] == []


def test_a_constructor_that_was_added_is_gone_and_one_that_was_there_is_back(said: Any) -> None:
    assert said["own"] == [False, False, True]


def test_descriptors_are_of_their_kind_again(said: Any) -> None:
    assert said["created"] == "staticmethod"
    assert said["metaclass"] == "function"
    assert said["makers"] == ["function", "_lru_cache_wrapper"]
    assert said["kinds"] == ["classmethod", "staticmethod", "function", "function"]


def test_wrong_arguments_are_refused_in_the_interpreter_s_own_words(said: Any) -> None:
    assert said["BareKeeper"] == "BareKeeper() takes no arguments"
    assert "takes 2 positional arguments but 4 were given" in said["NewKeeper"]
    assert "takes 2 positional arguments but 4 were given" in said["FirstPartyBaseKeeper"]


def test_a_wrapper_that_was_stacked_on_ours_stays_and_works(said: Any) -> None:
    assert said["still works"] == ["BoxKeeper", "BoxKeeper", "BareKeeper"]
    assert said["stacked"] == [True, [["bert"]]]


def test_each_start_is_a_recording_of_its_own(stopped: Run) -> None:
    first, second = stopped.processes
    for recorded in (first, second):
        assert [record.state for record in recorded.of(ProcessRecord)] == ["started", "stopped"]
    assert not any(record.preloaded for record in first.of(ModuleRecord))
    assert {record.module for record in second.of(ModuleRecord) if record.preloaded} >= {"zoo.makers"}


def test_nothing_that_happened_after_the_stop_is_in_the_first_recording(
    stopped: Run, directory: Path
) -> None:
    first, second = stopped.processes
    again = line_of(directory / "stopped.py", "again")
    imported = [[record.site.line for record in recorded.of(ImportRecord)] for recorded in (first, second)]
    assert again not in imported[0]
    assert set(imported[1]) == {again}
    made = [
        sum(record.count for record in recorded.of(MakeRecord) if record.maker == "zoo.makers:make_keeper")
        for recorded in (first, second)
    ]
    assert made == [1, 1]


PASSING_BY = """
import sys
import ssot_probe

probe = ssot_probe.start()

class Between:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "colorsys":
            probe.stop()  # as another thread would do at this moment

sys.meta_path.insert(len(sys.meta_path) - 1, Between)
import colorsys
print(colorsys.__name__)
"""


def test_an_import_that_is_under_way_misses_no_finder(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(PASSING_BY)
    environment = {"SSOT_PROBE_DIR": str(tmp_path / "data"), "SSOT_PROBE_DEBUG": "1"}
    done = run(tmp_path, "main.py", probe=False, environment=environment, recordings=tmp_path / "data")
    assert done.checked().stdout.strip() == "colorsys"


def test_a_stop_while_nobody_else_can_import_still_has_its_last_word_before_the_interpreter_ends(
    tmp_path: Path,
) -> None:
    (tmp_path / "main.py").write_text(PASSING_BY)  # a finder is asked under the interpreter's import lock
    done = run(tmp_path, "main.py", probe=False, environment={"SSOT_PROBE_DIR": str(tmp_path / "recordings")})
    assert [record.state for record in done.checked().of(ProcessRecord)] == ["started", "stopped"]
