from __future__ import annotations

import pytest
from unit.analysis.build import MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy
from ssot_probe.model.sharing import REFERENCES
from ssot_probe.observe.sharing.found import VERDICTS

ROWS = f"{MANAGER}._rows"


def sharing(*users: str, **values: object) -> Program:
    program = Program()
    program.cls(MANAGER)
    program.shares(*(users or ("u-1", "u-2")), **values)  # type: ignore[arg-type]
    return program


def test_data_of_two_users_in_one_object_is_a_finding_with_a_path_from_each() -> None:
    (finding,) = findings("SSOT303", sharing(holder="chat.ws.manager:ROWS"))
    assert (finding.subject, finding.severity, finding.users) == (ROWS, Severity.ERROR, 2)
    assert finding.message == (
        "2 users share one list: it holds data of all of them, so that each can come by the other's."
    )
    assert told(finding) == [
        f"chat/ws/manager.py:10 {ROWS}",
        f"chat/ws/manager.py:10 {ROWS}",
        "kept alive by chat.ws.manager:ROWS",
        "builtins:list, 3 objects with what is in it, data of 2 users",
    ]
    assert [line.user for line in finding.evidence] == ["u-1", "u-2", "", ""]


def test_every_verdict_is_a_finding_or_known_to_be_none() -> None:
    assert set(REFERENCES) < set(VERDICTS)
    for verdict in VERDICTS:
        assert bool(findings("SSOT303", sharing(verdict=verdict))) == (verdict in REFERENCES)


@pytest.mark.parametrize(
    ("verdict", "severity", "words"),
    [
        ("contaminated", Severity.ERROR, "data of 1 of them"),
        ("never-share", Severity.ERROR, "only one at a time"),
        ("handed-over", Severity.ERROR, "still holds the first one's data"),
        ("mutated", Severity.WARNING, "changed between two looks"),
        ("root", Severity.WARNING, "another user's instance leads to it"),
    ],
)
def test_each_verdict_has_its_severity_and_its_words(verdict: str, severity: Severity, words: str) -> None:
    (finding,) = findings("SSOT303", sharing(verdict=verdict, data_of=1))
    assert finding.severity is severity
    assert words in finding.message


def test_where_nobody_said_what_may_be_shared_it_is_a_note_unless_a_user_s_data_was_seen() -> None:
    name = "chat.a:SocketManager"
    for verdict, severity in [
        ("root", Severity.NOTE),
        ("mutated", Severity.NOTE),
        ("mixed", Severity.WARNING),
    ]:
        program = Program()
        program.cls(name)
        program.shares(
            "u-1", "u-2", verdict=verdict, path=f"{name}._rows", cls=name, concept="socket-manager"
        )
        (finding,) = findings("SSOT303", program, by=Policy())
        assert finding.severity is severity
        assert "declare [[concept]]" in finding.message


def test_a_concept_that_belongs_to_the_process_may_share() -> None:
    assert not findings("SSOT303", sharing(), by=policy(concept(isolation="process")))


def test_a_type_that_the_policy_lets_users_share_is_silent() -> None:
    program = sharing(type_name="chat.ws.limits:RateTable")
    assert findings("SSOT303", program)
    assert not findings("SSOT303", program, by=policy(concept(shared_ok=("chat.ws.limits:RateTable",))))


def test_a_class_that_the_policy_does_not_ask_for_is_silent() -> None:
    assert not findings("SSOT303", sharing(), by=policy(concept("store", classes=("*Store",))))


def test_the_fingerprint_is_free_of_users_positions_and_counts() -> None:
    (one,) = findings("SSOT303", sharing("u-1", "u-2", path=f"{ROWS}[a value]"))
    (other,) = findings("SSOT303", sharing("u-7", "u-8", "u-9", path=f"{ROWS}[a key]", user_count=70))
    assert one.fingerprint == other.fingerprint
    assert one.subject == ROWS


def test_objects_at_one_place_are_one_finding_told_by_the_worst() -> None:
    program = sharing(verdict="mutated")
    program.shares("u-1", "u-2", verdict="contaminated", data_of=1)
    program.shares("u-1", "u-2", verdict="unchanged")
    (finding,) = findings("SSOT303", program)
    assert "data of 1 of them" in finding.message
    assert finding.severity is Severity.ERROR


def test_many_users_are_counted_and_a_few_shown() -> None:
    program = sharing(*(f"u-{number}" for number in range(6)), user_count=9)
    (finding,) = findings("SSOT303", program)
    assert finding.users == 9
    assert "and 5 more users" in told(finding)


def test_what_a_module_holds_is_a_finding_of_its_own_with_the_users_whose_data_it_is() -> None:
    program = sharing("u-1", "u-2", path="", holder="chat.state:LAST", type_name="builtins:dict")
    (finding,) = findings("SSOT303", program)
    assert finding.subject == "chat.state:LAST"
    assert finding.message == (
        "A module keeps data of 2 users in one dict, where everybody's code can come by it."
    )
    assert told(finding)[0] == "data of this user is in it"
    assert (finding.users, finding.evidence[0].user) == (2, "u-1")


@pytest.mark.parametrize("holder", ["chat.state:ROWS", "chat.state:ROWS[a value]", "chat.state:ROWS.rows"])
def test_what_a_module_holds_is_told_once_where_instances_lead_there_too(holder: str) -> None:
    program = sharing(holder=holder)
    program.shares("u-1", "u-2", path="", holder="chat.state:ROWS")
    (finding,) = findings("SSOT303", program)
    assert finding.subject == ROWS


def test_what_is_part_of_what_a_module_holds_is_told_with_it() -> None:
    program = sharing("u-1", "u-2", path="", holder="chat.state:ROWS")
    program.shares("u-1", path="", holder="chat.state:ROWS.rows[an item]", data_of=1)
    (finding,) = findings("SSOT303", program)
    assert finding.subject == "chat.state:ROWS"


def test_another_name_that_only_begins_alike_is_told_too() -> None:
    program = sharing(holder="chat.state:ROWS_OF_ALL")
    program.shares("u-1", "u-2", path="", holder="chat.state:ROWS")
    assert len(findings("SSOT303", program)) == 2
