"""What counts as the id of a user, and where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from unit.observe.sharing.heaps import accused, application, look_at

from ssot_probe.observe.sharing.tags import Tags, is_personal, shape_of

UUID_TEXT = "6f1c2a34-9d0e-4a6b-8f5e-0123456789ab"

TAGS = Tags(("alice", "user-0042", "u1", "7", "admin", UUID_TEXT, "100234567", "zoë@example.org", "", "u"))


@pytest.mark.parametrize(
    ("text", "users"),
    [
        ("a note of alice", {0}),
        ("alice's cart", {0}),
        ("malice", set()),
        ("Alice in Wonderland", set()),
        ("alice2", set()),
        ("see /users/user-0042/cart", {1}),
        ("user-00421", set()),
        ("for u1 and 7", {2}),
        ("the admin came, and u", set()),
        (f"trace of {UUID_TEXT}", {5}),
        ("order 100234567", set()),
        ("mail to zoë@example.org now", {7}),
        (b"alice: bytes", {0}),
        (17, set()),
        (None, set()),
        ("x" * 5_000 + " alice", set()),
    ],
)
def test_an_id_in_a_text_is_a_whole_word_of_it_and_no_number_or_common_word(
    text: Any, users: set[int]
) -> None:
    assert TAGS.within(text) == users


@pytest.mark.parametrize(
    ("value", "anywhere", "in_place"),
    [
        ("alice", 0, 0),
        ("u1", 2, 2),
        ("7", -1, 3),
        ("u", -1, 9),
        (7, -1, 3),
        (True, -1, -1),
        (7.0, -1, -1),
        ("admin", -1, 4),
        (UUID(UUID_TEXT), 5, 5),
        ("100234567", 6, 6),
        (100234567, -1, 6),
        ("", -1, -1),
        (10**100, -1, -1),
    ],
)
def test_a_short_id_counts_in_places_only_that_say_whose_they_are(
    value: Any, anywhere: int, in_place: int
) -> None:
    assert (TAGS.equal(value), TAGS.equal_in_place(value)) == (anywhere, in_place)


@pytest.mark.parametrize(
    ("key", "users"),
    [
        ("u1", {2}),
        ("7", {3}),
        (7, set()),
        (("u1", "orders"), {2}),
        ("user:7", {3}),
        ("user_id=u1", {2}),
        ("page:7", set()),
        ("cache:alice:orders", {0}),
        ("GET /orders", set()),
    ],
)
def test_a_key_names_a_user(key: Any, users: set[int]) -> None:
    assert TAGS.in_key(key) == users


@pytest.mark.parametrize(
    "name", ["user", "user_id", "current_user", "userId", "owner", "tenant_id", "_account"]
)
def test_some_names_say_that_a_users_id_stands_there(name: str) -> None:
    assert is_personal(name)


@pytest.mark.parametrize("name", ["users_online", "superuserish", "number", "consumer_group_size", "x", 7])
def test_other_names_do_not(name: Any) -> None:
    assert not is_personal(name)


@pytest.mark.parametrize(
    ("entries", "users"),
    [
        ("{user: [f'row of {user}'] for user in users}", 2),
        ("{(user, 'orders'): 'bread' for user in users}", 2),
        ("{'alice': {'a': 1}, 'bob': 7}", 1),
        ("{user: 7 for user in users}", 0),
        ("{user: manager for user, manager in zip(users, managers)}", 0),
        ("{user: weakref.ref(manager) for user, manager in zip(users, managers)}", 0),
        ("{'room': set(users)}", 0),
    ],
)
def test_ids_numbers_and_instances_under_a_users_id_are_no_data(entries: str, users: int) -> None:
    text = f"""
import weakref

def make():
    managers, users = (Manager(), Manager()), ("alice", "bob")
    table = {entries}
    for manager in managers:
        manager.table = table
    return managers
"""
    with application(text) as module:
        [found] = look_at(zip(("alice", "bob"), module.make())).found
    assert (found.verdict, found.data_of) == ("partitioned", users)


@pytest.mark.parametrize(
    ("statement", "is_accused"),
    [
        ("service.user_id = 7", True),
        ("service.limit = 7", False),
        ("service.limits = [7, 8]", False),
        ("service.table = {7: 'x', 8: 'y'}", False),
        ("service.last = {'user_id': 7}", True),
        ("service.last = {'user': '7'}", True),
        ("service.names = ['7', '8']", False),
        ("service.table = {'7': ['a'], '8': ['b']}", False),
        ("service.table = {'profile-7': {'user_id': 7}, 'profile-8': {'user_id': 8}}", False),
        ("service.table = {'page-8': {'user_id': 7}}", True),
    ],
)
def test_small_numbers_prove_nothing_where_nothing_says_what_they_are(
    statement: str, is_accused: bool
) -> None:
    text = f"""
class Service:
    pass

def make():
    service = Service()
    {statement}
    managers = Manager(), Manager()
    for manager in managers:
        manager.service = service
    return managers
"""
    with application(text) as module:
        look = look_at(zip(("7", "8"), module.make()))
        assert [one.verdict for one in accused(look)] == ["contaminated"] * is_accused


def test_ids_of_one_kind_have_one_shape() -> None:
    assert len(set(map(shape_of, ("user-7", "visitor-120", "Zoë-1")))) == 1
    assert len(set(map(shape_of, ("a@example.org", "bob@example.org")))) == 1
    assert len(set(map(shape_of, ("alice", "alice 2", "/alice", "a-b")))) == 4
