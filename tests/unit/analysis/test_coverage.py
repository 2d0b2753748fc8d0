from __future__ import annotations

from unit.analysis.build import MANAGER, Program, judged

from ssot_probe.analysis.coverage import Coverage
from ssot_probe.model.policy import Policy


def seen(*programs: Program) -> Coverage:
    return judged(*programs).concepts[0]


def program(process: str, users: tuple[str, ...], user_key: str = "k1") -> Program:
    found = Program(process, user_key=user_key)
    found.cls(MANAGER)
    for number, user in enumerate(users):
        found.gives(user, f"{process}-{number}")
    return found


def test_a_user_who_was_seen_by_two_processes_counts_once_where_their_keys_are_equal() -> None:
    found = seen(program("p1", ("u-1", "u-2")), program("p2", ("u-2",)))
    assert (found.users, found.is_at_least) == (2, False)


def test_users_are_not_added_up_over_processes_whose_hashes_cannot_be_compared() -> None:
    found = seen(program("p1", ("u-1", "u-2"), "k1"), program("p2", ("u-7", "u-8"), "k2"))
    assert (found.users, found.is_at_least) == (2, True)


def test_a_concept_that_was_inferred_from_a_class_that_does_not_count_is_left_out() -> None:
    rows = Program()
    rows.cls("chat.rows:RowStore", traits=("typed-dict",))
    assert judged(rows, by=Policy()).concepts == ()
