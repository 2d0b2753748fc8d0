"""Instances whose special methods raise, loop or lie: the probe calls none of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.children import run_both

from ssot_probe.model.records import AccessRecord, BlindRecord, HolderRecord, MakeRecord, SharingRecord

POLICY = """
packages = ["shop"]
[[concept]]
name = "cart"
classes = ["Cart"]
"""

CARTS = """
import contextlib

CALLED = []

def hostile(name):
    def method(self, *arguments):
        CALLED.append(name)
        {does}
    return method

class Cart:
    def __init__(self, user):
        object.__setattr__(self, "user", user)

    def load(self):
        return object.__getattribute__(self, "user")

    __class__ = property(hostile("__class__"))

for name in (
    *("__eq__", "__ne__", "__lt__", "__hash__", "__bool__", "__len__", "__repr__", "__str__", "__format__"),
    *("__getattr__", "__setattr__", "__delattr__", "__dir__", "__call__", "__iter__", "__contains__"),
    *("__getitem__", "__index__", "__int__", "__reduce_ex__", "__reduce__", "__copy__", "__deepcopy__"),
    *("__sizeof__", "__enter__", "__get__", "__instancecheck__"),
):
    setattr(Cart, name, hostile(name))

def attribute(self, name):
    if name != "load":
        CALLED.append("__getattribute__ " + name)
        raise SystemError(name)
    return object.__getattribute__(self, name)

Cart.__getattribute__ = attribute

shared = []

def get_cart(user_id):
    if not shared:
        shared.append(Cart(user_id))
    return shared[0]

async def get_cart_soon(user_id):
    return get_cart(user_id)

def each_cart(user_id):
    yield get_cart(user_id)

@contextlib.contextmanager
def open_cart(user_id):
    yield get_cart(user_id)

def new_cart(user_id):
    return Cart(user_id)
"""

PROGRAM = """
import asyncio, gc, time
import ssot_probe
from shop.carts import *
import shop.carts as carts

async def await_cart(user):
    await get_cart_soon(user)  # asyncio itself shows the result of what it runs

for user in ("anna", "bert"):
    with ssot_probe.bind_user(user):
        cart = get_cart(user)
        print(cart.load())
        asyncio.run(await_cart(user))
        for cart in each_cart(user):
            cart.load()
        with open_cart(user) as cart:
            cart.load()
        new_cart(user)
    get_cart(user)
time.sleep(0.3)
gc.collect()
print(sorted(set(CALLED)))
"""

MANNERS = {
    "raise": "raise SystemError(name)",
    "exit": "raise SystemExit(3)",
    "lie": "return True",
}


@pytest.mark.parametrize("manner", MANNERS)
def test_no_special_method_of_an_instance_is_called(tmp_path: Path, manner: str) -> None:
    files = {"shop/__init__.py": "", "shop/carts.py": CARTS.replace("{does}", MANNERS[manner])}
    done, _ = run_both(tmp_path, files=files, policy=POLICY, program=PROGRAM)
    assert done.code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    makers = {record.maker.partition(":")[2] for record in done.of(MakeRecord)}
    assert makers == {"Cart", "get_cart", "get_cart_soon", "each_cart", "open_cart", "new_cart"}
    (shared,) = {record.instance for record in done.of(SharingRecord)}
    assert len({record.user for record in done.of(AccessRecord) if record.instance == shared}) == 2
    assert [record.path for record in done.of(HolderRecord)]
    assert not [record for record in done.of(BlindRecord) if record.subject.startswith("shop.")]
