"""Off means off: an environment with the package differs in nothing from one without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from process.installation import Installation, make_bare, unpack_wheel
from process.project import Project

SPY = """\
import _thread, atexit, os, sys
told = []
def spy(owner, name):
    original = getattr(owner, name)
    def told_of(*arguments, **keywords):
        told.append(name)
        return original(*arguments, **keywords)
    setattr(owner, name, told_of)
spy(os, "register_at_fork")
spy(atexit, "register")
spy(_thread, "start_new_thread")
spy(sys, "addaudithook")
spy(sys, "settrace")
spy(sys, "setprofile")
spy(os, "open")
spy(os, "mkdir")
"""
"""Runs before the start-up file of the probe: its name comes first."""

TELL = """\
import sys
loaded = sorted(sys.modules)
import _thread, atexit, builtins, gc, json, os, signal, spy, threading, warnings
state = {
    "modules": loaded,
    "meta_path": [repr(finder) for finder in sys.meta_path],
    "path_hooks": len(sys.path_hooks),
    "path": len(sys.path),
    "threads": [thread.name for thread in threading.enumerate()],
    "thread_count": _thread._count(),
    "builtins": {name: type(value).__name__ for name, value in vars(builtins).items()},
    "at_exit": atexit._ncallbacks(),
    "traced": [repr(sys.gettrace()), repr(sys.getprofile())],
    "filters": [repr(entry) for entry in warnings.filters],
    "signals": {str(signum): repr(signal.getsignal(signum)) for signum in sorted(signal.valid_signals())},
    "gc": [gc.isenabled(), gc.get_threshold(), len(gc.callbacks)],
    "hooks": [sys.excepthook is sys.__excepthook__, sys.unraisablehook is sys.__unraisablehook__],
    "monitoring": [
        sys.monitoring.get_tool(tool) for tool in range(6)
    ] if hasattr(sys, "monitoring") else [],
    "environment": sorted(name for name in os.environ if name != "SSOT_PROBE"),
    "spied": spy.told,
}
print(json.dumps(state))
"""


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An environment without the package."""
    return spied_on(make_bare(tmp_path_factory.mktemp("without") / "venv"))


@pytest.fixture(scope="module")
def with_package(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An environment that differs from the other one in the package only."""
    environment = spied_on(make_bare(tmp_path_factory.mktemp("with") / "venv"))
    unpack_wheel(environment)
    return environment


def spied_on(environment: Installation) -> Installation:
    (environment.site_packages / "spy.py").write_text(SPY)
    (environment.site_packages / "aaa_spy.pth").write_text("import spy\n")
    return environment


def state_of(environment: Installation, tmp_path: Path, value: str | None) -> dict[str, Any]:
    root = tmp_path / "project"
    root.mkdir(exist_ok=True)
    project = Project(root, environment.python, environment.command)
    project.write({"tell.py": TELL})
    switch = {} if value is None else {"SSOT_PROBE": value}
    outcome = project.run("tell.py", environment=switch, probe=False)
    assert (outcome.code, outcome.err) == (0, "")
    state: dict[str, Any] = json.loads(outcome.out)
    return state


@pytest.mark.parametrize("value", [None, "", "0", " ", " 0 "])
def test_the_interpreter_is_as_without_the_package(
    with_package: Installation, without: Installation, tmp_path: Path, value: str | None
) -> None:
    state = state_of(with_package, tmp_path, value)

    assert state == state_of(without, tmp_path, value)
    assert [path.name for path in (tmp_path / "project").iterdir()] == ["tell.py"]
    assert not [name for name in state["modules"] if name.startswith("ssot_probe")]


@pytest.mark.parametrize("value", ["false", "no", "OFF"])
def test_other_words_for_off_leave_nothing_but_the_gate(
    with_package: Installation, without: Installation, tmp_path: Path, value: str
) -> None:
    state, expected = state_of(with_package, tmp_path, value), state_of(without, tmp_path, value)
    loaded = set(state.pop("modules")) - set(expected.pop("modules"))

    assert state == expected
    assert {"ssot_probe", "ssot_probe.startup"} <= loaded
    assert not [
        name for name in loaded if name.startswith(("ssot_probe.observe", "ssot_probe.probe", "wrapt"))
    ]


def test_the_spy_sees_a_probe_that_is_on(with_package: Installation, tmp_path: Path) -> None:
    state = state_of(with_package, tmp_path, "1")

    assert any("ProbeFinder" in finder for finder in state["meta_path"])
    assert "register_at_fork" in state["spied"]


def test_the_start_up_file_is_one_line_that_imports_os_only(with_package: Installation) -> None:
    text = (with_package.site_packages / "ssot_probe.pth").read_text()

    assert text.count("\n") == 1
    assert text.startswith("import os; os.environ.get(")
