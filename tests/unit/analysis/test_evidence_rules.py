from __future__ import annotations

from datetime import date

from unit.analysis.build import (
    GET_MANAGER,
    MANAGER,
    START,
    TODAY,
    Program,
    concept,
    findings,
    policy,
    recording_of,
    told,
)

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.recording import Loss
from ssot_probe.model.finding import Finding, Severity
from ssot_probe.model.policy import Policy, UserSource, Waiver
from ssot_probe.model.records import ModuleRecord


def managers() -> Program:
    program = Program()
    program.cls(MANAGER)
    program.hands_out("chat/views.py:9", GET_MANAGER)
    return program


# SSOT901


def test_a_watched_module_that_was_there_first_is_told() -> None:
    program = managers()
    program.module("chat.ws.manager", preloaded=True)
    (finding,) = findings("SSOT901", program)
    assert (finding.subject, finding.severity) == ("chat.ws.manager", Severity.WARNING)
    assert f"watched because it defines {MANAGER}" in finding.message


def test_late_modules_count_that_are_legacy_or_define_a_factory() -> None:
    program = managers()
    for module in ("chat.ws.old.sub", "chat.ws.factory", "chat.ws.compat"):
        program.module(module, preloaded=True)
    declared = concept(
        factories=("chat.ws.factory:create",), legacy=("chat.ws.old", "chat.ws.compat:create_manager")
    )
    subjects = [finding.subject for finding in findings("SSOT901", program, by=policy(declared))]
    assert subjects == ["chat.ws.compat", "chat.ws.factory", "chat.ws.old.sub"]


def test_other_late_modules_are_silent_where_concepts_are_declared() -> None:
    program = managers()
    program.module("chat.settings", preloaded=True)
    assert not findings("SSOT901", program)


def test_without_declared_concepts_late_modules_are_told_per_package() -> None:
    program = managers()
    program.module("chat.settings", preloaded=True)
    program.module("chat.ws", preloaded=True)
    (finding,) = findings("SSOT901", program, by=Policy())
    assert finding.subject == "chat"
    assert finding.message.startswith("2 modules loaded unseen by the probe in 1 process")


# SSOT902


def test_lost_records_are_told_by_reason() -> None:
    program = managers()
    program.stop(dropped=("queue_full=3",))
    losses = [Loss("torn_line", 1, "p1.jsonl:9")]
    judgement = judge(recording_of(program, losses=losses), policy(), today=TODAY)
    found = [finding for finding in judgement.findings if finding.code == "SSOT902"]
    assert [(finding.subject, finding.count) for finding in found] == [("queue_full", 3), ("torn_line", 1)]
    assert told(found[0]) == ["3 records, chat (pid 11)"]


def test_a_recording_that_lost_nothing_is_silent() -> None:
    program = managers()
    program.stop(dropped=("queue_full=0",))
    assert not findings("SSOT902", program)


# SSOT903


def test_a_blind_spot_is_told_once_with_its_reasons() -> None:
    programs = [managers(), Program("p2")]
    for program in programs:
        program.is_blind_to(MANAGER, "constructed by C code")
    (finding,) = findings("SSOT903", *programs)
    assert (finding.subject, finding.severity, finding.count) == (MANAGER, Severity.NOTE, 2)
    assert finding.concept == "websocket-manager"
    assert told(finding) == ["constructed by C code, in 2 processes, since 2026-01-05 08:00:02Z"]


# SSOT904


def test_calls_without_a_user_are_told_with_their_share_and_makers() -> None:
    program = managers()
    program.hands_out("chat/jobs.py:3", GET_MANAGER, count=3, unattributed=2)
    (finding,) = findings("SSOT904", program)
    assert (finding.subject, finding.severity, finding.count) == (MANAGER, Severity.NOTE, 2)
    assert "2 of 4 calls (50 %) had no known user" in finding.message
    assert told(finding) == [f"chat/ws/manager.py:40 2 of 4 calls of {GET_MANAGER} had no user"]


def test_calls_that_all_have_a_user_are_silent() -> None:
    assert not findings("SSOT904", managers())


VARIABLE = "contextvar = 'chat.auth:current_user'"
NAMED = policy()._replace(user=(UserSource("contextvar", "chat.auth:current_user"),))


def unattributed(*processes: Program) -> list[Finding]:
    return findings("SSOT904", *processes, by=NAMED)


def nobody_known(*states: str) -> Program:
    """A program all of whose calls had no user."""
    program = Program()
    program.module("chat.auth")
    program.cls(MANAGER)
    program.hands_out("chat/jobs.py:3", GET_MANAGER, count=3, unattributed=3)
    for state in states:
        program.asks(VARIABLE, state)
    return program


