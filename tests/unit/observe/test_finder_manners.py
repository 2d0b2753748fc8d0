from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest
from support.children import run, run_both

from ssot_probe.model.records import ModuleRecord
from ssot_probe.observe.finder import ProbeFinder
from ssot_probe.observe.scope import Scope


class Curious:
    """A finder that asks all others too, as tracing libraries do."""

    def __init__(self) -> None:
        self.depth = 0

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        self.depth += 1
        assert self.depth < 5, "the finders ask each other for ever"
        try:
            for finder in sys.meta_path:
                spec = None if finder is self else finder.find_spec(fullname, path, target)
                if spec is not None:
                    return spec
            return None
        finally:
            self.depth -= 1


@pytest.mark.parametrize("is_first", [True, False])
def test_two_finders_that_ask_each_other_come_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    (tmp_path / "asked_for.py").write_text("answer = 42\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    told: list[str] = []
    scope = Scope(("asked_for",), [str(tmp_path)])
    displaced: list[bool] = []
    ours = ProbeFinder(
        scope,
        lambda module, loading: told.append(loading.module),
        lambda loading: None,
        lambda: displaced.append(True),
    )
    finders = [ours, Curious()] if is_first else [Curious(), ours]
    monkeypatch.setattr(sys, "meta_path", [*finders, *sys.meta_path])
    try:
        module = importlib.import_module("asked_for")
    finally:
        sys.modules.pop("asked_for", None)
    assert module.answer == 42
    assert told == ["asked_for"]
    assert bool(displaced) != is_first


def test_a_chain_of_imports_may_be_nearly_as_deep_as_without_the_probe(tmp_path: Path) -> None:
    files = {
        f"link{number}.py": f"import reach; reach.depth += 1; import link{number + 1}"
        for number in range(300)
    }
    program = """
        import reach
        try:
            import link0
        except RecursionError:
            print(reach.depth)
    """
    reached = [
        int(run(tmp_path, program=program, files={**files, "reach.py": "depth = 0"}, probe=probe).stdout)
        for probe in (True, False)
    ]
    assert reached[0] > reached[1] * 5 / 6


ASKS_ALL = """
    import sys

    class Asks:
        asked = []

        def find_spec(self, name, path=None, target=None):
            if name != "old":
                return None
            self.asked.append(name)
            for finder in sys.meta_path:
                spec = None if finder is self else finder.find_spec(name, path, target)
                if spec is not None:
                    return spec if {answers} else None

    sys.meta_path.insert({place}, Asks())
    import old
    print(Asks.asked, old.__name__)
    """


@pytest.mark.parametrize("place", ["0", "1", "len(sys.meta_path)"])
@pytest.mark.parametrize("answers", [True, False])
def test_a_finder_is_asked_as_often_as_without_the_probe(tmp_path: Path, place: str, answers: bool) -> None:
    program = ASKS_ALL.format(place=place, answers=answers)
    observed, _ = run_both(tmp_path, program=program, files={"old.py": "class OldManager: ...\n"})
    assert "old" in {record.module for record in observed.of(ModuleRecord)}
