"""A metaclass that fails to compare or hash its classes costs what is known of these, and no more."""

from __future__ import annotations

from pathlib import Path

from support.children import run_both
from support.watched import state, uses

from ssot_probe.model.records import BlindRecord, MakeRecord

SHOP = """
class Unequal(type):
    def __eq__(cls, other):
        raise RuntimeError("no eq")
    def __hash__(cls):
        raise RuntimeError("no hash")
class CartManager(metaclass=Unequal):
    pass
class OrderManager:
    pass
class Base:
    pass
class Other:
    pass
def used():
    return 1
"""
POLICY = """
packages = ["shop"]
[[concept]]
name = "manager"
classes = ["*Manager"]
legacy = ["shop.legacy"]
"""
PROGRAM = """
from shop import legacy
class Sub(legacy.Base, metaclass=legacy.Unequal):
    pass
print(type(legacy.CartManager()).__name__, type(legacy.OrderManager()).__name__, type(Sub()).__name__)
legacy.used()
"""


def test_the_rest_is_recorded_and_what_is_not_seen_is_said(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/legacy.py": SHOP}
    observed, _ = run_both(tmp_path, program=PROGRAM, files=files, policy=POLICY)
    observed.checked()
    assert observed.losses == {}
    assert {record.cls for record in observed.of(MakeRecord)} == {"shop.legacy:OrderManager"}
    reason = "its metaclass compares or hashes it"
    blind = {record.subject: record.reason for record in observed.of(BlindRecord)}
    assert blind["shop.legacy:CartManager"] == reason
    assert (
        "CartManager: its metaclass compares or hashes it"
        in state(observed.processes[0], "shop.legacy").unheard
    )
    used = {(use.rung, use.subject) for use in uses(observed, "shop.legacy")}
    assert {("called", "shop.legacy:used"), ("inherited", "shop.legacy:Base")} <= used
