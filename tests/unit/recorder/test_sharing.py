"""Who got hold of which instance: told exactly, without keeping an instance alive or trusting its id."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections import Counter
from pathlib import Path

import pytest
from support.application import observed

from ssot_probe.context.current import bind_user
from ssot_probe.model.policy import Concept, Policy, UserSource
from ssot_probe.model.records import AccessRecord, BlindRecord, HolderRecord, MakeRecord, SharingRecord
from ssot_probe.observe import constructors, holders
from ssot_probe.testing import Capture

APPLICATION = """
    class BoxManager:
        def __init__(self, user_id=None):
            self.user_id = user_id

        def open(self):
            return True

    shared = BoxManager()

    def get_manager(user_id=None):
        return shared

    def make_manager(user_id=None):
        return BoxManager(user_id)
"""

BOX = Concept("box", ("BoxManager",))
POLICY = Policy(concepts=(BOX,))


@pytest.fixture(autouse=True)
def _any_heap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test run has more objects than a search for holders takes on."""
    monkeypatch.setattr(holders, "MOST_OBJECTS", 10**9)


def sharings(capture: Capture) -> list[SharingRecord]:
    return [record for record in capture.records if isinstance(record, SharingRecord)]


def accesses(capture: Capture) -> list[AccessRecord]:
    return [record for record in capture.records if isinstance(record, AccessRecord)]


def makes(capture: Capture) -> list[MakeRecord]:
    return [record for record in capture.records if isinstance(record, MakeRecord)]


