"""What was heard often enough is called as if nothing listened, and is the same thing as before."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.children import run, run_both
from support.watched import state, uses, watching

LEGACY = """
import asyncio
def make(value=1):
    return value
def is_even(number):
    return number == 0 or is_odd(number - 1)
def is_odd(number):
    return number != 0 and is_even(number - 1)
async def later():
    return 1
class Cart:
    def add(self):
        return 1
    def __len__(self):
        return 0
    async def wait(self):
        return 1
    @staticmethod
    def plain():
        return 1
    @classmethod
    def own(cls):
        return cls
"""
FILES = {"shop/__init__.py": "", "shop/legacy.py": LEGACY}
POLICY = watching("shop.legacy")
AGAIN = """
    import gc
    from ssot_probe.observe.paths.watched import WatchedPaths
    def listen_again():
        for paths in [each for each in gc.get_objects() if type(each) is WatchedPaths]:
            paths.listen_again()
    """


@pytest.mark.parametrize(
    ("subject", "call"),
    [
        ("make", "make()"),
        ("make", "legacy.make(value=1)"),
        ("later", "asyncio.run(later())"),
        ("Cart.add", "cart.add()"),
        ("Cart.add", "legacy.Cart.add(cart)"),
        ("Cart.wait", "asyncio.run(cart.wait())"),
        ("Cart.plain", "cart.plain()"),
        ("Cart.own", "cart.own()"),
    ],
)
def test_it_is_heard_until_it_rests_and_again_afterwards(tmp_path: Path, subject: str, call: str) -> None:
    program = f"""{AGAIN}
    import asyncio
    from shop import legacy
    from shop.legacy import later, make
    cart = legacy.Cart()
    for _ in range(3):
        for _ in range(100):
            {call}
        listen_again()
    """
    observed = run(tmp_path, program=program, files=FILES, policy=POLICY).checked()
    heard = [
        use for use in uses(observed, "shop.legacy", "called") if use.subject == f"shop.legacy:{subject}"
    ]
    assert sum(use.count for use in heard) == 96
    assert any(use.is_at_least for use in heard)


def test_what_somebody_holds_is_still_what_its_module_holds(tmp_path: Path) -> None:
    program = """
        import pickle
        from shop import legacy
        from shop.legacy import Cart, is_even, later, make
        held = {make: 1, later: 2}
        for _ in range(100):
            make(), later().close(), Cart().add(), Cart.plain(), Cart.own(), is_even(4)
        print(make is legacy.make, later is legacy.later, held[legacy.make], held[legacy.later])
        print(pickle.loads(pickle.dumps([make, later, Cart.add])) == [make, later, Cart.add])
        print(make(2), make(value=3), make.__name__, make.__defaults__, Cart.own() is Cart)
        """
    run_both(tmp_path, program=program, files=FILES, policy=POLICY)


def test_what_calls_itself_by_way_of_another_has_as_much_room_as_without_the_probe(tmp_path: Path) -> None:
    program = """
        import sys
        from shop import legacy
        from shop.legacy import is_even
        for _ in range(100):
            is_even(0), legacy.is_odd(0)
        sys.setrecursionlimit(400)
        print(is_even(360))
        """
    run_both(tmp_path, program=program, files=FILES, policy=POLICY)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="events hear the code, whatever it is called by")
def test_what_is_exchanged_while_it_rests_is_told_as_unheard(tmp_path: Path) -> None:
    program = f"""{AGAIN}
    from shop.legacy import Cart
    for _ in range(100):
        Cart().add()
    add = Cart.add
    Cart.add = lambda self: add(self)
    listen_again()
    Cart().add()
    """
    observed = run(tmp_path, program=program, files=FILES, policy=POLICY).checked()
    (told,) = observed.processes
    assert "Cart.add: what constructs or calls it was exchanged" in state(told, "shop.legacy").unheard
