"""Pieces of work: who is at work, whose work has ended, and what users stay away for."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator

import pytest

from ssot_probe.context import work
from ssot_probe.context.current import bind_user, users_around


@pytest.fixture(autouse=True)
def noted() -> Iterator[None]:
    work.forget()
    work.is_noted[0] = True
    yield
    work.is_noted[0] = False
    work.forget()


def test_who_is_in_a_block_is_at_work_until_it_is_left() -> None:
    with bind_user("anna"):
        assert work.users_at_work() == {"anna"}
        assert "anna" not in work.ended
    assert work.users_at_work() == set()
    assert work.ended["anna"] > 0


def test_nothing_is_noted_where_nobody_wants_to_know() -> None:
    work.is_noted[0] = False
    with bind_user("anna"):
        assert not work.blocks
    assert not work.ended


def test_blocks_within_each_other_name_who_acts_for_whom() -> None:
    with bind_user("admin"):
        assert users_around() == ()
        with bind_user("anna"):
            assert users_around() == ("admin",)
            with bind_user("bert"):
                assert users_around() == ("admin", "anna")
        assert users_around() == ()


def test_a_job_is_the_current_work_until_it_ends() -> None:
    begun = work.begin("job", "anna")
    assert work.current_work() is begun[0]
    assert work.users_at_work() == {"anna"}
    work.end(begun)
    assert work.current_work() is None
    assert begun[0].is_over
    assert "anna" in work.ended


def test_work_that_a_task_outlives_is_over_there_too() -> None:
    begun = work.begin("request")
    copy = contextvars.copy_context()
    work.end(begun)
    outlived = copy.run(work.current_work)
    assert outlived is not None
    assert outlived.is_over


def test_work_may_end_in_another_context_than_it_began_in() -> None:
    begun = contextvars.copy_context().run(work.begin, "request")
    work.end(begun)
    assert not work.active


def test_how_long_a_user_stayed_away_at_most_is_known() -> None:
    for _ in range(3):
        with bind_user("anna"):
            pass
    assert work.gaps["anna"] > 0
    assert "bert" not in work.gaps


def test_for_whom_something_ran_is_noted_with_the_work_around_it() -> None:
    begun = work.begin("job")
    work.note_user("anna")
    assert begun[0].user == "anna"
    work.end(begun)
    work.note_user("bert")
    assert begun[0].user == "anna"


def test_a_job_that_brings_its_context_is_found_by_its_thread() -> None:
    begun = work.begin("job", is_own=False)
    contextvars.Context().run(work.note_user, "anna")
    assert begun[0].user == "anna"
    work.end(begun)
    assert not work.running
