"""The tripwire: every import of a watched module that is loaded, with its line, names and an exact count."""

from __future__ import annotations

import copy
import pickle
from collections import Counter
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.children import SOURCE, Run, copy_program, line_of, run
from support.interpreters import INTERPRETERS

from ssot_probe.model.records import BlindRecord, ImportRecord
from ssot_probe.observe import tripwire


class Form(NamedTuple):
    """An import statement or call of the victim, and how often it ran while the module was loaded."""

    marker: str
    module: str
    names: tuple[str, ...]
    times: int
    file: str = "forms.py"
    since: tuple[int, int] = (3, 10)


FORMS = (
    Form("plain", "flat", (), 2),  # the first one loaded it
    Form("loaded by its package", "shop.old_pkg.shadow", (), 1),
    Form("dotted", "shop.old", (), 4),
    Form("dotted as", "shop.old", (), 5),
    Form("two at once", "flat", (), 2),
    Form("two at once", "shop.old", (), 2),
    Form("names", "shop.old", ("Alpha", "Beta"), 6),
    Form("over lines", "shop.old", ("Alpha", "Beta"), 7),
    Form("star", "shop.old", ("*",), 3, "everything.py"),
    Form("relative sibling", "shop", ("old",), 2, "shop/relative.py"),
    Form("relative sibling", "shop.old", (), 2, "shop/relative.py"),
    Form("relative name", "shop.old", ("Alpha",), 3, "shop/relative.py"),
    Form("relative deeper", "shop.old_pkg.part", ("thing",), 4, "shop/relative.py"),
    Form("submodule", "shop", ("old",), 8),
    Form("submodule", "shop.old", (), 8),
    Form("submodule of subpackage", "shop.old_pkg", ("part",), 3),
    Form("submodule of subpackage", "shop.old_pkg.part", (), 3),
    Form("name of package", "shop.old_pkg", ("THING",), 5),
    Form("function named like a module", "shop.old_pkg", ("shadow",), 4),
    Form("guarded", "shop.old", ("Alpha",), 9),
    Form("name that is missing", "shop.old", ("Missing",), 3),
    Form("by import_module", "shop.old", (), 4, since=(3, 11)),
    Form("by relative import_module", "shop.old", (), 2, since=(3, 11)),
    Form("by builtin", "shop.old", (), 5),
    Form("by builtin with names", "shop.old", (), 6),
    Form("within expression", "shop.old", (), 6),
    Form("alias", "shop.ancient", (), 4),
    Form("names of alias", "shop.ancient", ("Alpha",), 5),
    Form("in a task", "shop.old", ("Alpha",), 3),
    Form("in a loop", "shop.old", ("Alpha",), 20_000),
    Form("in threads", "shop.old", ("Beta",), 8_000),
    Form("first and again", "shop.late", ("Late",), 4),
    Form("loaded on the way", "shop.eager.old", ("THING",), 4),  # by its package, while that was loaded
    Form("submodule for the first time", "shop", ("later",), 4),
    Form("submodule for the first time", "shop.later", (), 3),  # the first one loaded it
)

MARKERS = tuple(dict.fromkeys(form.marker for form in FORMS))
WITHOUT_IMPORT = ("hasattr", "getattr", "attribute", "lazy module", "unwatched")


class Victim(NamedTuple):
    """The run of the victim under one version of Python."""

    version: tuple[int, int]
    directory: Path
    run: Run

    def imports_at(
        self, file: str, marker: str, outcome: str = "cached"
    ) -> Counter[tuple[str, tuple[str, ...]]]:
        """Return how often what was imported at a line."""
        line = line_of(self.directory / file, marker)
        counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        for record in self.run.of(ImportRecord):
            if (record.site.file, record.site.line, record.outcome) == (file, line, outcome):
                counts[record.module, record.names] += record.count
        return counts


