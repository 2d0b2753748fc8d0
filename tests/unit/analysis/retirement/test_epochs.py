"""Which processes ran tests: their silence says nothing of what a service needs."""

from __future__ import annotations

import pytest

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.epochs import ledger_of
from ssot_probe.model.records import ModuleRecord, ProcessRecord, Record


@pytest.mark.parametrize(
    ("module", "is_test"),
    [
        ("conftest", True),
        ("shop.conftest", True),
        ("test_orders", True),
        ("orders_test", True),
        ("tests.test_orders", True),
        ("shop.tests.unit.test_orders", False),  # nothing tells it from what a service may load
        ("shop.test.test_orders", True),
        ("shop.test_mode", False),
        ("shop.latest", False),
        ("shop", False),
    ],
)
def test_a_process_that_loads_a_module_of_tests_ran_tests(module: str, is_test: bool) -> None:
    records: list[Record] = [
        ProcessRecord("started", 1, 1, "3.12.1", ("shop",), "", (), "k", 0, ()),
        ModuleRecord(module, "there.py", "", False, 1),
    ]

    (epoch,) = ledger_of(Recording([("p1", record) for record in records])).epochs

    assert epoch.is_test is is_test
