"""Which processes ran tests: their silence says nothing of what a service needs."""

from __future__ import annotations

import pytest

from ssot_probe.analysis.load import NOT_UNDERSTOOD, REDACTED, TORN
from ssot_probe.analysis.recording import Loss, Recording
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


@pytest.mark.parametrize(
    ("reason", "count", "said"),
    [
        (TORN, 2, "2 torn lines"),
        (NOT_UNDERSTOOD, 2, "2 records that this version does not understand"),
        (REDACTED, 1, "1 redacted record"),
        ("queue_full", 3, "3 records lost as queue_full"),
    ],
)
def test_what_was_lost_and_may_be_of_any_process_is_said_in_words(reason: str, count: int, said: str) -> None:
    ledger = ledger_of(Recording([], losses=[Loss(reason, count, "a file")]))

    assert [(doubt.cause, doubt.process) for doubt in ledger.doubts] == [(said, "a file")]