@pytest.fixture(scope="module", params=sorted(INTERPRETERS))
def victim(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """The victim of all forms, run once for each version of Python that is there."""
    major, minor = request.param.split(".")
    directory = copy_program("imports", tmp_path_factory.mktemp("victim"))
    recordings = directory / "recordings"
    done = run(
        directory,
        *("start.py", str(SOURCE)),
        probe=False,
        environment={"SSOT_PROBE_DIR": str(recordings), "SSOT_PROBE_DEBUG": "1"},
        recordings=recordings,
        interpreter=INTERPRETERS[request.param],
    )
    return Victim((int(major), int(minor)), directory, done.checked())


@pytest.mark.parametrize("marker", MARKERS)
def test_an_import_is_counted_exactly_at_its_line_with_its_names(victim: Victim, marker: str) -> None:
    forms = [form for form in FORMS if form.marker == marker and form.since <= victim.version]
    file = next(form.file for form in FORMS if form.marker == marker)
    assert victim.imports_at(file, marker) == {(form.module, form.names): form.times for form in forms}


@pytest.mark.parametrize(("file", "line", "names"), [("executed.py", 1, ()), ("long.py", 2, ("Alpha",))])
def test_code_that_is_executed_from_text_is_named_after_its_text(
    victim: Victim, file: str, line: int, names: tuple[str, ...]
) -> None:
    """The longer text has so many constants that the arguments of its import need a prefix."""
    found = [record for record in victim.run.of(ImportRecord) if record.site.file == file]
    assert {(record.module, record.names, record.site.line, record.site.module) for record in found} == {
        ("shop.old", names, line, file.removesuffix(".py"))
    }
    assert sum(record.count for record in found) == 3


@pytest.mark.parametrize("marker", WITHOUT_IMPORT)
def test_looking_for_an_attribute_in_vain_is_no_import_nor_is_an_unwatched_module(
    victim: Victim, marker: str
) -> None:
    assert not victim.imports_at("forms.py", marker)


def test_the_first_import_is_told_apart_from_the_later_ones(victim: Victim) -> None:
    assert victim.imports_at("forms.py", "first and again", "loaded") == {("shop.late", ("Late",)): 1}
    assert victim.imports_at("forms.py", "plain", "loaded") == {("flat", ()): 1}


def test_no_import_is_told_of_any_other_line(victim: Victim) -> None:
    told = {
        (record.site.file, record.site.line)
        for record in victim.run.of(ImportRecord)
        if record.outcome == "cached" and record.site.file == "forms.py"
    }
    known = {
        ("forms.py", line_of(victim.directory / "forms.py", marker))
        for marker in MARKERS
        if not any(form.marker == marker and form.file != "forms.py" for form in FORMS)
    }
    assert told <= known


def test_only_watched_modules_keep_a_tripwire(victim: Victim) -> None:
    assert victim.run.said == [False, True]


def test_what_this_python_does_not_tell_is_reported(victim: Victim) -> None:
    blind = [record.subject for record in victim.run.of(BlindRecord)]
    expected = ["imports of loaded modules by importlib.import_module"] if victim.version < (3, 11) else []
    assert blind == expected


def test_imports_say_where_they_happened(victim: Victim) -> None:
    records = {record.site.line: record for record in victim.run.of(ImportRecord)}
    in_function = records[line_of(victim.directory / "forms.py", "names")]
    assert (in_function.site.module, in_function.at_load, in_function.thread) == (
        "forms",
        False,
        "MainThread",
    )
    assert in_function.site.function == "names"
    in_thread = records[line_of(victim.directory / "forms.py", "in threads")]
    assert in_thread.thread.startswith("Thread-")
    assert in_function.first <= in_function.last


def test_the_self_test_notices_an_interpreter_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tripwire.works()
    monkeypatch.setattr(tripwire, "note", lambda spec, frame: None)
    assert not tripwire.works()


def test_the_self_test_leaves_nothing_behind() -> None:
    before = dict(tripwire.hits)
    assert tripwire.works()
    assert tripwire.hits == before
    assert type(tripwire.__spec__) is ModuleSpec


def test_a_spec_is_armed_and_disarmed_without_a_trace() -> None:
    spec = ModuleSpec("some.module", None, origin="somewhere")
    shown, names = repr(spec), {*dir(spec), "_initializing"}
    assert tripwire.arm(spec)
    assert tripwire.arm(spec)
    assert tripwire.is_armed(spec)
    assert isinstance(spec, ModuleSpec)
    assert (repr(spec), set(dir(spec))) == (shown, names)
    assert spec == ModuleSpec("some.module", None, origin="somewhere")
    for copied in (copy.copy(spec), pickle.loads(pickle.dumps(spec))):
        assert copied == spec
        assert type(copied) is ModuleSpec
    tripwire.disarm(spec)
    tripwire.disarm(spec)
    assert type(spec) is ModuleSpec


@pytest.mark.parametrize("spec", [None, object(), "text", type("Own", (ModuleSpec,), {})("own", None)])
def test_only_specs_of_the_usual_kind_are_armed(spec: object) -> None:
    assert not tripwire.arm(spec)
    assert not tripwire.is_armed(spec)


def test_the_flag_keeps_what_importlib_stores_in_it() -> None:
    spec: Any = ModuleSpec("some.module", None)
    tripwire.arm(spec)
    assert spec._initializing is False
    spec._initializing = True
    assert spec._initializing is True
    tripwire.disarm(spec)
    assert spec._initializing is True


def test_an_error_while_counting_is_counted_as_lost_and_harms_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(spec: ModuleSpec, frame: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(tripwire, "note", fails)
    monkeypatch.setattr(tripwire, "lost", [0])
    spec: Any = ModuleSpec("some.module", None)
    tripwire.arm(spec)
    assert spec._initializing is False
    assert tripwire.lost == [1]


def test_places_beyond_the_bound_are_counted_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tripwire, "hits", {})
    monkeypatch.setattr(tripwire, "lost", [0])
    monkeypatch.setattr(tripwire, "MOST_SITES", 5)
    spec: Any = ModuleSpec("some.module", None)
    tripwire.arm(spec)
    for number in range(8):
        exec(compile("spec._initializing", f"text {number}", "exec"), {"spec": spec})
    assert len(tripwire.hits) == 5
    assert tripwire.lost == [3]


def test_a_text_that_is_executed_again_and_again_takes_no_more_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tripwire, "hits", {})
    spec: Any = ModuleSpec("some.module", None)
    tripwire.arm(spec)
    for _ in range(50):
        exec("spec._initializing", {"spec": spec})
    (hit,) = tripwire.hits.values()
    assert hit.counter[0] == 50


def test_different_texts_at_one_place_are_told_apart_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, empty in (("hits", {}), ("_alike", {}), ("crowded", {}), ("lost", [0])):
        monkeypatch.setattr(tripwire, name, empty)
    spec: Any = ModuleSpec("some.module", None)
    tripwire.arm(spec)
    for number in range(tripwire.MOST_ALIKE + 5):
        exec(f"found_{number} = spec._initializing", {"spec": spec})
        exec(f"found_{number} = spec._initializing", {"spec": spec})
    assert len(tripwire.hits) == tripwire.MOST_ALIKE
    assert tripwire.lost == [10]
    assert list(tripwire.crowded) == [("some.module", "<string>")]
