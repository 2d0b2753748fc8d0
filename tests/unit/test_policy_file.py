"""The policy file: where it is found, what it means, and what its mistakes are called."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ssot_probe.errors import PolicyError
from ssot_probe.model.policy import (
    ISOLATIONS,
    USER_SOURCES,
    Boundary,
    Concept,
    Dead,
    Events,
    Policy,
    Pool,
    UserSource,
    Waiver,
)
from ssot_probe.policy_file import find_policy_file, read_policy
from ssot_probe.policy_json import policy_from_json, policy_to_json
from ssot_probe.policy_schema import parse_policy

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXAMPLE = """\
packages = ["chat"]                 # first-party packages; default: those found in the project
user = [                            # who is the current user; first that answers wins
  { contextvar = "chat.auth:current_user" },     # a ContextVar; value or its .user_id/.id
  { call = "chat.auth:get_current_user_id" },    # a callable without arguments
  { argument = "user_context.user_id" },         # a parameter of the observed factory or constructor, then attributes or keys
  { instance = "owner.user_id" },                # an attribute path of the new instance
  { baggage = "user.id" },                       # OpenTelemetry baggage
]                                   # default: bound by ssot_probe.bind_user(), the frameworks' own user, arguments named
                                    # user, user_id, user_context, context, ctx

[[concept]]
name = "websocket-manager"
classes = ["*WebSocketManager*"]                 # glob on the class name, or on "module:QualName" where a ":" is given
canonical = "chat.ws.manager:WebSocketManager"   # optional: the one class and path
factories = ["chat.ws.manager:get_manager"]      # optional: the allowed makers; others are found by what they return
legacy = ["chat.ws.old_manager", "chat.ws.compat:create_manager"]  # modules, or names in modules
isolation = "user"                               # process | user | user+thread | request; default user
max_classes = 1                                  # default 1
max_paths = 1                                    # default 1
shared_ok = ["chat.ws.limits:RateTable"]         # types that users may share

[concept.events]                                 # belongs to the concept above it
methods = ["emit_agent_event"]
type = "event_type"                              # parameter with the event's type
user = "user_id"                                 # parameter with the addressee
run = "run_id"                                   # parameter that ties a sequence together
payload = "data"                                 # parameter with the structure to compare
order = "agent_started agent_thinking* (tool_executing tool_completed)* agent_completed"

[boundary]
label = "chat.auth:compliance_of"                # callable: user id -> label
apart = [["hipaa", "sec"], ["hipaa", "free"]]    # labels that may not meet in one object

[dead]
environments = ["staging"]                       # whose evidence counts
roles = ["web", "worker"]                        # must all have reported (role: `ssot.role` resource attribute)
min_days = 7
entry_points = []                                # callables that must have run for silence to mean something

