"""What is remembered of uses does not grow with the time that a process lives."""

from __future__ import annotations

from pathlib import Path

from support.children import run
from support.watched import uses, watching

FILES = {
    "shop/__init__.py": "",
    "shop/legacy.py": "class Base:\n    pass\ndef make():\n    return 1\ndef own():\n    return make()\n",
}


def test_subclasses_that_are_made_all_the_time_count_for_one_of_them(tmp_path: Path) -> None:
    program = """
        from ssot_probe.observe.paths import watched
        watched.LOOK_SECONDS = 0.0
        import ssot_probe.probe
        probe = ssot_probe.probe.start()
        from shop.legacy import Base
        kept = []
        for _ in range(6):
            kept += [type("Own", (Base,), {"__module__": "shop.own"}) for _ in range(100)]
            probe.flush()
        """
    observed = run(
        tmp_path,
        program=program,
        files=FILES,
        policy=watching("shop.legacy"),
        environment={"SSOT_PROBE": ""},
    ).checked()
    found = uses(observed, "shop.legacy", "inherited")
    assert sum(use.count for use in found) == 600
    assert len(found) < 300


def test_callers_whose_code_is_made_anew_each_time_are_bounded_and_none_stands_for_another_module(
    tmp_path: Path,
) -> None:
    program = """
        import gc
        from shop import legacy
        from ssot_probe.observe.paths.watched import WatchedPaths
        (paths,) = [each for each in gc.get_objects() if type(each) is WatchedPaths]
        def call(name):
            exec(compile("make()", f"/{name}.py", "exec"), {"make": legacy.make, "__name__": name})
        for _ in range(200):
            for _ in range(3):
                call("shop.own")
            paths.listen_again()
        call("shop.other")
        (ear,) = [each for each in paths.ears.all() if each.targets and each.targets[0].name == "make"]
        assert len(ear.uses) < 300 and len(ear._origins) < 300, (len(ear.uses), len(ear._origins))
        """
    observed = run(tmp_path, program=program, files=FILES, policy=watching("shop.legacy")).checked()
    called = [use for use in uses(observed, "shop.legacy", "called") if use.subject == "shop.legacy:make"]
    counts: dict[str, int] = {}
    for use in called:
        counts[use.site.module] = counts.get(use.site.module, 0) + use.count
    assert counts == {"shop.own": 600, "shop.other": 1}
