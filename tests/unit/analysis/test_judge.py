from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from unit.analysis.build import (
    GET_MANAGER,
    MANAGER,
    TODAY,
    Program,
    Source,
    concept,
    judged,
    policy,
    recording_of,
)

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rules import RULES
from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Boundary, Policy, Waiver

OLD = "chat.ws.old:WebSocketManager"
CREATE = "chat.ws.compat:create_manager"
GONE, UNUSED = "chat.ws.gone", "chat.ws.unused"
BY = policy(
    concept(
        canonical=MANAGER,
        factories=(GET_MANAGER, "chat.ws.manager:gone"),
        legacy=("chat.ws.old", "chat.ws.compat", GONE, UNUSED),
        isolation="user+thread",
    ),
    boundary=Boundary("chat.auth:label_of", (("free", "hipaa"),)),
    waivers=(Waiver("SSOT104", "*", "later"), Waiver("SSOT999", "*", "never")),
)
EVERYTHING = [rule.code for rule in RULES]


def fragmented(process: str = "p1") -> Program:
    """A program that breaks every rule."""
    program = Program(process)
    program.cls(MANAGER)
    program.cls(OLD)
    program.cls("ws.manager:WebSocketManager", file="chat/ws/manager.py")
    program.module("chat.ws.old", preloaded=True)
    program.bind("chat.ws.compat:WebSocketManager", MANAGER)
    program.imports("chat/views.py:3", "chat.ws.compat:WebSocketManager", count=3)
    program.imports("chat/views.py:4", MANAGER)
    program.imports("chat/admin.py:4", OLD, inside="index")
    program.sees_half_initialised("chat/views.py:4", MANAGER)
    program.constructs("chat/views.py:9", OLD, count=2, unattributed=1)
    program.constructs("chat/views.py:9", MANAGER)
    program.hands_out("chat/views.py:10", GET_MANAGER)
    program.hands_out("chat/views.py:11", CREATE, OLD)
    for user in ("u-1", "u-2", "u-3"):
        program.gives(user, f"{process}-1")
        program.gives(user, f"{process}-2", cls=OLD)
    program.reaches("u-1", "u-2", instance=f"{process}-1")
    program.holds("module chat.ws.manager", "_manager", instance=f"{process}-1")
    program.shares("u-1", "u-2", verdict="mixed")
    program.brings_together("free", "hipaa")
    for number in (1, 2):
        program.turns("u-1", number, instance=f"{process}-1")
    program.overlaps("u-1", "u-2", instance=f"{process}-1")
    program.races()
    program.runs_with("u-1", "u-2")
    program.counts()
    program.is_blind_to(MANAGER, "constructed by C code")
    program.watches(UNUSED)
    program.watches(GONE, "absent")
    program.imports("chat/views.py:5", GONE, outcome="failed")
    program.stop(dropped=("queue_full=2",))
    return program


def source_of_fragmented() -> Source:
    """What the program's source declares: one class more than ever loads."""
    source = Source()
    for name in (MANAGER, OLD, "chat.ws.never:WebSocketManager"):
        source.cls(name)
    return source


def test_every_rule_has_something_to_say_about_a_program_that_breaks_all() -> None:
    found = judged(fragmented(), by=BY, source=source_of_fragmented()).findings
    assert sorted({finding.code for finding in found}) == EVERYTHING


def test_findings_are_sorted_by_severity_code_concept_and_subject() -> None:
    found = judged(fragmented(), by=BY).findings
    ranks = [(-finding.severity, finding.code, finding.concept, finding.subject) for finding in found]
    assert ranks == sorted(ranks)


def test_each_fact_has_a_fingerprint_of_its_own() -> None:
    prints = [finding.fingerprint for finding in judged(fragmented(), fragmented("p2"), by=BY).findings]
    assert len(prints) == len(set(prints))


@given(seed=st.integers(), again=st.lists(st.integers(0, 200)))
def test_neither_order_nor_duplicates_of_records_matter(seed: int, again: list[int]) -> None:
    programs = [fragmented("p1"), fragmented("p2")]
    pairs = [(program.process, record) for program in programs for record in program.records]
    shuffled = [*pairs, *(pairs[number % len(pairs)] for number in again)]
    random.Random(seed).shuffle(shuffled)
    processes = recording_of(*programs).processes
    received = {program.process: len(program.records) for program in programs}
    expected = judge(Recording(pairs, processes), BY, today=TODAY)
    found = judge(Recording(shuffled, reversed(processes), received=received), BY, today=TODAY)
    assert found == expected


@given(kept=st.sets(st.integers(0, 40)))
def test_no_rule_stumbles_over_records_that_are_missing(kept: set[int]) -> None:
    program = fragmented()
    program.records = [record for number, record in enumerate(program.records) if number in kept]
    for by in (BY, Policy()):
        judged(program, by=by)


def test_waived_findings_do_not_count_as_findings_to_fail_on() -> None:
    judgement = judged(fragmented(), by=BY)
    assert any(finding.status == "waived" for finding in judgement.findings)
    assert all(finding.code != "SSOT104" for finding in judgement.at_least(Severity.NOTE))
    assert {finding.severity for finding in judgement.at_least(Severity.ERROR)} == {Severity.ERROR}


def test_inferred_concepts_never_lead_to_errors() -> None:
    program = Program()
    for module in ("chat.a", "chat.b"):
        program.cls(f"{module}:SocketManager")
        program.imports("chat/views.py:3", f"{module}:SocketManager")
        program.hands_out("chat/views.py:4", f"{module}:get", f"{module}:SocketManager")
        program.constructs("chat/views.py:5", f"{module}:SocketManager")
        program.gives("u-1", module, f"{module}:SocketManager")
        program.gives("u-2", module, f"{module}:SocketManager")
    found = judged(program, by=Policy()).findings
    assert {finding.code for finding in found} >= {"SSOT101", "SSOT103", "SSOT201", "SSOT203", "SSOT301"}
    assert all(finding.severity <= Severity.WARNING for finding in found)
    assert all("declare" in finding.message for finding in found if finding.code < "SSOT900")


def test_the_table_of_paths_tells_what_each_path_leads_to() -> None:
    program = Program()
    program.cls(MANAGER)
    program.bind("chat.ws.compat:WebSocketManager", MANAGER)
    program.bind("chat.ws:Manager", MANAGER)
    program.imports("chat/views.py:3", "chat.ws.compat:WebSocketManager", count=4)
    program.imports("chat/views.py:3", "chat.ws.compat:WebSocketManager", origin="sweep")
    rows = judged(program, by=policy(concept(canonical=MANAGER, legacy=("chat.ws.compat",)))).paths
    assert [tuple(row)[:6] for row in rows] == [
        ("chat.ws:Manager", MANAGER, "renamed", 0, False, False),
        ("chat.ws.compat:WebSocketManager", MANAGER, "alias", 4, True, False),
        (MANAGER, MANAGER, "definition", 0, False, True),
    ]


def test_the_registry_lists_rules_with_complete_explanations() -> None:
    for rule in RULES:
        assert all((rule.code, rule.name, rule.claim, rule.proof, rule.silent, rule.fix))
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
