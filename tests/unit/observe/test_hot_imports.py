"""Imports in hot loops: listened to less, said so, and other places are still found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.children import run, run_both

from ssot_probe.model.records import BlindRecord, ImportRecord
from ssot_probe.observe import hot_imports, tripwire
from ssot_probe.observe.hot_imports import LONGEST_PAUSE, MOST_PER_SECOND, HotImports
from ssot_probe.observe.tripwire import Hit

LOOP = """
    def until(is_over):
        count = 0
        while not is_over(count):
            for _ in range(1000):
                from managers import CartManager
            count += 1000
        return count
"""

HOT = 20 * MOST_PER_SECOND

FILES = {"managers.py": "class CartManager:\n    pass\n", "loop.py": LOOP}


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """One watched module, one place that imports it, and what looks at its rate."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.spec = ModuleSpec("hot_module", None)
        module: Any = ModuleType("hot_module")
        module.__spec__ = self.spec
        sys.modules["hot_module"] = module
        tripwire.arm(self.spec)
        code = compile("import hot_module", "hot.py", "exec")
        self.hit = Hit("hot_module", code, 0, "hot", False, "MainThread", 0, [0, 0, 0, 0])
        self.hot = HotImports()

    @property
    def is_armed(self) -> bool:
        return tripwire.is_armed(self.spec)

    def pass_by(self, seconds: float, per_second: float) -> list[Hit]:
        """Let time pass in which the place imports as often as it is listened to; look at the rate then."""
        self.clock.now += seconds
        if self.is_armed:
            self.hit.counter[0] += int(seconds * per_second)
        return self.hot.look([self.hit])


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    clock = Clock()
    monkeypatch.setattr(hot_imports, "monotonic", clock)
    yield Bench(clock)
    del sys.modules["hot_module"]


def test_a_module_that_is_imported_too_often_is_not_listened_to_for_a_while(bench: Bench) -> None:
    assert bench.pass_by(0.1, HOT) == [bench.hit]
    assert not bench.is_armed
    assert bench.pass_by(0.1, 0) == []
    assert bench.is_armed


def test_a_burst_is_counted_in_full(bench: Bench) -> None:
    for _ in range(20):
        assert bench.pass_by(0.1, 4 * MOST_PER_SECOND) == []
        assert bench.pass_by(0.1, 0) == []
        assert bench.is_armed


def test_a_loop_that_is_little_faster_than_allowed_is_noticed_once_it_lasts(bench: Bench) -> None:
    looks = 0
    while bench.is_armed and looks < 100:
        bench.pass_by(0.1, 1.2 * MOST_PER_SECOND)
        looks += 1
    assert looks == 9


def test_imports_below_the_rate_are_all_counted(bench: Bench) -> None:
    for _ in range(100):
        assert bench.pass_by(0.1, 0.9 * MOST_PER_SECOND) == []
        assert bench.is_armed


def test_a_loop_that_goes_on_is_listened_to_ever_more_seldom_but_never_given_up(bench: Bench) -> None:
    listened = [bench.is_armed]
    for _ in range(2_000):
        bench.pass_by(0.1, HOT)
        listened.append(bench.is_armed)
    assert listened.count(True) < 50
    longest = int(LONGEST_PAUSE / 0.1) + 2
    for start in range(len(listened) - longest):
        assert any(listened[start : start + longest])


def test_a_loop_that_ends_is_forgotten(bench: Bench) -> None:
    for _ in range(50):
        bench.pass_by(0.1, HOT)
    for _ in range(100):
        bench.pass_by(0.1, 0)
    assert bench.is_armed
    bench.pass_by(0.1, HOT)
    assert not bench.is_armed
    bench.pass_by(0.1, 0)
    assert bench.is_armed


def test_a_hot_module_is_named_once(bench: Bench) -> None:
    assert bench.pass_by(0.1, HOT)
    for _ in range(50):
        assert bench.pass_by(0.1, HOT) == []


def test_no_rate_is_taken_over_a_moment(bench: Bench) -> None:
    bench.hit.counter[0] += 5_000
    assert bench.pass_by(0.001, 0) == []
    assert bench.is_armed


def test_a_module_that_is_being_loaded_is_listened_to(bench: Bench) -> None:
    bench.spec._initializing = True  # type: ignore[attr-defined]
    assert bench.pass_by(0.1, HOT) == []
    assert bench.is_armed


