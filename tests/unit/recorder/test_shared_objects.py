"""What looks found becomes records: each shared object once, without a user's id."""

from __future__ import annotations

from typing import Any

from ssot_probe.context.identity import UserHasher
from ssot_probe.losses import Losses
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import LookRecord, SharedObjectRecord
from ssot_probe.observe.looks import Looked
from ssot_probe.observe.makers import ObservedClass
from ssot_probe.observe.sharing.found import VERDICTS, Look, Path, SharedObject
from ssot_probe.recorder import shared_objects
from ssot_probe.recorder.boundaries import Boundaries
from ssot_probe.recorder.shared_objects import SharedObjects

CART = Concept("cart", ("*Cart",))
OPEN = Concept("pool", ("*Pool",), isolation="process")
CLASSES = {1: ObservedClass("shop:Cart", 1, CART, False), 2: ObservedClass("shop:Cart", 1, CART, False)}
SECOND = 1_000_000_000


def found(verdict: str = "mixed", users: tuple[str, ...] = ("anna", "bert"), **values: Any) -> SharedObject:
    paths = tuple(Path(user, serial, ("shop:Cart", "._items")) for serial, user in enumerate(users, 1))
    shared = SharedObject("builtins:list", verdict, len(users), 2, paths, (), 3, "digraph {}")
    return shared._replace(**values)


def looked(*shared: SharedObject, trigger: str = "users", stopped: str = "", time: int = 5) -> Looked:
    look = Look(shared, 2, 2, 10, 1, 4_000, 5_000, stopped)
    return Looked(trigger, look, CLASSES, (CART,), frozenset({"anna", "bert"}), time)


def ledger(users: int = 2) -> SharedObjects:
    return SharedObjects("p1", UserHasher(b"k" * 32), lambda: users, Boundaries(None), Losses())


def due(objects: SharedObjects, kind: Any = SharedObjectRecord, is_final: bool = True) -> list[Any]:
    return [record for record in objects.due(10 * SECOND, is_final, True) if isinstance(record, kind)]


def test_a_shared_object_is_told_with_a_path_for_each_user_and_without_their_ids() -> None:
    objects = ledger()
    objects.take(looked(found()))
    (record,) = due(objects)
    assert record.paths == ("shop:Cart._items", "shop:Cart._items")
    assert record.instances == ("p1-1", "p1-2")
    assert (record.concepts, record.classes) == (("cart",), ("shop:Cart",))
    assert (record.user_count, record.data_of, record.severity, record.count) == (2, 2, "error", 1)
    assert all(user.startswith("u-") for user in record.users)
    assert "anna" not in str(record)


def test_an_object_that_many_looks_see_is_one_fact() -> None:
    objects = ledger()
    for number in range(5):
        objects.take(looked(found(), time=number))
    (record,) = due(objects)
    assert record.count == 5
    assert due(objects) == []
    assert objects.findings == {("SSOT303", "error"): 1}


def test_another_verdict_on_it_is_another_fact() -> None:
    objects = ledger()
    objects.take(looked(found("unchanged")))
    objects.take(looked(found("mutated")))
    assert [(record.verdict, record.severity) for record in due(objects)] == [
        ("unchanged", ""),
        ("mutated", "warning"),
    ]


def test_what_is_no_finding_is_told_without_a_severity() -> None:
    for verdict in VERDICTS[VERDICTS.index("seen-once") :]:
        objects = ledger()
        objects.take(looked(found(verdict)))
        assert [record.severity for record in due(objects)] == [""]
        assert objects.findings == {}


def test_what_a_module_holds_is_told_with_the_users_whose_data_it_is() -> None:
    objects = ledger()
    objects.take(looked(found(paths=(), owner_count=0, holder=("shop", ".CACHE"), data_owners=("anna",))))
    (record,) = due(objects)
    assert (record.holder, record.paths, record.classes) == ("shop:CACHE", (), ())
    assert record.users == (UserHasher(b"k" * 32)("anna"),)
    assert record.concepts == ("cart",)
    assert record.severity == "error"


def test_objects_beyond_the_bound_are_counted_as_lost(monkeypatch: Any) -> None:
    monkeypatch.setattr(shared_objects, "MOST_OBJECTS", 2)
    losses = Losses()
    objects = SharedObjects("p1", UserHasher(), lambda: 2, Boundaries(None), losses)
    objects.take(looked(*(found(type=f"shop:Type{number}") for number in range(5))))
    assert len(due(objects)) == 2
    assert losses.by_reason() == {"shared_objects_full": 3}


def test_looks_add_up_by_what_led_to_them_and_ended_them() -> None:
    objects = ledger(users=3)
    for trigger, stopped in [("users", ""), ("again", ""), ("again", ""), ("end", "it took too long")]:
        objects.take(looked(trigger=trigger, stopped=stopped))
    told = {(record.trigger, record.stopped): record for record in due(objects, LookRecord)}
    assert {key: record.count for key, record in told.items()} == {
        ("users", ""): 1,
        ("again", ""): 2,
        ("end", "it took too long"): 1,
    }
    assert told["again", ""].objects == 20
    assert told["again", ""].duration == 10_000
    assert objects.looks == {"users": 1, "again": 2, "end": 1}


def test_looks_say_how_many_users_no_look_saw() -> None:
    objects = ledger(users=5)
    objects.take(looked())
    (record,) = due(objects, LookRecord)
    assert (record.users_seen, record.users) == (2, 5)


def test_the_last_look_pauses_nobody() -> None:
    objects = ledger()
    objects.take(looked(trigger="end"))
    assert objects.pause == 0
    objects.take(looked(trigger="again"))
    assert objects.pause == 4_000