def test_sharing_is_told_at_the_second_the_fourth_and_the_eighth_user(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        for number in range(9):
            app.get_manager(f"user {number}")
        told = sharings(capture)
    assert [record.user_count for record in told] == [2, 4, 8]
    assert [len(record.users) for record in told] == [2, 4, 8]
    assert len({record.instance for record in told}) == 1
    assert told[0].users == told[2].users[:2]


def test_all_users_of_a_shared_instance_are_told_up_to_a_bound(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        for number in range(70):
            app.get_manager(number)
        told, users = sharings(capture), {record.user for record in accesses(capture)}
    assert len(users) == 32
    assert [record.user_count for record in told] == [2, 4, 8, 16, 32, 64]
    assert len(told[-1].users) == 32
    assert set(told[-1].users) == users


def test_the_same_user_again_is_nobody_new(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        for user in ("anna", "anna", 7, "7", "anna"):
            app.get_manager(user)
        told = sharings(capture)
        assert [record.user_count for record in told] == [2]
        assert len(accesses(capture)) == 2


def test_users_who_are_not_known_share_nothing(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        app.get_manager("anna")
        for _ in range(5):
            app.get_manager()
    assert sharings(capture) == []
    handed_out = [record for record in makes(capture) if record.maker.endswith(":get_manager")]
    assert sum(record.count for record in handed_out) == 6
    assert sum(record.unattributed for record in handed_out) == 5


@pytest.mark.parametrize(
    ("concept", "count"),
    [
        (BOX, 1),
        (BOX._replace(isolation="process"), 0),
        (BOX._replace(shared_ok=("{name}:BoxManager",)), 0),
        (BOX._replace(isolation="request"), 1),
    ],
)
def test_what_the_policy_lets_users_share_is_no_finding(tmp_path: Path, concept: Concept, count: int) -> None:
    with observed(tmp_path, APPLICATION, Policy(concepts=(concept,))) as (app, capture):
        app.get_manager("anna")
        app.get_manager("bert")
        assert len(sharings(capture)) == count
        assert len(accesses(capture)) == 2


def test_a_hundred_thousand_short_lived_instances_of_two_users_share_nothing(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        ids = {id(app.make_manager("anna" if number % 2 else "bert")) for number in range(100_000)}
        assert len(ids) < 50_000  # the same ones again and again
        assert sharings(capture) == []
        assert len(capture._probe.instances.by_id) <= 2  # the one that the module made, and the last one


def test_instances_with_one_user_are_told_up_to_a_bound_and_shared_ones_all_the_same(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        kept = [app.make_manager(f"user {number}") for number in range(500)]
        assert len(accesses(capture)) == 200
        vars(app)["shared"] = kept[400]
        app.get_manager("somebody else")
        (told,) = sharings(capture)
        assert len(accesses(capture)) == 202
        users = {record.user for record in accesses(capture) if record.instance == told.instance}
        assert users == set(told.users)


def test_a_first_access_that_is_told_late_keeps_its_own_time_place_and_thread(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        early = [app.make_manager(f"user {number}") for number in range(300)]
        assert len(accesses(capture)) == 200
        vars(app)["shared"] = early[250]
        another = threading.Thread(target=app.get_manager, args=("somebody else",), name="another")
        another.start()
        another.join()
        (told,) = sharings(capture)
        first, second = sorted(
            (record for record in accesses(capture) if record.instance == told.instance),
            key=lambda record: record.time,
        )
    assert (first.user, second.user) == told.users
    assert (first.outcome, first.site.function) == ("constructed", "make_manager")
    assert second.outcome == "returned"
    assert (first.thread, second.thread) == ("MainThread", "named thread")
    assert first.time < second.time


def test_instances_that_are_gone_are_forgotten_everywhere(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        for _ in range(10):
            kept = [app.make_manager("anna") for _ in range(1_500)]
            references = [weakref.ref(one) for one in kept]
            assert capture.records
            kept.clear()
            gc.collect()
            assert capture.records
            assert [reference() for reference in references] == [None] * 1_500
        assert len(capture._probe.instances.by_id) == 1
        ledger = capture._probe.pump._recorder._ledger  # type: ignore[union-attr]
        assert len(ledger._instances) < 5_000


def test_instances_in_a_cycle_are_collected(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        one = app.make_manager("anna")
        one.itself = one
        reference = weakref.ref(one)
        del one
        gc.collect()
        assert reference() is None
        assert len(capture._probe.instances.by_id) == 1


def test_an_instance_that_comes_back_to_life_is_no_crash(tmp_path: Path) -> None:
    text = APPLICATION + "\n    kept = []\n    BoxManager.__del__ = lambda self: kept.append(self)\n"
    with observed(tmp_path, text, POLICY) as (app, capture):
        app.make_manager("anna")
        vars(app)["shared"] = app.kept[0]
        app.get_manager("anna")
        assert capture.records
        del app.BoxManager.__del__


def test_threads_count_exactly(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):

        def work(user: str) -> None:
            for _ in range(2_000):
                app.make_manager(user)

        threads = [threading.Thread(target=work, args=(f"user {number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    counts: Counter[tuple[str, str]] = Counter()
    for record in makes(capture):
        counts[record.kind, record.outcome] += record.count
    assert counts == {("constructor", "constructed"): 8_001, ("function", "returned"): 8_000}
    assert not capture._probe.losses.by_reason()


def test_a_bound_user_comes_before_what_arguments_say(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        with bind_user("anna"):
            app.get_manager("bert")
        app.get_manager("anna")
        assert sharings(capture) == []


def test_a_method_that_runs_for_another_user_is_sharing_too(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        for user in ("anna", "bert"):
            with bind_user(user):
                app.shared.open()
        (told,) = sharings(capture)
        assert told.user_count == 2
        assert {record.outcome for record in accesses(capture)} == {"used"}


def test_a_source_that_raises_is_reported_once_and_the_next_one_is_asked(tmp_path: Path) -> None:
    text = APPLICATION + "\n    def current_user():\n        raise LookupError\n"
    sources = (UserSource("call", "{name}:current_user"), UserSource("argument", "user_id"))
    with observed(tmp_path, text, POLICY._replace(user=sources)) as (app, capture):
        for user in ("anna", "bert", "carl"):
            assert app.get_manager(user) is app.shared
        blind = [record for record in capture.records if isinstance(record, BlindRecord)]
        reasons = [record.reason for record in blind if "current_user" in record.subject]
        assert reasons == ["observing it raised LookupError"]
        assert [record.user_count for record in sharings(capture)] == [2]


def test_what_a_source_constructs_is_not_observed(tmp_path: Path) -> None:
    text = APPLICATION + "\n    def current_user():\n        make_manager('nobody')\n        return 'anna'\n"
    policy = POLICY._replace(user=(UserSource("call", "{name}:current_user"),))
    with observed(tmp_path, text, policy) as (app, capture):
        app.get_manager()
    assert {record.maker.partition(":")[2] for record in makes(capture)} == {"BoxManager", "get_manager"}
    constructed = sum(record.count for record in makes(capture) if record.kind == "constructor")
    assert constructed == 1  # the one that the module made


def test_what_holds_a_shared_instance_is_told_in_the_end(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        app.get_manager("anna")
        app.get_manager("bert")
    told = [record for record in capture._exporter.records() if isinstance(record, HolderRecord)]
    assert [record.path for record in told] == [(f"module {app.__name__}", "shared")]


def test_a_class_that_holds_a_shared_instance_is_told_with_the_attribute(tmp_path: Path) -> None:
    text = APPLICATION.replace("    shared = BoxManager()\n", "").replace(
        "return shared", "return Holder.shared"
    )
    text += "\n    class Holder:\n        shared = BoxManager()\n"
    with observed(tmp_path, text, POLICY) as (app, capture):
        app.get_manager("anna")
        app.get_manager("bert")
    told = [record for record in capture._exporter.records() if isinstance(record, HolderRecord)]
    assert [record.path for record in told] == [(f"module {app.__name__}", "Holder", "shared")]


def test_of_classes_that_are_made_for_one_call_a_bounded_number_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constructors, "MOST_CLASSES", 8)
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        references = []
        for _ in range(20):
            made = type("ChildOfManager", (app.BoxManager,), {})
            made("anna")
            references.append(weakref.ref(made))
            del made
        gc.collect()
        blind = [record for record in capture.records if isinstance(record, BlindRecord)]
        alive = sum(reference() is not None for reference in references)
    assert alive <= 8
    assert "classes of which there are more than 8" in [record.subject for record in blind]


BROADCAST = """
    import asyncio

    class BoxManager:
        def __init__(self, user_id=None):
            self.user_id = user_id

        def open(self):
            return True

        async def tell(self):
            await asyncio.sleep(0)
            return self.open()

    class Bus:
        def __init__(self):
            self.boxes = []

        def tell_all(self):
            return [box.open() for box in self.boxes]

        async def tell_all_at_once(self):
            await asyncio.gather(*(box.tell() for box in self.boxes))
"""


def broadcast(directory: Path, policy: Policy) -> list[SharingRecord]:
    """Let one user's call reach the instances of all."""
    with observed(directory, BROADCAST, policy) as (app, capture):
        bus = app.Bus()
        for number in range(3):
            with bind_user(f"user {number}"):
                bus.boxes.append(app.BoxManager())
        with bind_user("user 0"):
            bus.tell_all()
            asyncio.run(bus.tell_all_at_once())
        return sharings(capture)


def test_what_a_process_wide_bus_calls_is_not_used_by_the_user_who_announces(tmp_path: Path) -> None:
    bus = Concept("bus", ("Bus",), isolation="process")
    assert broadcast(tmp_path, Policy(concepts=(BOX, bus))) == []


def test_what_another_bus_calls_is_used_by_the_user_for_whom_it_runs(tmp_path: Path) -> None:
    told = broadcast(tmp_path, POLICY)
    assert [record.user_count for record in told] == [2, 2]
