from __future__ import annotations

import io
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from unit.analysis.build import GET_MANAGER, MANAGER, Program, Source, concept, judged, policy

from ssot_probe.analysis.chosen_policy import ChosenPolicy
from ssot_probe.analysis.judge import Judgement
from ssot_probe.model.policy import Policy, Waiver
from ssot_probe.report import json_report, text
from ssot_probe.report.layout import actor
from ssot_probe.report.terminal import print_to_terminal
from ssot_probe.report.view import View, view_of

GOLDEN = Path(__file__).with_name("golden.txt")
NOW = datetime(2026, 1, 6, 12, 0, tzinfo=timezone.utc)
OLD = "chat.ws.old:WebSocketManager"
BY = policy(
    concept(canonical=MANAGER, factories=(GET_MANAGER,), legacy=("chat.ws.old",)),
    waivers=(Waiver("SSOT104", "*", "removed in Q1"),),
)


def chat() -> Program:
    program = Program()
    program.cls(MANAGER)
    program.cls(OLD, line=7)
    program.bind("chat.ws:WebSocketManager", MANAGER)
    program.imports("chat/views.py:3", "chat.ws:WebSocketManager", count=3)
    program.imports("chat/admin.py:12", OLD, inside="index")
    program.constructs("chat/ws/manager.py:41", chain=(GET_MANAGER,))
    program.hands_out("chat/views.py:12", count=3, unattributed=1)
    program.gives("u-3f9c", outcome="constructed", maker=MANAGER, place="chat/ws/manager.py:41")
    program.gives("u-77aa")
    program.gives("u-90b1", thread="worker-1", task="run-7")
    program.holds("module chat.ws.manager", "_manager")
    program.looks(users=3, users_seen=2, trigger="again", longest_slice=700_000)
    program.stop(dropped=("queue_full=2",))
    return program


def source() -> Source:
    declared = Source()
    declared.cls(MANAGER)
    declared.cls(OLD, line=7)
    declared.bind("chat.ws:WebSocketManager", MANAGER)
    declared.imports("chat/views.py:3", "chat.ws:WebSocketManager")
    declared.imports("chat/admin.py:12", OLD, inside="index")
    declared.imports("chat/jobs.py:2", OLD)
    declared.names("chat/settings.py:8", OLD)
    declared.cannot_read("chat/broken.py", "line 3: invalid syntax")
    return declared


def view(judgement: Judgement, by: Policy = BY) -> View:
    return view_of(judgement, ChosenPolicy(by, "ssot-probe.toml", "found from the current directory"), NOW)


def plain(*programs: Program, by: Policy = BY) -> str:
    return text.render(view(judged(*programs, by=by), by))


def test_the_plain_report_reads_like_the_golden_one() -> None:
    report = text.render(view(judged(chat(), by=BY, source=source()), BY))
    assert report == GOLDEN.read_text(encoding="utf-8")


def test_places_that_nobody_watched_are_not_counted_as_not_executed() -> None:
    program = chat()
    program.module("chat.jobs", preloaded=True)
    declared = source()
    declared.imports("chat/jobs.py:9", "chat.ws:WebSocketManager", "branch")
    report = text.render(view(judged(program, by=BY, source=declared), BY))
    assert (
        "chat.ws:WebSocketManager          alias                  3        1 place      0 places, 1 not"
        in report
    )


def test_without_a_scan_the_report_says_what_is_unknown_of_a_migration() -> None:
    assert "1 file executed; importers that did not run are unknown: ssot-probe scan finds them" in plain(
        chat()
    )


def test_the_plain_report_is_free_of_escapes_boxes_and_trailing_blanks() -> None:
    report = plain(chat())
    assert report.isascii()
    assert "\x1b" not in report
    assert all(line == line.rstrip() for line in report.splitlines())


def test_a_void_recording_is_the_first_thing_that_is_said() -> None:
    assert plain(Program()).startswith("NO EVIDENCE: no first-party module was seen at all")


def test_lost_records_and_late_modules_are_the_first_thing_that_is_said() -> None:
    program = chat()
    program.module("chat.ws.old", preloaded=True)
    first, second, *_ = plain(program).splitlines()
    assert first == "EVIDENCE INCOMPLETE: 2 records lost (queue_full 2); 1 module loaded unseen by the probe"
    assert second == "What this report does not show may have happened all the same."


def test_a_clean_recording_says_what_was_tried() -> None:
    program = Program()
    program.cls(MANAGER)
    program.stop()
    lines = plain(program, by=policy()).splitlines()
    assert lines[-1] == "No findings."
    assert (
        "concept     websocket-manager: 1 class, no construction seen, 0 users: "
        "too few users to show that they are kept apart"
    ) in lines


def test_no_findings_on_weak_evidence_is_not_called_clean() -> None:
    program = Program()
    program.cls(MANAGER)
    program.module("chat.ws.manager", preloaded=True)
    by = policy(waivers=(Waiver("SSOT901", "*", "known"),))
    report = plain(program, by=by)
    assert "WAIVED (1)" in report
    assert "waived: known" in report
    assert plain(Program(), by=policy()).splitlines()[-1] != "No findings."


def test_names_from_a_recording_cannot_act_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    evil = "chat.ws.manager:\x1b]0;owned\x07WebSocketManager\u202e[bold red]"
    program = Program()
    program.cls(evil)
    program.cls(MANAGER)
    for report in (plain(program), terminal(program)):
        assert "\\x1b]0;owned\\x07WebSocketManager\\u202e[bold red]" in report
        assert "\x07" not in report
        assert "\u202e" not in report


