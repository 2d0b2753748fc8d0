"""How long something is listened to, who it is that uses it, and what forks and other tools do to that."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.children import run, run_both
from support.watched import state, uses, watching

from ssot_probe.model.path_records import HEALTH_CHECK, TEST, PathUseRecord, WatchedPathRecord
from ssot_probe.model.records import BlindRecord, ProcessRecord

HAS_EVENTS = sys.version_info >= (3, 12)
needs_events = pytest.mark.skipif(
    not HAS_EVENTS, reason="the interpreter tells of single code objects since 3.12"
)

FILES = {
    "shop/__init__.py": "",
    "shop/legacy.py": "class Bare:\n    pass\ndef make():\n    return 1\ndef helper():\n    return make()\n",
}
POLICY = watching("shop.legacy", "shop.never")


def test_a_few_uses_are_counted_exactly(tmp_path: Path) -> None:
    program = "from shop.legacy import Bare, make\nfor _ in range(20):\n    make(), Bare()\n"
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    counts = _counts(uses(observed, "shop.legacy"))
    assert counts == {"shop.legacy:make": (20, False), "shop.legacy:Bare": (20, False)}


def test_many_uses_are_told_as_no_fewer_than_were_heard(tmp_path: Path) -> None:
    program = "from shop.legacy import Bare, make\nfor _ in range(5000):\n    make(), Bare()\n"
    program += "print('__init__' in vars(Bare))\n"
    observed = run(tmp_path, program=program, files=FILES, policy=POLICY).checked()
    counts = _counts(uses(observed, "shop.legacy"))
    expected = (32, True)
    assert counts == {"shop.legacy:make": expected, "shop.legacy:Bare": expected}
    assert observed.stdout == "False\n"  # nothing is left of the wrapper


REARMED = """
    import time
    from ssot_probe.observe.paths import watched
    watched.LOOK_SECONDS = 0.0
    watched.REARM_SECONDS = 0.2
    import ssot_probe.probe
    probe = ssot_probe.probe.start()
    from shop.legacy import Bare, make
    for round in range(3):
        for _ in range(100):
            make(), Bare()
        time.sleep(0.5)
    """


def test_what_was_used_is_listened_to_again_after_a_while(tmp_path: Path) -> None:
    observed = run(tmp_path, program=REARMED, files=FILES, policy=POLICY, environment={"SSOT_PROBE": ""})
    counts: dict[str, int] = {}
    for use in uses(observed.checked(), "shop.legacy"):
        counts[use.subject] = counts.get(use.subject, 0) + use.count
    assert counts == {"shop.legacy:make": 96, "shop.legacy:Bare": 96}


def test_the_path_s_own_calls_do_not_keep_those_of_others_from_being_heard(tmp_path: Path) -> None:
    program = "from shop import legacy\nfor _ in range(200):\n    legacy.helper()\nlegacy.make()\n"
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    found = {(use.subject, use.site.file, use.site.line) for use in uses(observed, "shop.legacy")}
    assert ("shop.legacy:make", "main.py", 4) in found


FORKS = """
    import os, sys
    from shop import legacy
    {before}
    for number in range(4):
        if not os.fork():
            {inside}
            {leaving}
        os.wait()
    """


def _forks(before: str = "", inside: str = "pass", leaving: str = "sys.exit()") -> str:
    return FORKS.format(before=before, inside=inside, leaving=leaving)


def test_what_was_used_before_a_fork_is_told_by_the_parent_alone(tmp_path: Path) -> None:
    program = _forks(before="legacy.make(), legacy.Bare()")
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    parent, *children = observed.processes
    assert {use.subject for use in parent.of(PathUseRecord)} == {"shop.legacy:make", "shop.legacy:Bare"}
    assert len(children) == 4
    for child in children:
        assert child.of(PathUseRecord) == []
        assert state(child, "shop.legacy").called == 0
        assert state(child, "shop.never").kind == "absent"


def test_what_was_used_often_before_a_fork_is_heard_in_each_child(tmp_path: Path) -> None:
    program = _forks(
        before="[(legacy.make(), legacy.Bare()) for _ in range(99)]", inside="legacy.make(), legacy.Bare()"
    )
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    _, *children = observed.processes
    for child in children:
        once = (1, False)
        assert _counts(child.of(PathUseRecord)) == {"shop.legacy:make": once, "shop.legacy:Bare": once}
        assert child.of(ProcessRecord)[-1].control == "seen"
    assert len(children) == 4


def test_what_only_a_child_uses_that_leaves_at_once_is_heard(tmp_path: Path) -> None:
    program = _forks(inside="legacy.make(); import time; time.sleep(1)", leaving="os._exit(0)")
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    assert [use.subject for use in uses(observed, "shop.legacy")] == ["shop.legacy:make"] * 4
    assert all(child.of(WatchedPathRecord) for child in observed.processes)


def test_what_a_cache_answers_is_counted(tmp_path: Path) -> None:
    text = "import functools\n@functools.lru_cache\ndef settings():\n    return 1\nsettings()\n"
    program = "from shop import legacy\nlegacy.settings()\nlegacy.settings()\n"
    observed, _ = run_both(tmp_path, program=program, files={**FILES, "shop/legacy.py": text}, policy=POLICY)
    assert sum(use.count for use in uses(observed, "shop.legacy", "called")) == 2


HEALTH = """
    import threading
    from shop import legacy
    {caller}
    thread = threading.Thread(target={target})
    thread.start()
    thread.join()
    """


@pytest.mark.parametrize(
    ("caller", "target", "origin"),
    [
        ("def healthz():\n        legacy.make()", "healthz", HEALTH_CHECK),
        ("def check():\n        legacy.make()\n    def readyz():\n        check()", "readyz", HEALTH_CHECK),
        ("def health():\n        legacy.make()\n    def buy():\n        health()", "buy", "application"),
        ("def buy():\n        legacy.make()", "buy", "application"),
    ],
)
def test_who_asks_whether_the_service_is_well_needs_nothing(
    tmp_path: Path, caller: str, target: str, origin: str
) -> None:
    program = HEALTH.format(caller=caller, target=target)
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    assert [use.origin for use in uses(observed, "shop.legacy")] == [origin]


def test_a_place_that_the_application_shares_with_a_health_check_is_the_application_s(tmp_path: Path) -> None:
    caller = (
        "def ask():\n        legacy.make()\n    def healthz():\n        ask()\n    def buy():\n        ask()"
    )
    program = HEALTH.format(caller=caller, target="lambda: [healthz() for _ in range(99)]")
    program = program.replace("target=lambda: [healthz() for _ in range(99)]", "target=healthz")
    program += "threads = [threading.Thread(target=healthz) for _ in range(99)]\n"
    program += "    [(thread.start(), thread.join()) for thread in threads]\n    buy()\n"
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    found = uses(observed, "shop.legacy")
    assert _counts([use for use in found if use.origin == HEALTH_CHECK]) == {"shop.legacy:make": (100, False)}
    assert _counts([use for use in found if use.origin != HEALTH_CHECK]) == {"shop.legacy:make": (1, False)}


def test_what_tests_use_is_told_as_theirs(tmp_path: Path) -> None:
    test = "import unittest\nfrom shop import legacy\nclass Tests(unittest.TestCase):\n"
    test += "    def test_it(self):\n        legacy.make()\n"
    observed = run(
        tmp_path, "-m", "unittest", "-q", "test_shop", files={**FILES, "test_shop.py": test}, policy=POLICY
    )
    assert observed.code == 0
    assert [use.origin for use in uses(observed, "shop.legacy")] == [TEST]


def test_a_user_who_is_known_is_told_as_that_only(tmp_path: Path) -> None:
    program = """
        from ssot_probe import bind_user
        from shop import legacy
        with bind_user("anna"):
            legacy.make()
        legacy.make()
        """
    observed = run(tmp_path, program=program, files=FILES, policy=POLICY).checked()
    assert {use.site.line: use.by_user for use in uses(observed, "shop.legacy")} == {5: True, 6: False}
    assert "anna" not in "".join(path.read_text() for path in observed.directory.iterdir())


@needs_events
@pytest.mark.parametrize("how", ["free_tool_id(tool)", "set_local_events(tool, legacy.make.__code__, 0)"])
def test_a_process_that_takes_the_ears_away_says_that_it_missed_something(tmp_path: Path, how: str) -> None:
    program = f"""
        import sys
        from shop import legacy
        for tool in range(6):
            if sys.monitoring.get_tool(tool) == "ssot_probe":
                sys.monitoring.{how}
        """
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    assert observed.of(ProcessRecord)[-1].control == "missed"
    assert any(record.subject == "calls of watched code" for record in observed.of(BlindRecord))


def test_a_process_that_takes_the_finder_away_says_that_it_missed_something(tmp_path: Path) -> None:
    program = """
        import sys
        sys.meta_path[:] = [each for each in sys.meta_path if "ssot" not in type(each).__module__]
        """
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    assert observed.of(ProcessRecord)[-1].control == "missed"


def test_where_no_path_is_watched_there_is_nothing_to_control(tmp_path: Path) -> None:
    observed, _ = run_both(tmp_path, program="import shop.legacy\n", files=FILES)
    assert observed.of(ProcessRecord)[-1].control == ""


BESIDE = """
    import sys
    from shop import legacy
    monitoring = sys.monitoring
    hits = []
    def started(code, offset):
        hits.append(code.co_name)
        return monitoring.DISABLE
    for tool, name in ((monitoring.COVERAGE_ID, "coverage"), (monitoring.DEBUGGER_ID, "debugger")):
        monitoring.use_tool_id(tool, name)
        monitoring.register_callback(tool, monitoring.events.PY_START, started)
    monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.PY_START)
    monitoring.set_local_events(monitoring.DEBUGGER_ID, legacy.make.__code__, monitoring.events.PY_START)
    for _ in range(50):
        legacy.make()
    {again}
    for _ in range(50):
        legacy.make()
    monitoring.set_events(monitoring.COVERAGE_ID, 0)
    print(hits.count("make"))
    """
AGAIN = """import gc
    from ssot_probe.observe.paths.watched import WatchedPaths
    for paths in [each for each in gc.get_objects() if type(each) is WatchedPaths]:
        paths.listen_again()"""


@needs_events
def test_what_other_tools_have_disabled_stays_so(tmp_path: Path) -> None:
    program = BESIDE.format(again=AGAIN)
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    assert observed.stdout == "2\n"
    assert sum(use.count for use in uses(observed, "shop.legacy")) == 64


@needs_events
def test_coverage_finds_the_same_lines(tmp_path: Path) -> None:
    pytest.importorskip("coverage")
    program = """
        import coverage
        measured = coverage.Coverage(data_file=None, include=["*/shop/*"])
        measured.start()
        from shop import legacy
        for _ in range(99):
            legacy.helper()
        measured.stop()
        data = measured.get_data()
        print(sorted((name[-9:], sorted(data.lines(name))) for name in data.measured_files()))
        """
    observed, _ = run_both(
        tmp_path, program=program, files=FILES, policy=POLICY, environment={"COVERAGE_CORE": "sysmon"}
    )
    assert "legacy.py" in observed.stdout
    assert uses(observed, "shop.legacy", "called")


def _counts(found: list[PathUseRecord]) -> dict[str, tuple[int, bool]]:
    """Return how often each subject was used, and whether it may have been more often; told bit by bit."""
    counts: dict[str, tuple[int, bool]] = {}
    for use in found:
        count, is_at_least = counts.get(use.subject, (0, False))
        counts[use.subject] = count + use.count, is_at_least or use.is_at_least
    return counts