def test_the_sources_that_were_asked_are_named_with_what_became_of_them() -> None:
    program = managers()
    program.hands_out("chat/jobs.py:3", GET_MANAGER, count=3, unattributed=2)
    program.asks(VARIABLE, "silent")
    program.asks("baggage = 'user.id'", "silent")
    program.asks(VARIABLE, "answered")
    (finding,) = unattributed(program)
    assert finding.severity == Severity.NOTE
    assert finding.message == (
        "2 of 4 calls (50 %) had no known user: baggage = 'user.id' never answered and "
        "contextvar = 'chat.auth:current_user' answered for others."
    )


def test_a_source_has_answered_when_it_has_in_any_process() -> None:
    answered, silent = managers(), Program("p2")
    answered.asks(VARIABLE, "answered")
    silent.asks(VARIABLE, "silent")
    silent.cls(MANAGER)
    silent.hands_out("chat/jobs.py:3", GET_MANAGER, unattributed=1)
    for processes in ((answered, silent), (silent, answered)):
        (finding,) = unattributed(*processes)
        assert "answered for others" in finding.message


def test_named_sources_that_never_answer_for_any_call_are_a_warning() -> None:
    (finding,) = unattributed(nobody_known("silent"))
    assert finding.severity == Severity.WARNING
    assert finding.message.startswith("3 of 3 calls (100 %) had no known user: contextvar = ")
    assert "never answered" in finding.message


def test_without_named_sources_it_stays_a_note() -> None:
    program = nobody_known()
    program.asks("Starlette", "silent", kind="framework")
    program.asks("arguments", "silent", kind="arguments")
    (finding,) = findings("SSOT904", program)
    assert finding.severity == Severity.NOTE
    assert finding.message == (
        "3 of 3 calls (100 %) had no known user: Starlette never answered and arguments by their names "
        "never answered; a `user` source in the policy would attribute them."
    )


def test_one_attributed_call_or_use_in_any_process_makes_it_a_note() -> None:
    known, used = managers(), nobody_known("silent")
    used.gives("u-1", maker=f"{MANAGER}.send", outcome="used")
    for processes in ((nobody_known("silent"), known), (used,)):
        assert {finding.severity for finding in unattributed(*processes)} == {Severity.NOTE}


def test_a_source_whose_name_is_not_in_its_module_is_told_as_unmatched() -> None:
    (finding,) = findings("SSOT906", nobody_known("silent", "missing"), by=NAMED)
    assert (finding.subject, finding.severity) == ("chat.auth:current_user", Severity.WARNING)
    (finding,) = unattributed(nobody_known("silent", "missing"))
    assert "is not in its module" in finding.message
    assert not findings("SSOT906", nobody_known("silent"), by=NAMED)


def test_a_concept_of_the_process_needs_no_users() -> None:
    program = managers()
    program.hands_out("chat/jobs.py:3", GET_MANAGER, unattributed=1)
    assert not findings("SSOT904", program, by=policy(concept(isolation="process")))


# SSOT905


def waiver(code: str = "SSOT101", subject: str = "chat.*", expires: date | None = None) -> Waiver:
    return Waiver(code, subject, "removed in Q1", expires)


def duplicated() -> Program:
    program = managers()
    program.cls("chat.ws.old:WebSocketManager")
    return program


def test_a_waived_finding_keeps_its_reason_and_its_waiver_is_used() -> None:
    by = policy(waivers=(waiver(), waiver("SSOT103")))
    (finding,) = findings("SSOT101", duplicated(), by=by)
    assert (finding.status, finding.waiver) == ("waived", "removed in Q1")
    assert not findings("SSOT905", duplicated(), by=by)


def test_a_waiver_for_another_code_or_subject_waives_nothing_and_is_told() -> None:
    by = policy(waivers=(waiver("SSOT104"), waiver(subject="other:*")))
    (finding,) = findings("SSOT101", duplicated(), by=by)
    assert finding.status == "new"
    assert [finding.subject for finding in findings("SSOT905", duplicated(), by=by)] == ["chat.*", "other:*"]


def test_a_waiver_holds_through_its_last_day() -> None:
    by = policy(waivers=(waiver(expires=TODAY),))
    (finding,) = findings("SSOT101", duplicated(), by=by)
    assert finding.status == "waived"


def test_an_expired_waiver_waives_nothing_and_is_told() -> None:
    by = policy(waivers=(waiver(expires=date(2026, 1, 5)),))
    (finding,) = findings("SSOT101", duplicated(), by=by)
    assert finding.status == "new"
    (expired,) = findings("SSOT905", duplicated(), by=by)
    assert expired.severity is Severity.WARNING
    assert expired.message == "The waiver of SSOT101: expired on 2026-01-05, and 1 finding would need it."