def test_all_are_listened_to_again_before_a_fork(bench: Bench) -> None:
    bench.pass_by(0.1, HOT)
    bench.hot.resume_all()
    assert bench.is_armed


def test_nothing_is_armed_after_the_end(bench: Bench) -> None:
    bench.pass_by(0.1, HOT)
    bench.hot.stop()
    assert bench.pass_by(10, 0) == []
    assert not bench.is_armed


def test_a_hot_loop_is_said_and_hides_no_other_place_for_good(tmp_path: Path) -> None:
    program = """
        import sys, time
        import loop, managers
        from ssot_probe.observe.tripwire import is_armed

        spec = managers.__spec__
        said = loop.until(lambda count: not is_armed(spec))
        deadline = time.monotonic() + 30
        while not is_armed(spec) and time.monotonic() < deadline:
            time.sleep(0.01)
        from managers import CartManager
        print(said)
    """
    done = run(tmp_path, program=program, files=FILES).checked()
    (blind,) = done.of(BlindRecord)[-1:]
    assert blind.subject == "managers"
    assert f"more than {MOST_PER_SECOND:,} a second come from loop.py:6" in blind.reason
    counts = {record.site.file: 0 for record in done.of(ImportRecord)}
    for record in done.of(ImportRecord):
        if record.outcome == "cached":
            counts[record.site.file] += record.count
    assert counts["main.py"] == 1
    assert 0 < counts["loop.py"] <= done.said
    assert not done.losses


def test_a_million_imports_take_no_more_memory_than_a_thousand(tmp_path: Path) -> None:
    program = """
        import loop, managers
        from ssot_probe.observe import tripwire

        loop.until(lambda count: count >= 1_000)
        before = len(tripwire.hits)
        loop.until(lambda count: count >= 1_000_000)
        for number in range(3_000):
            exec("from managers import CartManager")
            setattr(managers, f"name_{number}", number)
            exec(f"from managers import name_{number}")
        print(len(tripwire.hits) - before <= 1 + tripwire.MOST_ALIKE)
    """
    done = run(tmp_path, program=program, files=FILES).checked()
    assert done.stdout == "True\n"


def test_texts_that_keep_changing_are_said_to_be_counted_in_part(tmp_path: Path) -> None:
    program = """
        import managers
        for number in range(40):
            setattr(managers, f"name_{number}", number)
            exec(f"from managers import name_{number}")
    """
    observed, _ = run_both(tmp_path, program=program, files=FILES)
    (blind,) = observed.of(BlindRecord)[-1:]
    assert blind.subject == "managers"
    assert "text that is executed and keeps changing imports it at <string>:1" in blind.reason
    assert observed.losses.keys() == {"import_sites_full"}
    counted = sum(record.count for record in observed.of(ImportRecord) if record.outcome == "cached")
    reads = 1 if sys.version_info >= (3, 12) else 2
    assert counted * reads + observed.losses["import_sites_full"] == 40 * reads


def test_texts_that_change_around_one_import_are_counted_exactly(tmp_path: Path) -> None:
    program = """
        import managers
        for number in range(3_000):
            exec(f"from managers import CartManager; total = {number}")
    """
    observed, _ = run_both(tmp_path, program=program, files=FILES)
    found = [record for record in observed.of(ImportRecord) if record.outcome == "cached"]
    assert {(record.site.file, record.site.line, record.names) for record in found} == {
        ("<string>", 1, ("CartManager",))
    }
    assert sum(record.count for record in found) == 3_000
    assert not observed.losses


def test_a_submodule_that_executed_text_imports_by_a_call_is_no_import_of_its_package(tmp_path: Path) -> None:
    program = """
        import shop
        for number in range(50):
            exec(f"__import__('shop.managers'); total = {number}")
    """
    files = {"shop/__init__.py": "class ShopManager: pass", "shop/managers.py": FILES["managers.py"]}
    done = run(tmp_path, program=program, files=files).checked()
    counts: dict[str, int] = {}
    for record in done.of(ImportRecord):
        if record.outcome == "cached":
            counts[record.module] = counts.get(record.module, 0) + record.count
    assert counts == {"shop.managers": 16}
    assert done.losses == {"import_sites_full": 2 * 34 - 1}
