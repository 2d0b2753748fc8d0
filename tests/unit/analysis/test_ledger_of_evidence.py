"""The ledger of evidence, from records: what is against a silence, who is missing, which clocks disagree."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssot_probe.analysis.load import TOLD_NOTHING, TORN
from ssot_probe.analysis.recording import Loss, Process, Recording
from ssot_probe.analysis.retirement.ledger import (
    CONTROL,
    FORMAT,
    LOST,
    POLICY,
    RECORDS_LOST,
    RELATIVE,
    UNCLOSED,
    UNREADABLE,
    Ledger,
    ledger,
)
from ssot_probe.model.path_records import ForkRecord
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import ModuleRecord, ProcessRecord, Record
from ssot_probe.policy_json import policy_to_json
from ssot_probe.version import __version__
from ssot_probe.wire.process_list import ListedProcess, ProcessList
from ssot_probe.wire.registry import SCHEMA_VERSION

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
START = 1_767_600_000 * SECOND  # 2026-01-05 08:00:00Z
ONE, TWO, THREE = "1" * 32, "2" * 32, "3" * 32

POLICY_IN_FORCE = Policy(
    packages=("chat",), concepts=(Concept("manager", ("*Manager",), legacy=("chat.old",)),)
)


def state(name: str = "started", time: int = 0, **values: Any) -> ProcessRecord:
    """Return what a process says of itself some seconds after the start."""
    told = policy_to_json(POLICY_IN_FORCE) if name == "started" else ""
    record = ProcessRecord(name, START + time * SECOND, START, "3.12.1", ("chat",), told, (), "k", 0, ())
    return record._replace(**values)


def ended(process: str, *records: Record, begun: int = 0, **values: Any) -> list[tuple[str, Record]]:
    """Return the records of a process that began and ended, with whatever came in between."""
    armed = START + begun * SECOND
    first = state("started", begun, **{**values, "armed": armed, "emitted": 0})
    last = state(
        "stopped", begun + 60, closed="exit", **{**values, "armed": armed, "emitted": len(records) + 1}
    )
    return [(process, record) for record in (first, *records, last)]


def without_the_second(records: list[tuple[str, Record]]) -> list[tuple[str, Record]]:
    return records[:1] + records[2:]


def ledger_of(
    records: Iterable[tuple[str, Record]],
    processes: Iterable[Process] = (),
    losses: Iterable[Loss] = (),
    lists: Iterable[ProcessList] = (),
) -> Ledger:
    return ledger(Recording(records, processes, losses, lists=lists))


def kinds(found: Ledger) -> list[list[str]]:
    return [[reason.kind for reason in epoch.reasons] for epoch in found.epochs]


def test_a_process_that_began_and_ended_is_complete() -> None:
    process = Process(ONE, "shop", 7, "web", "staging", __version__, "host-1", "1.4", SCHEMA_VERSION)
    found = ledger_of(ended(ONE, control="seen"), [process])
    (epoch,) = found.epochs
    assert found.is_complete
    assert (epoch.process, epoch.armed, epoch.last) == (process, START, START + 60 * SECOND)
    assert (epoch.closed, epoch.control, epoch.python, epoch.heartbeats) == ("exit", "seen", "3.12.1", 2)
    assert (epoch.watched, epoch.days) == (("chat.old",), (date(2026, 1, 5),))


def test_days_are_those_with_a_sign_of_life() -> None:
    alive = state("alive", 2 * 86_400, emitted=1)
    (epoch,) = ledger_of([(ONE, state()), (ONE, alive)]).epochs
    assert epoch.days == (date(2026, 1, 5), date(2026, 1, 7))


def test_what_was_seen_last_is_a_sign_of_life() -> None:
    module = ModuleRecord("chat", "chat.py", "", False, START + 5 * SECOND)
    (epoch,) = ledger_of([(ONE, state()), (ONE, module)]).epochs
    assert epoch.last == START + 5 * SECOND
    assert epoch.closed == LOST


@pytest.mark.parametrize(
    ("records", "kind"),
    [
        ([(ONE, state())], UNCLOSED),
        (ended(ONE, dropped=("queue_full=3",)), RECORDS_LOST),
        (without_the_second(ended(ONE, state("alive", 5, emitted=1))), RECORDS_LOST),
        (ended(ONE, control="missed"), CONTROL),
        (ended(ONE, parent=TWO), RELATIVE),
        (ended(ONE, ForkRecord(TWO, True, START)), RELATIVE),
        (ended(ONE)[1:], POLICY),
        (ended(ONE, policy="{"), POLICY),
    ],
    ids=["unclosed", "dropped", "gap", "control", "parent", "child", "no policy", "unreadable policy"],
)
def test_each_reason_takes_the_worth_of_the_silence(records: list[tuple[str, Record]], kind: str) -> None:
    found = ledger_of(records)
    assert kind in kinds(found)[0]
    assert not found.is_complete


def test_a_child_that_recorded_nothing_is_no_loss() -> None:
    assert ledger_of(ended(ONE, ForkRecord(TWO, False, START))).is_complete


@pytest.mark.parametrize(
    ("version", "schema", "is_understood"),
    [
        (__version__, SCHEMA_VERSION, True),
        ("", 0, True),
        ("0.0.9", SCHEMA_VERSION, True),
        ("99.0", SCHEMA_VERSION, False),
        (__version__, SCHEMA_VERSION + 1, False),
    ],
)
def test_records_of_a_newer_version_prove_nothing(version: str, schema: int, is_understood: bool) -> None:
    found = ledger_of(ended(ONE), [Process(ONE, version=version, schema=schema)])
    assert kinds(found) == [[] if is_understood else [FORMAT]]


def test_the_policy_of_the_newest_process_is_the_one_that_counts() -> None:
    other = policy_to_json(POLICY_IN_FORCE._replace(packages=("shop",)))
    found = ledger_of([*ended(ONE, policy=other), *ended(TWO, begun=100)])
    assert kinds(found) == [[POLICY], []]


def test_a_policy_that_only_judges_otherwise_or_watches_more_is_the_same() -> None:
    (concept,) = POLICY_IN_FORCE.concepts
    more = POLICY_IN_FORCE._replace(
        concepts=(concept._replace(legacy=("chat.old", "chat.older")),), source="x"
    )
    found = ledger_of([*ended(ONE), *ended(TWO, policy=policy_to_json(more), begun=100)])
    assert kinds(found) == [[], []]
    assert [epoch.watched for epoch in found.epochs] == [("chat.old",), ("chat.old", "chat.older")]


def test_a_policy_that_cannot_be_read_is_no_digest() -> None:
    (epoch,) = ledger_of(ended(ONE, policy="{")).epochs
    assert (epoch.policy, epoch.watched) == (UNREADABLE, ())


def test_a_torn_line_is_a_loss_of_those_in_its_file_and_else_of_anybody() -> None:
    records = [*ended(ONE), *ended(TWO)]
    found = ledger_of(records, losses=[Loss(TORN, 1, "a.jsonl:3", (ONE,))])
    assert kinds(found) == [[RECORDS_LOST], []]
    assert ledger_of(records, losses=[Loss(TORN, 1, "a.jsonl:1")]).losses
    assert not ledger_of(records, losses=[Loss(TORN, 1, "a.jsonl:1")]).is_complete


def listed(*identities: str, name: str = "", step: int = 1) -> ProcessList:
    return ProcessList(
        name or identities[0],
        tuple(ListedProcess(who, START + place * step * SECOND, 7) for place, who in enumerate(identities)),
        0,
    )


def test_a_process_that_is_on_the_list_and_not_here_is_missing() -> None:
    found = ledger_of(ended(ONE, directory=ONE, number=1, listed=2), lists=[listed(ONE, TWO)])
    (missing,) = found.missing
    assert (missing.identity, missing.pid, missing.time) == (TWO, 7, START + SECOND)
    assert kinds(found) == [[]]
    assert not found.is_complete


def test_a_gap_in_the_numbers_is_a_missing_process() -> None:
    records = [
        *ended(ONE, directory=THREE, number=2, listed=2),
        *ended(TWO, directory=THREE, number=4, listed=5),
    ]
    found = ledger_of(records)
    assert [missing.known_from[0].split()[1] for missing in found.missing] == ["1", "3", "5"]


def test_what_several_tell_of_one_process_is_one_missing_process() -> None:
    empty = Loss(TOLD_NOTHING, 1, f"data/20260105T080000-7-{TWO[:8]}.traces.jsonl")
    fork = ForkRecord(TWO, True, START)
    found = ledger_of(
        ended(ONE, fork, directory=ONE, number=1, listed=2), losses=[empty], lists=[listed(ONE, TWO)]
    )
    (missing,) = found.missing
    assert missing.identity == TWO
    assert len(missing.known_from) == 3
    assert found.losses == ()


def test_an_empty_file_beside_what_its_process_sent_elsewhere_is_nobody() -> None:
    empty = Loss(TOLD_NOTHING, 1, f"data/20260105T080000-7-{ONE[:8]}.traces.jsonl")
    assert ledger_of(ended(ONE), losses=[empty]).missing == ()


def test_two_processes_at_one_place_leave_a_doubt() -> None:
    records = [*ended(ONE, directory=ONE, number=1), *ended(TWO, directory=ONE, number=1)]
    found = ledger_of(records)
    assert len(found.doubts) == 1
    assert not found.is_complete


def test_torn_lines_of_a_list_leave_a_doubt() -> None:
    found = ledger_of(ended(ONE), lists=[listed(ONE)._replace(torn=2)])
    assert "2 torn lines" in found.doubts[0]


def test_clocks_that_agree_say_nothing() -> None:
    records = [
        *ended(ONE, ForkRecord(TWO, True, START + 20 * SECOND), directory=ONE, number=1, listed=2),
        *ended(TWO, begun=10, parent=ONE, directory=ONE, number=2, listed=2),
    ]
    assert ledger_of(records, lists=[listed(ONE, TWO)]).clocks == ()


@pytest.mark.parametrize(
    ("records", "lists", "said"),
    [
        (ended(ONE, state("alive", 900, emitted=1)), (), "was set back"),
        ([*ended(ONE, begun=100), *ended(TWO, begun=50, parent=ONE)], (), "which forked it, began"),
        ([*ended(ONE, ForkRecord(TWO, True, START)), *ended(TWO, begun=50)], (), "of having forked it"),
        (ended(ONE), (listed(ONE, TWO, step=-60),), "was listed at"),
        (
            [
                *ended(ONE, directory=ONE, number=1, listed=2),
                *ended(TWO, begun=500, directory=ONE, number=2, listed=2),
            ],
            (),
            "had seen it listed",
        ),
    ],
    ids=["set back", "parent", "fork", "list", "seen"],
)
def test_clocks_that_disagree_are_told(
    records: list[tuple[str, Record]], lists: tuple[ProcessList, ...], said: str
) -> None:
    hosts = [Process(ONE, "shop", 7, host="host-1"), Process(TWO, "shop", 8, host="host-2")]
    (sentence,) = ledger_of(records, hosts, lists=lists).clocks
    assert said in sentence
    assert "on host-1" in sentence


def test_a_clock_that_was_set_back_does_not_hide_what_was_lost() -> None:
    later = state("alive", 900, emitted=1)
    found = ledger_of([*ended(ONE, later, dropped=("queue_full=2",))])
    assert RECORDS_LOST in kinds(found)[0]


@settings(deadline=None)
@given(st.data())
def test_order_and_duplicates_change_nothing(data: st.DataObject) -> None:
    records = [
        *ended(ONE, ForkRecord(THREE, True, START), directory=ONE, number=1, listed=3),
        *ended(TWO, begun=10, parent=ONE, directory=ONE, number=2, listed=2),
        (TWO, state("alive", 3, emitted=1)),
    ]
    processes = [Process(ONE, "shop", 7), Process(TWO, "shop", 8)]
    lists = [listed(ONE, TWO, THREE), listed(ONE, TWO)]
    before = ledger_of(records, processes, lists=lists)
    shuffled = data.draw(st.permutations([*records, *records]))
    assert ledger_of(shuffled, processes[::-1], lists=data.draw(st.permutations([*lists, *lists]))) == before


@settings(deadline=None)
@given(st.data())
def test_whatever_is_taken_away_is_noticed(data: st.DataObject) -> None:
    first, second = (
        ended(ONE, directory=ONE, number=1, listed=2),
        ended(TWO, directory=ONE, number=2, listed=2),
    )
    records = [*first, *second]
    kept = data.draw(st.lists(st.sampled_from(records), unique=True, min_size=1, max_size=3))
    assert not ledger_of(kept).is_complete
