"""What is said of a connection that a pool handed on with something of another user on it."""

from __future__ import annotations

import pytest
from unit.analysis.build import Program, concept, findings, judged, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy, Pool
from ssot_probe.model.records import HandoverRecord, PoolRecord, Site
from ssot_probe.model.sharing import RESIDUES

CONNECTION = "redis.asyncio.connection:Connection"
ACQUIRE = "redis.asyncio.connection:ConnectionPool.get_connection"


def handover(residue: str = "unanswered", number: int = 1, unread: int = 0) -> HandoverRecord:
    return HandoverRecord(
        pool="redis.asyncio",
        acquire=ACQUIRE,
        cls=CONNECTION,
        instance=f"p1-pooled-{number}",
        residue=residue,
        unread=unread,
        interruption="CancelledError",
        users=("u-1", f"u-{1 + number}"),
        severity="error",
        given_back=Site("app.py", 10, "wait", "app"),
        given_back_thread="MainThread",
        given_back_task="Task-2",
        site=Site("app.py", 6, "ask", "app"),
        thread="MainThread",
        task="Task-3",
        time=number,
        request="",
        request_span="",
    )


def pool(count: int, time: int, handovers: int = 0, unattributed: int = 0) -> PoolRecord:
    cls = CONNECTION if count else ""
    return PoolRecord("redis.asyncio", ACQUIRE, cls, count, unattributed, handovers, 0, time)


def test_a_handover_is_told_with_where_it_was_given_back_and_handed_out() -> None:
    program = Program()
    program.add(handover())
    (finding,) = findings("SSOT301", program)
    assert (finding.subject, finding.severity, finding.count, finding.users) == (
        CONNECTION,
        Severity.ERROR,
        1,
        2,
    )
    assert told(finding) == [
        "app.py:10 given back during CancelledError",
        f"app.py:6 handed out by {ACQUIRE}, on the same connection",
    ]
    assert [line.user for line in finding.evidence] == ["u-1", "u-2"]


def test_several_handovers_of_one_pool_are_one_finding() -> None:
    program = Program()
    for number in range(1, 6):
        program.add(handover(number=number))
    program.add(handover("unread", 6, unread=12))
    (finding,) = findings("SSOT301", program)
    assert (finding.count, finding.users) == (6, 7)
    assert finding.message == (
        "The pool redis.asyncio handed a Connection to another user while a reply to the first was still to "
        "come or with unread data of the first, 6 times."
    )
    assert len(finding.evidence) == 6


@pytest.mark.parametrize("residue", RESIDUES)
def test_what_is_not_seen_for_certain_is_a_warning(residue: str) -> None:
    program = Program()
    program.add(handover(residue))
    (finding,) = findings("SSOT301", program)
    is_certain = residue in ("unread", "unanswered")
    assert finding.severity == (Severity.ERROR if is_certain else Severity.WARNING)


def test_clean_handovers_are_no_finding_and_are_counted_over_all_processes() -> None:
    first, second = Program("p1"), Program("p2")
    first.add(pool(0, 1))
    first.add(pool(5, 2, handovers=3))
    first.add(pool(2, 3, handovers=1, unattributed=1))
    second.add(pool(4, 2))
    judgement = judged(first, second)
    assert not [finding for finding in judgement.findings if finding.code == "SSOT301"]
    assert [tuple(use) for use in judgement.pools] == [("redis.asyncio", CONNECTION, 11, 1, 4, 0)]


def test_a_recording_of_pools_alone_is_evidence_where_nothing_is_declared() -> None:
    program = Program()
    program.module("app")
    assert judged(program, by=Policy()).evidence.void
    program.add(pool(5, 2))
    assert judged(program, by=Policy()).evidence.void is None
    assert judged(program, by=policy(concept())).evidence.void


def test_a_pool_of_the_policy_that_was_never_listened_to_is_said() -> None:
    named = Policy(pools=(Pool("cache", ACQUIRE), Pool("printers", "desk.printers:Pool.get")))
    program = Program()
    program.add(pool(0, 1))
    (finding,) = findings("SSOT906", program, by=named)
    assert finding.subject == "desk.printers:Pool.get"
    assert "pool.acquire" in finding.message
