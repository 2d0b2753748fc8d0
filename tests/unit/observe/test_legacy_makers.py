"""A legacy function that hands out nothing is let go; one that makes instances is observed in full."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.children import Run, run, run_both

from ssot_probe.model.records import BlindRecord, MakeRecord

HAS_EVENTS = sys.version_info >= (3, 12)

POLICY = """
packages = ["shop"]
[[concept]]
name = "cart-manager"
classes = ["CartManager"]
legacy = ["shop.legacy:{name}"]
"""
LEGACY = """
from shop import cart
kept = []
def twice(value):
    return value * 2
def current():
    return kept[-1] if kept else None
def get_cart_manager():
    return kept[-1] if kept else None
def setup():
    cart.make()
    return None
def fill():
    kept.append(cart.make())
async def later():
    return kept[-1] if kept else None
class Registry:
    def current(self):
        return kept[-1] if kept else None
"""
FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": "class CartManager:\n    def __init__(self):\n        self.items = []\n"
    "def make():\n    return CartManager()\n",
    "shop/legacy.py": LEGACY,
}
RETRIED = """
    import time
    from ssot_probe.observe import legacy_makers
    legacy_makers.RETRY_SECONDS = 0.2
    legacy_makers.MOST_TRIALS = 32
    import ssot_probe.probe
    probe = ssot_probe.probe.start()
    from shop import legacy
    call = {call}
    for _ in range(100):
        call()
    legacy.fill()
    call(), call(), call()
    time.sleep(1)
    for _ in range(100):
        call()
    """
CALLS = {
    "current": "legacy.current",
    "get_cart_manager": "legacy.get_cart_manager",
    "Registry.current": "legacy.Registry().current",
    "later": "lambda: __import__('asyncio').run(legacy.later())",
}


@pytest.mark.parametrize("name", ["current", "get_cart_manager", "Registry.current", "later"])
def test_a_function_that_hands_out_instances_from_the_first_is_counted_in_full(
    tmp_path: Path, name: str
) -> None:
    program = "from shop import legacy\nlegacy.fill()\ncall = {}\nfor _ in range(200):\n    call()\n"
    observed, _ = run_both(
        tmp_path, program=program.format(CALLS[name]), files=FILES, policy=POLICY.format(name=name)
    )
    assert _handed_out(observed, name) == 200
    assert _blind(observed) == []


@pytest.mark.parametrize("name", ["current", "get_cart_manager", "Registry.current", "later"])
def test_one_that_is_let_go_is_tried_anew_and_what_may_be_missing_is_told(tmp_path: Path, name: str) -> None:
    observed = run(
        tmp_path,
        program=RETRIED.format(call=CALLS[name]),
        files=FILES,
        policy=POLICY.format(name=name),
        environment={"SSOT_PROBE": ""},
    ).checked()
    assert _handed_out(observed, name) == 100
    (told,) = _blind(observed)
    assert (told.subject, told.reason[:30]) == (f"shop.legacy:{name}", "it handed out nothing at first")


@pytest.mark.parametrize("name", ["current", "get_cart_manager", "Registry.current", "later"])
def test_one_that_hands_out_nothing_for_long_is_still_seen_when_it_does(tmp_path: Path, name: str) -> None:
    program = (
        "from shop import legacy\ncall = {}\nfor _ in range(500):\n    call()\n"
        "legacy.fill()\nfor _ in range(3):\n    call()\n"
    )
    observed, _ = run_both(
        tmp_path, program=program.format(CALLS[name]), files=FILES, policy=POLICY.format(name=name)
    )
    assert _handed_out(observed, name) == 3
    assert _blind(observed) == []


def test_what_is_constructed_inside_of_one_that_hands_out_nothing_is_known_to_be(tmp_path: Path) -> None:
    program = "from shop.legacy import setup\nfor _ in range(100):\n    setup()\n"
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY.format(name="setup"))
    made = [record for record in observed.of(MakeRecord) if record.outcome == "constructed"]
    assert sum(record.count for record in made) == 100
    assert {record.chain[0] for record in made} == {"shop.legacy:setup"}


def test_a_function_that_cannot_be_a_maker_is_the_function_itself_where_events_tell(tmp_path: Path) -> None:
    program = "from shop import legacy\nfrom shop.legacy import twice\n"
    program += "assert [twice(2) for _ in range(100)] == [4] * 100\nassert twice is legacy.twice\n"
    program += "print(type(twice).__name__)\n"
    observed = run(tmp_path, program=program, files=FILES, policy=POLICY.format(name="twice")).checked()
    assert observed.stdout == ("function\n" if HAS_EVENTS else "ObservedFunction\n")


def test_a_forked_child_tries_anew(tmp_path: Path) -> None:
    program = """
        import os
        from shop import legacy
        from shop.legacy import current
        for _ in range(100):
            current()
        if not os.fork():
            legacy.fill()
            [current() for _ in range(10)]
        else:
            os.wait()
        """
    observed, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY.format(name="current"))
    assert _handed_out(observed, "current") == 10
    assert _blind(observed) == []


def _handed_out(observed: Run, name: str) -> int:
    return sum(
        record.count
        for record in observed.of(MakeRecord)
        if record.maker == f"shop.legacy:{name}" and record.outcome == "returned"
    )


def _blind(observed: Run) -> list[BlindRecord]:
    return [record for record in observed.of(BlindRecord) if record.subject.startswith("shop.")]


def test_a_legacy_function_that_calls_itself_goes_as_deep_as_without(tmp_path: Path) -> None:
    legacy = """
        def fact(n):
            return 1 if n < 2 else n * fact(n - 1)
        def is_even(n):
            return n == 0 or is_odd(n - 1)
        def is_odd(n):
            return n != 0 and is_even(n - 1)
    """
    program = """
        from shop import legacy
        for name in ("fact", "is_even"):
            for depth in range(100, 2000):
                try:
                    getattr(legacy, name)(depth)
                except RecursionError:
                    print(name, depth // 50)
                    break
    """
    policy = POLICY.format(name="fact").replace(
        '"shop.legacy:fact"', '"shop.legacy:fact", "shop.legacy:is_even"'
    )
    run_both(tmp_path, program=program, files={**FILES, "shop/legacy.py": legacy}, policy=policy)
