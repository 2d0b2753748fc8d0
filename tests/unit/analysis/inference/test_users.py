from __future__ import annotations

from unit.analysis.build import recording_of
from unit.analysis.inference.source import Source

from ssot_probe.analysis.inference.proposal import propose
from ssot_probe.analysis.inference.users import UserProposal


def users(source: Source, *variables: str) -> tuple[UserProposal, ...]:
    return propose(recording_of(source), variables).users


def test_the_only_context_variable_of_that_name_is_certain() -> None:
    variables = ("chat.auth:current_user", "chat.auth:request_id", "chat.web:user_agent")
    assert users(Source(), *variables) == (UserProposal("contextvar", "chat.auth:current_user", True),)


def test_of_two_context_variables_none_is_certain() -> None:
    found = users(Source(), "chat.auth:current_user", "chat.old_auth:current_user")
    assert [user.is_certain for user in found] == [False, False]


def test_a_context_variable_that_merely_mentions_users_is_not_certain() -> None:
    assert users(Source(), "chat.auth:user_context") == (
        UserProposal("contextvar", "chat.auth:user_context", False),
    )


def test_functions_that_return_the_current_user_are_proposed_and_never_certain() -> None:
    source = Source()
    for name in ("get_current_user", "current_user_id", "get_current_user_count", "create_user"):
        source.function(f"chat.auth:{name}")
    source.function("tests.helpers:get_current_user")
    assert users(source) == (
        UserProposal("call", "chat.auth:current_user_id", False),
        UserProposal("call", "chat.auth:get_current_user", False),
    )