def test_findings_about_evidence_may_be_waived() -> None:
    program = managers()
    program.is_blind_to(MANAGER, "constructed by C code")
    (finding,) = findings("SSOT903", program, by=policy(waivers=(waiver("SSOT903", MANAGER),)))
    assert finding.status == "waived"


def test_a_void_recording_does_not_make_waivers_unused() -> None:
    assert not findings("SSOT905", Program(), by=policy(waivers=(waiver(),)))


# SSOT906


def unmatched(program: Program, by: Policy) -> dict[str, str]:
    return {finding.subject: finding.message for finding in findings("SSOT906", program, by=by)}


def test_everything_that_matched_is_silent() -> None:
    declared = concept(canonical=MANAGER, factories=(GET_MANAGER,), shared_ok=(MANAGER,))
    assert not unmatched(managers(), policy(declared, packages=("chat", "chat.ws")))


def test_names_that_matched_nothing_are_told_with_the_nearest() -> None:
    declared = concept(
        classes=("*WebSocketManger*", "*WebSocketManager"),
        canonical="chat.ws.manger:WebSocketManager",
        factories=("chat.ws.manager:get_manger",),
        shared_ok=("chat.ws.manager:WebSocketManagr",),
    )
    found = unmatched(managers(), policy(declared, packages=("chta", "chat")))
    assert {name: message.rpartition("nearest seen: ")[2] for name, message in found.items()} == {
        "chta": "chat.",
        "*WebSocketManger*": "WebSocketManager.",
        "chat.ws.manger:WebSocketManager": f"{MANAGER}.",
        "chat.ws.manager:get_manger": f"{GET_MANAGER}.",
        "chat.ws.manager:WebSocketManagr": f"{MANAGER}.",
    }


def test_a_canonical_path_that_a_module_answers_for_without_binding_it_was_seen() -> None:
    program = managers()
    program.imports("chat/views.py:3", "chat:WebSocketManager")
    program.bind("chat.views:WebSocketManager", MANAGER)
    assert not unmatched(program, policy(concept(canonical="chat:WebSocketManager")))


def test_a_canonical_path_that_was_imported_was_seen_though_nobody_knows_what_it_led_to() -> None:
    program = managers()
    program.imports("chat/views.py:3", "chat:WebSocketManager", inside="index")
    assert not unmatched(program, policy(concept(canonical="chat:WebSocketManager")))


def test_a_package_that_ran_as_a_script_was_seen() -> None:
    program = managers()
    program.add(ModuleRecord("__main__", "tools/orders.py", "", False, START))
    assert list(unmatched(program, policy(packages=("orders", "invoices")))) == ["invoices"]


def test_one_name_in_two_keys_is_one_finding() -> None:
    declared = concept(classes=("chat.x:Y",), canonical="chat.x:Y")
    found = unmatched(managers(), policy(concept("other"), declared))
    assert found["chat.x:Y"].startswith("The policy says chat.x:Y in `classes` and `canonical`")


def test_a_method_of_a_class_that_was_seen_may_be_a_factory() -> None:
    assert not unmatched(managers(), policy(concept(factories=(f"{MANAGER}.instance",))))


def test_user_sources_whose_module_never_loaded_are_told() -> None:
    sources = (
        UserSource("contextvar", "chat.ws.manager:current_user"),
        UserSource("call", "chat.atuh:user_id"),
        UserSource("argument", "user.id"),
        UserSource("contextvar", "flask_login:current_user"),
    )
    assert list(unmatched(managers(), policy()._replace(user=sources))) == ["chat.atuh:user_id"]


def test_types_of_other_peoples_packages_get_the_benefit_of_the_doubt() -> None:
    assert not unmatched(managers(), policy(concept(shared_ok=("threading:Lock",))))


def test_types_of_no_concept_get_the_benefit_of_the_doubt_where_their_module_was_loaded() -> None:
    types = ("chat.ws.manager:Room", "chat.ws.rooms:Room", "chat.ws.manager:WebSocketManagr")
    assert list(unmatched(managers(), policy(concept(shared_ok=types)))) == [types[2], types[1]]


def test_a_legacy_path_that_was_never_loaded_is_the_aim() -> None:
    assert not unmatched(managers(), policy(concept(legacy=("chat.ws.old", "chat.ws.compat:create", "old"))))


def test_a_legacy_path_whose_package_was_never_loaded_is_a_note() -> None:
    (finding,) = findings("SSOT906", managers(), by=policy(concept(legacy=("chat.wss.old",))))
    assert (finding.subject, finding.severity) == ("chat.wss.old", Severity.NOTE)


def test_inferred_concepts_have_nothing_to_mistype() -> None:
    assert not unmatched(managers(), Policy())