[[waiver]]
code = "SSOT104"
subject = "chat.ws.compat:*"
reason = "removed in Q1"                         # required
expires = 2027-01-31                             # optional; an expired or unmatched waiver is itself reported
"""  # noqa: E501

EXAMPLE_POLICY = Policy(
    packages=("chat",),
    user=(
        UserSource("contextvar", "chat.auth:current_user"),
        UserSource("call", "chat.auth:get_current_user_id"),
        UserSource("argument", "user_context.user_id"),
        UserSource("instance", "owner.user_id"),
        UserSource("baggage", "user.id"),
    ),
    concepts=(
        Concept(
            name="websocket-manager",
            classes=("*WebSocketManager*",),
            canonical="chat.ws.manager:WebSocketManager",
            factories=("chat.ws.manager:get_manager",),
            legacy=("chat.ws.old_manager", "chat.ws.compat:create_manager"),
            isolation="user",
            max_classes=1,
            max_paths=1,
            shared_ok=("chat.ws.limits:RateTable",),
            events=Events(
                methods=("emit_agent_event",),
                type="event_type",
                user="user_id",
                run="run_id",
                payload="data",
                order="agent_started agent_thinking* (tool_executing tool_completed)* agent_completed",
            ),
            declared=True,
        ),
    ),
    boundary=Boundary(label="chat.auth:compliance_of", apart=(("hipaa", "sec"), ("hipaa", "free"))),
    dead=Dead(environments=("staging",), roles=("web", "worker"), min_days=7, entry_points=()),
    waivers=(Waiver("SSOT104", "chat.ws.compat:*", "removed in Q1", date(2027, 1, 31)),),
    source="ssot-probe.toml",
)


def parse(toml: str) -> Policy:
    return parse_policy(tomllib.loads(toml), "ssot-probe.toml")


def mistakes(toml: str) -> str:
    with pytest.raises(PolicyError) as caught:
        parse(toml)
    return str(caught.value)


def write(path: Path, content: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return str(path)


# What a policy means


def test_the_documented_example_means_what_the_documentation_says() -> None:
    assert parse(EXAMPLE) == EXAMPLE_POLICY


def test_an_empty_file_is_the_empty_policy() -> None:
    assert parse("") == Policy(source="ssot-probe.toml")


def test_a_concept_needs_no_more_than_a_name_and_classes() -> None:
    policy = parse('[[concept]]\nname = "pool"\nclasses = ["*Pool"]')
    assert policy.concepts == (Concept("pool", ("*Pool",)),)


def test_the_canonical_class_stands_for_the_classes_where_none_are_given() -> None:
    policy = parse('[[concept]]\nname = "pool"\ncanonical = "chat.pool:Pool"')
    assert policy.concepts == (Concept("pool", ("chat.pool:Pool",), canonical="chat.pool:Pool"),)


def test_events_belong_to_the_concept_above_them() -> None:
    policy = parse(
        '[[concept]]\nname = "a"\nclasses = ["A"]\n[concept.events]\nmethods = ["emit"]\n'
        '[[concept]]\nname = "b"\nclasses = ["B"]\n'
    )
    assert [concept.events for concept in policy.concepts] == [Events(methods=("emit",)), None]


def test_a_waiver_without_a_date_never_expires() -> None:
    policy = parse('[[waiver]]\ncode = "SSOT104"\nsubject = "*"\nreason = "known"')
    assert policy.waivers == (Waiver("SSOT104", "*", "known", None),)


def test_a_class_defined_in_a_function_may_be_shared() -> None:
    policy = parse('[[concept]]\nname = "a"\nclasses = ["A"]\nshared_ok = ["chat.x:make.<locals>.Table"]')
    assert policy.concepts[0].shared_ok == ("chat.x:make.<locals>.Table",)


# What is wrong with a policy

CONCEPT = '[[concept]]\nname = "pool"\nclasses = ["*Pool"]\n'
WAIVER = '[[waiver]]\ncode = "SSOT104"\nsubject = "*"\nreason = "known"\n'

MISTAKES = [
    # unknown keys
    ('pakages = ["chat"]', 'pakages: unknown key, did you mean "packages"?'),
    (CONCEPT + 'isolaton = "user"', 'concept[0].isolaton: unknown key, did you mean "isolation"?'),
    (CONCEPT + "max-paths = 2", 'concept[0].max-paths: unknown key, did you mean "max_paths"?'),
    ("Dead = {}", 'Dead: unknown key, did you mean "dead"?'),
    (CONCEPT + 'events.metods = ["emit"]', 'concept[0].events.metods: unknown key, did you mean "methods"?'),
    (WAIVER + "until = 2027-01-31", "waiver[0].until: unknown key, known are code, subject, reason, expires"),
    ('"two\\nlines" = 1', 'ssot-probe.toml: "two\\nlines": unknown key, known are packages, user'),
    # wrong types
    ('packages = "chat"', 'packages: found "chat", expected a list of strings: write ["chat"]'),
    ("packages = 3", "packages: found 3, expected a list of strings"),
    ('packages = ["chat", 3]', "packages[1]: found 3, expected a module name"),
    ('user = { baggage = "user.id" }', "user: found a table, expected a list of tables: write [[user]]"),
    ('user = ["user.id"]', 'user[0]: found "user.id", expected a table'),
    ('[concept]\nname = "pool"', "concept: found a table, expected a list of tables: write [[concept]]"),
    ("boundary = []", "boundary: found an empty list, expected a table"),
    ("dead = true", "dead: found true, expected a table"),
    (CONCEPT + "events = []", "concept[0].events: found an empty list, expected a table"),
    (
        CONCEPT + 'events.methods = "emit"',
        'concept[0].events.methods: found "emit", expected a list of strings',
    ),
    (CONCEPT + "events.user = 1.5", "concept[0].events.user: found 1.5, expected a string that is not empty"),
    # packages
    (
        'packages = ["chat-service"]',
        'packages[0]: found "chat-service", expected a module name such as "chat.ws", '
        'did you mean "chat_service"?',
    ),
    ('packages = ["src/chat"]', 'did you mean "src.chat"?'),
    ('packages = ["chat.*"]', 'packages[0]: found "chat.*", expected a module name'),
    ('packages = [""]', 'packages[0]: found "", expected a module name'),
    ('packages = ["chat..ws"]', 'packages[0]: found "chat..ws", expected a module name'),
    # users
    (
        "user = [{}]",
        "user[0]: found an empty table, expected exactly one of contextvar, call, argument,",
    ),
    ('user = [{ call = "a:b", baggage = "c" }]', "user[0]: found call, baggage, expected exactly one of"),
    ('user = [{ contexvar = "a:b" }]', 'user[0].contexvar: unknown key, did you mean "contextvar"?'),
    (
        'user = [{ call = "chat.auth.get_user" }]',
        'user[0].call: found "chat.auth.get_user", expected a qualified name such as '
        '"chat.ws.manager:WebSocketManager", did you mean "chat.auth:get_user"?',
    ),
    (
        'user = [{ contextvar = "chat.auth:" }]',
        'user[0].contextvar: found "chat.auth:", expected a qualified',
    ),
    (
        'user = [{ argument = ".user_id" }]',
        'user[0].argument: found ".user_id", expected names joined by dots',
    ),
    ('user = [{ instance = "owner..id" }]', 'user[0].instance: found "owner..id", expected names joined'),
    ('user = [{ baggage = "" }]', 'user[0].baggage: found "", expected a string that is not empty'),
    # concepts
    ('[[concept]]\nclasses = ["A"]', "concept[0].name: missing, but required"),
    ('[[concept]]\nname = " "\nclasses = ["A"]', 'concept[0].name: found " ", expected a string that is not'),
    (
        CONCEPT + CONCEPT,
        'concept[1].name: found "pool" again, expected another name than that of concept[0].name',
    ),
    (
        '[[concept]]\nname = "pool"',
        'concept[0].classes: missing, expected a list of strings such as ["*Manager"]',
    ),
    (
        '[[concept]]\nname = "pool"\nclasses = []',
        "concept[0].classes: found an empty list, expected a list of",
    ),
    ('[[concept]]\nname = "pool"\nclasses = [""]', 'concept[0].classes[0]: found "", expected a string that'),
    ('[[concept]]\nname = "pool"\nclasses = "*Pool"', 'expected a list of strings: write ["*Pool"]'),
    (
        CONCEPT + 'canonical = "chat.ws.Manager.Inner"',
        'concept[0].canonical: found "chat.ws.Manager.Inner", expected a qualified name such as '
        '"chat.ws.manager:WebSocketManager", did you mean "chat.ws:Manager.Inner"?',
    ),
    (CONCEPT + 'canonical = "chat/ws.py:Manager"', 'did you mean "chat.ws:Manager"?'),
    (CONCEPT + 'canonical = "chat.ws:Man ager"', 'concept[0].canonical: found "chat.ws:Man ager", expected'),
    (
        CONCEPT + 'factories = ["get_manager"]',
        'concept[0].factories[0]: found "get_manager", expected a qualif',
    ),
    (
        CONCEPT + 'shared_ok = ["*Table"]',
        'concept[0].shared_ok[0]: found "*Table", expected a qualified name',
    ),
    (CONCEPT + 'legacy = ["chat.ws.*"]', 'concept[0].legacy[0]: found "chat.ws.*", expected a module name'),
    (
        CONCEPT + 'isolation = "users"',
        'concept[0].isolation: found "users", expected one of "process", "user", "user+thread", "request", '
        'did you mean "user"?',
    ),
    (CONCEPT + 'isolation = "Request"', 'did you mean "request"?'),
    (CONCEPT + 'isolation = ["user"]', "concept[0].isolation: found a list, expected one of"),
    (CONCEPT + "max_classes = 0", "concept[0].max_classes: found 0, expected a whole number, 1 or more"),
    (CONCEPT + "max_paths = true", "concept[0].max_paths: found true, expected a whole number, 1 or more"),
    (CONCEPT + "max_paths = 1.0", "concept[0].max_paths: found 1.0, expected a whole number"),
    (CONCEPT + "max_paths = 0x" + "f" * 5000, "concept[0].max_paths: found a huge number, expected a whole"),
    (CONCEPT + 'max_paths = "2"', 'concept[0].max_paths: found "2", expected a whole number'),
    # boundary
    ("[boundary]", "boundary.label: missing, but required"),
    ('boundary.label = "compliance_of"', 'boundary.label: found "compliance_of", expected a qualified name'),
    (
        'boundary = { label = "a:b", apart = ["hipaa", "sec"] }',
        'boundary.apart[0]: found "hipaa", expected a pair of strings such as ["hipaa", "free"]',
    ),
    ('boundary = { label = "a:b", apart = [["x"]] }', "boundary.apart[0]: found a list, expected a pair"),
    ('boundary = { label = "a:b", apart = [["x", 1]] }', "boundary.apart[0][1]: found 1, expected a string"),
    ('boundary = { label = "a:b", apart = "x" }', 'boundary.apart: found "x", expected a list of pairs'),
    # dead
    ("dead.min_days = -1", "dead.min_days: found -1, expected a whole number, 0 or more"),
    (CONCEPT + "isolation = 0x" + "f" * 5000, "concept[0].isolation: found a huge number, expected one of"),
    ('dead.entry_points = ["main"]', 'dead.entry_points[0]: found "main", expected a qualified name'),
    ('dead.roles = "web"', 'dead.roles: found "web", expected a list of strings: write ["web"]'),
    ('dead.environments = [""]', 'dead.environments[0]: found "", expected a string that is not empty'),
    # waivers
    ("[[waiver]]", "waiver[0].code: missing, but required"),
    ("[[waiver]]", "waiver[0].subject: missing, but required"),
    ("[[waiver]]", "waiver[0].reason: missing, but required"),
    (WAIVER.replace("SSOT104", "ssot104"), 'waiver[0].code: found "ssot104", expected the code of a finding'),
    (WAIVER.replace("SSOT104", "ssot104"), 'did you mean "SSOT104"?'),
    (WAIVER.replace("SSOT104", "SSOT1O4"), 'waiver[0].code: found "SSOT1O4", expected the code'),
    (WAIVER.replace("SSOT104", "SSOT1041"), 'waiver[0].code: found "SSOT1041", expected the code'),
    (WAIVER.replace("SSOT104", "SSOT10\u0664"), "waiver[0].code: found"),
    (WAIVER.replace("known", ""), 'waiver[0].reason: found "", expected a string that is not empty'),
    (WAIVER.replace("*", ""), 'waiver[0].subject: found "", expected a string that is not empty'),
    (
        WAIVER + 'expires = "2026-12-24"',
        'waiver[0].expires: found "2026-12-24", expected a date, written without quotes and without a time: '
        "2026-12-24",
    ),
    (WAIVER + "expires = 2026-12-24T18:00:00Z", "found 2026-12-24T18:00:00+00:00, expected a date"),
    (WAIVER + "expires = 2026-12-24T18:00:00", "without quotes and without a time: 2026-12-24"),
    (WAIVER + 'expires = "in spring"', 'found "in spring", expected a date, written without quotes'),
    (WAIVER + "expires = 2027", "waiver[0].expires: found 2027, expected a date"),
    (WAIVER + "expires = 10:00:00", "waiver[0].expires: found 10:00:00, expected a date"),
]


@pytest.mark.parametrize(("toml", "fragment"), MISTAKES)
def test_a_mistake_is_named_with_its_place_and_with_what_was_expected(toml: str, fragment: str) -> None:
    message = mistakes(toml)
    assert fragment in message
    assert all(line.startswith("ssot-probe.toml: ") for line in message.splitlines())


def test_a_single_mistake_makes_a_single_line() -> None:
    assert mistakes(CONCEPT + 'isolaton = "user"') == (
        'ssot-probe.toml: concept[0].isolaton: unknown key, did you mean "isolation"? [policy]'
    )


def test_all_mistakes_of_a_file_are_reported_at_once() -> None:
    message = mistakes(
        'packages = "chat"\n'
        "user = [{}]\n"
        '[[concept]]\nname = "a"\nclasses = []\nisolaton = "user"\n'
        '[[concept]]\nname = "a"\nmax_paths = 0\n'
        "[[waiver]]\nexpires = true\n"
    )
    assert [line.split(": ")[1] for line in message.splitlines()] == [
        "packages",
        "user[0]",
        "concept[0].classes",
        "concept[0].isolaton",
        "concept[1].classes",
        "concept[1].max_paths",
        "concept[1].name",
        "waiver[0].expires",
        "waiver[0].code",
        "waiver[0].subject",
        "waiver[0].reason",
    ]


def test_no_more_than_twenty_mistakes_are_listed() -> None:
    lines = mistakes(f"packages = {list(range(23))}").splitlines()
    assert len(lines) == 21
    assert lines[19].startswith("ssot-probe.toml: packages[19]: ")
    assert lines[20] == "and 3 more [policy]"


def test_exactly_twenty_mistakes_are_all_listed() -> None:
    assert "more" not in mistakes(f"packages = {list(range(20))}").splitlines()[-1]


def test_long_values_are_shortened() -> None:
    message = mistakes(f'[[waiver]]\ncode = "{"x" * 5000}"\nsubject = "*"\nreason = "r"')
    assert len(message) < 200


def test_a_policy_from_nowhere_is_called_policy_in_its_errors() -> None:
    with pytest.raises(PolicyError, match=r"^policy: pakages: unknown key"):
        parse_policy({"pakages": []}, "")


# Reading files


def test_a_file_of_any_name_is_read_from_its_top(tmp_path: Path) -> None:
    path = write(tmp_path / "chat.toml", EXAMPLE)
    assert read_policy(path) == EXAMPLE_POLICY._replace(source=path)


def test_a_pyproject_is_read_from_its_table(tmp_path: Path) -> None:
    path = write(
        tmp_path / "pyproject.toml", '[project]\nname = "chat"\n[tool.ssot_probe]\npackages = ["chat"]'
    )
    assert read_policy(path) == Policy(packages=("chat",), source=path)


def test_mistakes_in_a_pyproject_are_named_by_their_full_path(tmp_path: Path) -> None:
    path = write(tmp_path / "pyproject.toml", "[[tool.ssot_probe.concept]]\nname = 1\nclasses = ['A']")
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert f"{path}: tool.ssot_probe.concept[0].name: found 1" in str(caught.value)


@pytest.mark.parametrize("toml", ["", "tool = 3", "[tool.other]", "[tool]"])
def test_a_pyproject_that_was_named_must_hold_a_policy(tmp_path: Path, toml: str) -> None:
    path = write(tmp_path / "pyproject.toml", toml)
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert str(caught.value) == f"{path}: found no [tool.ssot_probe], expected the policy there [policy]"


def test_the_table_of_a_pyproject_must_be_a_table(tmp_path: Path) -> None:
    path = write(tmp_path / "pyproject.toml", "tool.ssot_probe = 3")
    with pytest.raises(PolicyError, match=r"tool\.ssot_probe: found 3, expected a table"):
        read_policy(path)


def test_a_policy_below_the_top_of_its_own_file_is_explained(tmp_path: Path) -> None:
    path = write(tmp_path / "ssot-probe.toml", '[tool.ssot_probe]\npackages = ["chat"]')
    with pytest.raises(
        PolicyError, match=r"tool\.ssot_probe: found a policy below the top, expected the same"
    ):
        read_policy(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"nowhere\.toml: cannot be read: No such file"):
        read_policy(str(tmp_path / "nowhere.toml"))


def test_a_directory_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read: Is a directory"):
        read_policy(str(tmp_path))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "ssot-probe.toml", "")
    os.chmod(path, 0)
    with pytest.raises(PolicyError, match="cannot be read: Permission denied"):
        read_policy(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_pyproject_does_not_stop_the_search(tmp_path: Path) -> None:
    far = write(tmp_path / "ssot-probe.toml", "")
    os.chmod(write(tmp_path / "service" / "pyproject.toml", "[tool.ssot_probe]"), 0)
    assert find_policy_file(str(tmp_path / "service")) == far


def test_an_interpreter_without_a_toml_decoder_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, tomllib.__name__, None)
    with pytest.raises(PolicyError, match="TOML is read with the package tomli; install it"):
        read_policy(write(tmp_path / "ssot-probe.toml", ""))


def test_a_syntax_error_is_named_with_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path / "ssot-probe.toml", 'packages = ["chat"]\nuser = = 1\n')
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert str(caught.value).startswith(f"{path}: not valid TOML: ")
    assert "(at line 2, column 8)" in str(caught.value)


def test_bytes_that_are_no_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "ssot-probe.toml"
    path.write_bytes(b'packages = ["chat"]\n# caf\xe9\n')
    with pytest.raises(PolicyError, match="found byte 0xe9 on line 2, expected text in UTF-8"):
        read_policy(str(path))


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "ssot-probe.toml"
    path.write_bytes(b'\xef\xbb\xbfpackages = ["chat"]\r\n')
    assert read_policy(str(path)).packages == ("chat",)


@pytest.mark.parametrize("toml", ["a = " + "[" * 100_000, "a = " + "9" * 5_000])
def test_toml_that_breaks_the_decoder_is_an_error_too(tmp_path: Path, toml: str) -> None:
    with pytest.raises(PolicyError):
        read_policy(write(tmp_path / "ssot-probe.toml", toml))


# Finding files


def test_the_nearest_policy_is_found(tmp_path: Path) -> None:
    below = tmp_path / "service" / "chat"
    below.mkdir(parents=True)
    far = write(tmp_path / "ssot-probe.toml", "")
    assert find_policy_file(str(below)) == far
    near = write(tmp_path / "service" / "ssot-probe.toml", "")
    assert find_policy_file(str(below)) == near


def test_the_file_of_its_own_comes_before_the_pyproject_beside_it(tmp_path: Path) -> None:
    shared = write(tmp_path / "pyproject.toml", "[tool.ssot_probe]")
    assert find_policy_file(str(tmp_path)) == shared
    own = write(tmp_path / "ssot-probe.toml", "")
    assert find_policy_file(str(tmp_path)) == own


def test_a_near_pyproject_comes_before_a_far_file(tmp_path: Path) -> None:
    write(tmp_path / "ssot-probe.toml", "")
    near = write(tmp_path / "service" / "pyproject.toml", "[tool]\nssot_probe = {}")
    assert find_policy_file(str(tmp_path / "service")) == near


@pytest.mark.parametrize(
    "pyproject",
    [
        b'[project]\ndependencies = ["ssot-probe"]',
        b"# [tool.ssot_probe]\n[tool.other]",
        b"tool = 'ssot_probe'",
        b"broken = = toml",
        b"broken = = ssot_probe",
        b"# caf\xe9",
    ],
)
def test_a_pyproject_without_a_policy_does_not_stop_the_search(tmp_path: Path, pyproject: bytes) -> None:
    far = write(tmp_path / "ssot-probe.toml", "")
    service = tmp_path / "service"
    service.mkdir()
    (service / "pyproject.toml").write_bytes(pyproject)
    assert find_policy_file(str(service)) == far


def test_a_broken_pyproject_that_mentions_the_table_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "ssot-probe.toml", "")
    path = write(tmp_path / "service" / "pyproject.toml", "[tool.ssot_probe]\npackages = [")
    with pytest.raises(PolicyError) as caught:
        find_policy_file(str(tmp_path / "service"))
    assert str(caught.value).startswith(f"{path}: not valid TOML: ")


def test_a_directory_with_the_name_of_a_policy_is_passed_by(tmp_path: Path) -> None:
    far = write(tmp_path / "ssot-probe.toml", "")
    (tmp_path / "service" / "ssot-probe.toml").mkdir(parents=True)
    (tmp_path / "service" / "pyproject.toml").mkdir()
    assert find_policy_file(str(tmp_path / "service")) == far


def test_the_search_ends_at_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / "project").mkdir(parents=True)
    write(tmp_path / "ssot-probe.toml", "")
    monkeypatch.setenv("HOME", str(home))
    assert find_policy_file(str(home / "project")) is None
    own = write(home / "ssot-probe.toml", "")
    assert find_policy_file(str(home / "project")) == own


def test_the_search_ends_at_the_root() -> None:
    assert find_policy_file("/no/such/directory") is None


def test_a_relative_start_gives_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = write(tmp_path / "ssot-probe.toml", "")
    (tmp_path / "service").mkdir()
    monkeypatch.chdir(tmp_path / "service")
    assert find_policy_file(".") == own


def test_a_removed_current_directory_holds_no_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert find_policy_file(".") is None


def test_a_service_without_a_policy_loads_nothing_heavy(tmp_path: Path) -> None:
    import ssot_probe.policy_file

    write(tmp_path / "pyproject.toml", '[project]\nname = "chat"\ndependencies = ["ssot-probe"]')
    program = (
        "import sys; from ssot_probe.policy_file import find_policy_file;"
        "assert find_policy_file('.') is None; from ssot_probe.policy_schema import parse_policy;"
        "parse_policy({'packages': ['chat']}, '');"
        "heavy = {'asyncio', 'dataclasses', 'difflib', 'inspect', 'json', 'logging', 'pathlib', 'tomllib'};"
        "print(*sorted((heavy | {'tomli'}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(Path(ssot_probe.policy_file.__file__).parents[1])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""


# The policy in a recording


def test_the_json_of_the_example_gives_the_example_back() -> None:
    assert policy_from_json(policy_to_json(EXAMPLE_POLICY)) == EXAMPLE_POLICY


def test_the_json_is_one_line_of_ascii() -> None:
    text = policy_to_json(Policy(source="/srv/café\n/ssot-probe.toml"))
    assert text.isascii()
    assert "\n" not in text


def test_a_recording_may_lack_what_has_a_default() -> None:
    assert policy_from_json('{"concepts": [{"name": "a", "classes": ["A"]}]}') == Policy(
        concepts=(Concept("a", ("A",)),)
    )


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "recorded policy: not valid JSON: "),
        ("{", "recorded policy: not valid JSON: "),
        ("[" * 100_000, "recorded policy: "),
        ("null", "recorded policy: found nothing, expected a table"),
        ("[]", "recorded policy: found an empty list, expected a table"),
        ('{"packages": "chat"}', 'recorded policy: packages: found "chat", expected a list of values'),
        ('{"packages": [1]}', "recorded policy: packages[0]: found 1, expected a value of type str"),
        ('{"concepts": [{"name": "a"}]}', "recorded policy: concepts[0].classes: missing, but required"),
        (
            '{"dead": {"min_days": true}}',
            "recorded policy: dead.min_days: found true, expected a value of type int",
        ),
        ('{"concept": []}', 'recorded policy: concept: unknown key, did you mean "concepts"?'),
        (
            '{"waivers": [{"code": "", "subject": "", "reason": "", "expires": "soon"}]}',
            'recorded policy: waivers[0].expires: found "soon", expected a date such as "2027-01-31"',
        ),
        ('{"boundary": {"label": "", "apart": [["a"]]}}', "recorded policy: boundary.apart[0]: found a list"),
    ],
)
def test_text_that_is_no_recorded_policy_is_an_error(text: str, fragment: str) -> None:
    with pytest.raises(PolicyError) as caught:
        policy_from_json(text)
    assert fragment in str(caught.value)


def several(values: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(values, max_size=3).map(tuple)


TEXT = st.text(max_size=12)
TEXTS = several(TEXT)
POLICIES = st.builds(
    Policy,
    packages=TEXTS,
    user=several(st.builds(UserSource, kind=st.sampled_from(USER_SOURCES), target=TEXT)),
    concepts=several(
        st.builds(
            Concept,
            name=TEXT,
            classes=TEXTS,
            canonical=TEXT,
            factories=TEXTS,
            legacy=TEXTS,
            isolation=st.sampled_from(ISOLATIONS),
            max_classes=st.integers(),
            max_paths=st.integers(),
            shared_ok=TEXTS,
            events=st.none()
            | st.builds(Events, methods=TEXTS, type=TEXT, user=TEXT, run=TEXT, payload=TEXT, order=TEXT),
            declared=st.booleans(),
        )
    ),
    boundary=st.none() | st.builds(Boundary, label=TEXT, apart=several(st.tuples(TEXT, TEXT))),
    dead=st.builds(Dead, environments=TEXTS, roles=TEXTS, min_days=st.integers(), entry_points=TEXTS),
    waivers=several(st.builds(Waiver, code=TEXT, subject=TEXT, reason=TEXT, expires=st.none() | st.dates())),
    source=TEXT,
)


@given(POLICIES)
@example(EXAMPLE_POLICY)
@example(Policy())
def test_every_policy_survives_the_recording(policy: Policy) -> None:
    again = policy_from_json(policy_to_json(policy))
    assert again == policy
    # Equality of tuples does not see whether a value kept its own type.
    assert repr(again) == repr(policy)


# Arbitrary data


def places(value: object) -> list[tuple[object, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in items for place in [(key,), *((key, *rest) for rest in places(item))]]


EXAMPLE_DATA = tomllib.loads(EXAMPLE)
NAMES = sorted({part for place in places(EXAMPLE_DATA) for part in place if isinstance(part, str)})
KEYS = st.sampled_from(NAMES) | st.text(max_size=8)
WORDS = st.sampled_from([*ISOLATIONS, "chat", "chat.ws:Manager", "SSOT104", "", "*"]) | st.text(max_size=8)
SCALARS = WORDS | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes() | st.times()
VALUES: st.SearchStrategy[object] = st.recursive(
    SCALARS,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(KEYS, values, max_size=6),
    max_leaves=20,
)


def accepted_or_refused(data: dict[str, object]) -> None:
    try:
        policy = parse_policy(data, "ssot-probe.toml")
    except PolicyError as error:
        for line in str(error).splitlines()[:20]:
            assert line.startswith(("ssot-probe.toml: ", "and "))
    else:
        assert policy_from_json(policy_to_json(policy)) == policy


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_whatever_a_file_holds_it_is_accepted_or_refused_with_a_policy_error(data: dict[str, object]) -> None:
    accepted_or_refused(data)


@given(st.sampled_from(places(EXAMPLE_DATA)), VALUES)
@example(("waiver", 0, "expires"), datetime(2027, 1, 31))
def test_one_strange_value_in_a_good_file_is_accepted_or_refused_with_a_policy_error(
    place: tuple[object, ...], value: object
) -> None:
    data = copy.deepcopy(EXAMPLE_DATA)
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    accepted_or_refused(data)


def parsed(text: str) -> Policy:
    return parse_policy(tomllib.loads(text), "")


def test_pools_are_named_by_what_hands_out_and_what_takes_back() -> None:
    found = parsed(
        """
        [[pool]]
        name = "cache"
        acquire = "redis.asyncio.connection:ConnectionPool.get_connection"
        release = "redis.asyncio.connection:ConnectionPool.release"

        [[pool]]
        name = "printers"
        acquire = "desk.printers:PrinterPool.printer"
        """
    )
    assert found.pools == (
        Pool(
            "cache",
            "redis.asyncio.connection:ConnectionPool.get_connection",
            "redis.asyncio.connection:ConnectionPool.release",
        ),
        Pool("printers", "desk.printers:PrinterPool.printer"),
    )
    assert policy_from_json(policy_to_json(found)) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[pool]]\nname = "p"', "pool[0].acquire: missing, but required"),
        ('[[pool]]\nname = "p"\naquire = "a:b"', 'unknown key, did you mean "acquire"?'),
        (
            '[[pool]]\nname = "p"\nacquire = "redis.ConnectionPool.get_connection"',
            'did you mean "redis:ConnectionPool.get_connection"?',
        ),
        ('[pool]\nname = "p"\nacquire = "a:b"', "write [[pool]]"),
        (
            '[[pool]]\nname = "p"\nacquire = "a:b"\n[[pool]]\nname = "p"\nacquire = "a:c"',
            'found "p" again, expected another name than that of pool[0].name',
        ),
    ],
)
def test_mistakes_about_pools_are_named(text: str, told: str) -> None:
    with pytest.raises(PolicyError) as raised:
        parsed(text)
    assert told in str(raised.value)
