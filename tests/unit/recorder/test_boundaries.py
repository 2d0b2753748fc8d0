"""Labels of users: asked for once each, by a thread that may hang alone, told only where they are named."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from types import ModuleType
from typing import Any

import pytest

from ssot_probe.context.sources import reading
from ssot_probe.model.policy import Boundary, Concept
from ssot_probe.model.records import BlindRecord, BoundaryRecord
from ssot_probe.recorder import user_labels
from ssot_probe.recorder.boundaries import Boundaries

CART = Concept("cart", ("*Cart",))
LABELS = {"anna": "hipaa", "bert": "free", "carl": "free", "dora": "gold"}
BOUNDARY = Boundary("ssot_probe_test_auth:label_of", (("hipaa", "free"), ("hipaa", "sec")))


class Service:
    """A module of the application with the callable, and who shares what there."""

    def __init__(self, label_of: Callable[[str], Any]) -> None:
        self.asked: list[str] = []
        self.threads: set[int] = set()
        self._label_of = label_of
        self.boundaries = Boundaries(BOUNDARY)

    def label_of(self, user: str) -> Any:
        self.asked.append(user)
        self.threads.add(threading.get_ident())
        return self._label_of(user)

    def share(self, *users: str, key: str = "1", concept: Concept = CART) -> None:
        self.boundaries.share("SSOT301", key, "shop:Cart", (concept,), users)

    def told(self) -> tuple[list[BoundaryRecord], list[BlindRecord]]:
        """Return everything that was told by the end."""
        records = list(self.boundaries.due(is_final=True))
        boundaries = [record for record in records if isinstance(record, BoundaryRecord)]
        return boundaries, [record for record in records if isinstance(record, BlindRecord)]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def make(label_of: Callable[[str], Any] = LABELS.get, is_loaded: bool = True) -> Service:
        service = Service(label_of)
        services.append(service)
        module = ModuleType("ssot_probe_test_auth")
        vars(module)["label_of"] = service.label_of
        if is_loaded:
            monkeypatch.setitem(sys.modules, module.__name__, module)
        return service

    yield make
    for service in services:
        service.boundaries.pause(0.0)


def test_labels_that_may_not_meet_are_told_as_an_error(make: Callable[..., Service]) -> None:
    service = make()
    service.share("anna", "bert")
    ((record,), blind) = service.told()
    assert (record.labels, record.unlabelled, record.severity) == (("free", "hipaa"), 0, "error")
    assert (record.code, record.subject, record.concept) == ("SSOT301", "shop:Cart", "cart")
    assert blind == []
    assert service.boundaries.findings == {("SSOT305", "error"): 1}


def test_neither_users_nor_labels_that_the_policy_does_not_name_are_told(
    make: Callable[..., Service],
) -> None:
    service = make()
    service.share("anna", "dora", "emil")
    ((record,), _) = service.told()
    assert (record.labels, record.unlabelled, record.severity) == (("hipaa",), 2, "")
    for secret in ("anna", "dora", "emil", "gold"):
        assert secret not in str(record)


def test_users_of_one_label_may_meet(make: Callable[..., Service]) -> None:
    service = make()
    service.share("bert", "carl")
    ((record,), _) = service.told()
    assert (record.labels, record.severity) == (("free",), "")


def test_a_third_user_with_another_label_is_noticed(make: Callable[..., Service]) -> None:
    service = make()
    service.share("bert", "carl")
    service.share("bert", "carl", "anna")
    ((record,), _) = service.told()
    assert record.severity == "error"


def test_every_user_is_asked_for_once_and_never_in_the_caller_s_thread(make: Callable[..., Service]) -> None:
    service = make()
    for key in ("1", "2", "3"):
        service.share("anna", "bert", key=key)
    service.told()
    assert sorted(service.asked) == ["anna", "bert"]
    assert threading.get_ident() not in service.threads


def test_what_the_callable_makes_is_not_observed(make: Callable[..., Service]) -> None:
    seen: list[bool] = []
    service = make(lambda user: seen.append(threading.get_ident() in reading))
    service.share("anna", "bert")
    service.told()
    assert seen == [True, True]


def _raise(user: str) -> str:
    raise PermissionError(user)


async def _later(user: str) -> str:
    return "hipaa"


@pytest.mark.parametrize(
    ("label_of", "reason"),
    [
        (_raise, "it raised PermissionError"),
        (lambda user: 7, "it returned a int, not a string"),
        (_later, "it returned a coroutine, not a string"),
    ],
    ids=["raises", "returns a number", "is asynchronous"],
)
def test_a_callable_that_does_not_answer_is_a_blind_spot_and_its_users_have_no_label(
    make: Callable[..., Service], label_of: Callable[[str], Any], reason: str
) -> None:
    service = make(label_of)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        service.share("anna", "bert")
        ((record,), blind) = service.told()
    assert (record.labels, record.unlabelled) == ((), 2)
    assert [(told.subject, told.reason) for told in blind] == [(f"labels from {BOUNDARY.label}", reason)]


def test_none_is_the_answer_that_there_is_no_label(make: Callable[..., Service]) -> None:
    service = make(lambda user: None)
    service.share("anna", "bert")
    ((record,), blind) = service.told()
    assert (record.unlabelled, blind) == (2, [])


def test_a_callable_that_was_never_loaded_is_a_blind_spot(make: Callable[..., Service]) -> None:
    service = make(is_loaded=False)
    service.share("anna", "bert")
    _, (blind,) = service.told()
    assert blind.reason == "it was never loaded"


def test_a_module_that_nobody_loaded_is_loaded_when_the_process_ends(
    make: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ssot_probe_test_auth.py").write_text(
        "def label_of(user):\n    return {'a': 'hipaa', 'b': 'free'}[user[0]]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    service = make(is_loaded=False)
    service.share("anna", "bert")
    assert "ssot_probe_test_auth" not in sys.modules
    ((record,), blind) = service.told()
    sys.modules.pop("ssot_probe_test_auth")
    assert (record.labels, blind) == (("free", "hipaa"), [])


def test_a_module_that_fails_while_it_is_loaded_is_a_blind_spot(
    make: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ssot_probe_test_auth.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    service = make(is_loaded=False)
    service.share("anna", "bert")
    _, blind = service.told()
    assert "loading its module raised ZeroDivisionError" in {told.reason for told in blind}


def test_a_callable_of_the_script_itself_is_found_by_the_name_of_its_file(
    make: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make(is_loaded=False)
    script = ModuleType("__main__")
    script.__file__ = "/srv/ssot_probe_test_auth.py"
    vars(script)["label_of"] = service.label_of
    monkeypatch.setitem(sys.modules, "__main__", script)
    service.share("anna", "bert")
    ((record,), blind) = service.told()
    assert (record.labels, blind) == (("free", "hipaa"), [])


def test_a_callable_that_hangs_holds_up_nobody_for_long(
    make: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_labels, "LABEL_SECONDS", 0.02)
    released = threading.Event()
    service = make(lambda user: released.wait(20) and "hipaa")
    service.share("anna", "bert")
    end = monotonic() + 20
    blind: list[Any] = []
    while not blind and monotonic() < end:
        blind = [each for each in service.boundaries.due(is_final=False) if isinstance(each, BlindRecord)]
        sleep(0.005)
    released.set()
    assert "it took longer" in blind[0].reason
    service.share("carl", key="2")
    assert service.asked == ["anna"]


def test_a_boundary_of_inferred_concepts_is_a_warning(make: Callable[..., Service]) -> None:
    service = make()
    service.share("anna", "bert", concept=CART._replace(declared=False))
    ((record,), _) = service.told()
    assert record.severity == "warning"


def test_a_forked_child_asks_anew(make: Callable[..., Service]) -> None:
    service = make()
    service.share("anna", "bert")
    service.told()
    service.boundaries.pause(5.0)
    service.boundaries.forget()
    service.share("anna", "carl")
    ((record,), _) = service.told()
    assert record.severity == "error"
    assert sorted(service.asked) == ["anna", "anna", "bert", "carl"]


def test_without_a_boundary_nobody_is_asked() -> None:
    boundaries = Boundaries(None)
    boundaries.share("SSOT301", "1", "shop:Cart", (CART,), ("anna", "bert"))
    assert not boundaries.is_on
    assert list(boundaries.due(is_final=True)) == []