def terminal(program: Program) -> str:
    stream = io.StringIO()
    print_to_terminal(view(judged(program, by=BY)), stream)
    return stream.getvalue()


def test_a_terminal_shows_everything_that_the_plain_report_says() -> None:
    shown = "".join(terminal(chat()).split())
    for finding in view(judged(chat(), by=BY))["findings"]:
        assert finding["code"] in shown
        assert "".join(finding["message"].split()) in shown
        for line in finding["evidence"]:
            assert not line["file"] or f"{line['file']}:{line['line']}" in shown


def test_a_place_is_never_broken_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    places = [
        f"{line['file']}:{line['line']}"
        for finding in view(judged(chat(), by=BY))["findings"]
        for line in finding["evidence"]
        if line["file"]
    ]
    assert places
    assert all(place in terminal(chat()) for place in places)


def test_only_a_terminal_that_wants_it_gets_colour() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert text.wants_colour(Terminal(), {"TERM": "xterm"})
    assert not text.wants_colour(Terminal(), {"TERM": "xterm", "NO_COLOR": "1"})
    assert not text.wants_colour(Terminal(), {"TERM": "dumb"})
    assert not text.wants_colour(io.StringIO(), {"TERM": "xterm"})


def test_the_json_report_has_the_public_shape() -> None:
    report = json.loads(json_report.render(view(judged(chat(), by=BY))))
    assert report["schema"] == "ssot-probe/report/1"
    assert report["generated_at"] == "2026-01-06T12:00:00+00:00"
    evidence = report["evidence"]
    assert {
        "processes": 1,
        "dropped": 2,
        "blind": [],
        "complete": False,
        "void": None,
    }.items() <= evidence.items()
    assert (evidence["first_seen"], evidence["last_seen"]) == ("2026-01-05T08:00:01Z", "2026-01-05T08:00:18Z")
    finding = next(found for found in report["findings"] if found["code"] == "SSOT301")
    assert finding == {
        "code": "SSOT301",
        "rule": "cross-user-instance",
        "severity": "error",
        "concept": "websocket-manager",
        "subject": MANAGER,
        "message": "One instance served 3 users.",
        "count": 1,
        "users": 3,
        "fingerprint": finding["fingerprint"],
        "status": "new",
        "waiver": None,
        "evidence": finding["evidence"],
    }
    assert finding["evidence"][2] == {
        "what": f"handed out by {GET_MANAGER}",
        "file": "chat/views.py",
        "line": 12,
        "thread": "worker-1",
        "task": "run-7",
        "user": "u-90b1",
    }
    assert {
        "path": "chat.ws:WebSocketManager",
        "class": MANAGER,
        "kind": "alias",
        "imports": 3,
        "legacy": False,
        "canonical": False,
        "concept": "websocket-manager",
        "places": [{"file": "chat/views.py", "line": 3, "state": "executed", "count": 3}],
    } in report["paths"]
    waived = next(found for found in report["findings"] if found["code"] == "SSOT104")
    assert (waived["status"], waived["waiver"]) == ("waived", "removed in Q1")


@pytest.mark.parametrize(
    ("name", "says_same"),
    [
        ("MainThread", True),
        ("Thread-3 (serve)", True),
        ("AnyIO worker thread", False),
        ("named thread", False),
    ],
)
def test_only_a_name_that_one_thread_has_is_told_as_the_same_thread(name: str, says_same: bool) -> None:
    line = {"user": "", "thread": name, "task": ""}
    assert ("same thread" in actor(line, line)) == says_same


def test_threads_of_several_processes_are_never_the_same() -> None:
    programs = [Program("p1"), Program("p2")]
    for program in programs:
        program.cls(MANAGER)
        for user in ("u-1", "u-2"):
            program.gives(user, f"{program.process}-1")
        program.reaches("u-1", "u-2", instance=f"{program.process}-1")
        program.stop()
    assert "2 instances served several users each" in plain(*programs)
    assert "same thread" not in plain(*programs)
    assert "same thread" in plain(programs[0])


NO_USERS = "NO USER KNOWN: 2 calls recorded, none of them with a known user"


def without_users(*sources: str, isolation: str = "user") -> View:
    program = Program()
    program.cls(MANAGER)
    program.hands_out("chat/views.py:12", count=2, unattributed=2)
    for source in sources:
        program.asks(source, "silent", kind="framework")
    program.stop()
    by = policy(concept(isolation=isolation))
    return view(judged(program, by=by), by)


def test_a_report_without_a_single_user_says_so_first() -> None:
    told = without_users("Starlette")
    first, second, *_ = text.render(told).splitlines()
    assert first == NO_USERS
    assert second == "Nothing may be concluded from this report about what users share."
    assert told["evidence"]["users"] == {
        "calls": 2,
        "attributed": 0,
        "unknown": True,
        "sources": [{"source": "Starlette", "state": "silent"}],
    }


def test_where_nothing_could_say_who_the_user_is_or_nobody_needs_to_know_it_is_no_alarm() -> None:
    for told in (without_users(), without_users("Starlette", isolation="process")):
        assert "NO USER KNOWN" not in text.render(told)
    assert "NO USER KNOWN" not in plain(chat())
