"""Classes as libraries make them, and instances that come into being without their constructor."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.children import Run, run_both

from ssot_probe.model.records import AccessRecord, BlindRecord, MakeRecord

POLICY = """
packages = ["shop"]
[[concept]]
name = "cart"
classes = ["*Cart"]
"""


def ran(directory: Path, carts: str, program: str) -> Run:
    files = {"shop/__init__.py": "", "shop/carts.py": carts}
    program = f"import shop.carts\nfrom shop.carts import *\n{program}"
    done, _ = run_both(directory, files=files, policy=POLICY, program=program)
    assert done.code == 0, done.stderr
    return done


def made(done: Run) -> list[tuple[str, str, str, bool, int]]:
    """Return maker, outcome, origin, whether it was never seen constructed, and how often."""
    return sorted(
        (
            record.maker.partition(":")[2],
            record.outcome,
            record.origin.partition(":")[2],
            record.found,
            record.count,
        )
        for record in done.of(MakeRecord)
    )


GET = "\ndef get_cart(*args, **kwargs):\n    return Cart(*args, **kwargs)\n"

CLASSES = {
    "dataclass": ("from dataclasses import dataclass\n@dataclass\nclass Cart:\n    user: str", "'anna'"),
    "frozen dataclass with slots": (
        "from dataclasses import dataclass\n@dataclass(frozen=True, slots=True)\nclass Cart:\n    user: str",
        "'anna'",
    ),
    "slots with weak references": (
        "class Cart:\n    __slots__ = ('user', '__weakref__')\n    def __init__(self, user):\n"
        "        self.user = user",
        "'anna'",
    ),
    "generic": (
        "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass BaseCart(Generic[T]):\n"
        "    def __init__(self, user: T):\n        self.user = user\nCart = BaseCart[str]",
        "'anna'",
    ),
    "pydantic": ("from pydantic import BaseModel\nclass Cart(BaseModel):\n    user: str", "user='anna'"),
    "pydantic with a validator and private attributes": (
        "from pydantic import BaseModel, PrivateAttr, field_validator\nclass Cart(BaseModel):\n"
        "    user: str\n    _seen: list = PrivateAttr(default_factory=list)\n"
        "    @field_validator('user')\n    @classmethod\n"
        "    def check(cls, value):\n        return value.upper()\n"
        "    def model_post_init(self, context):\n        self._seen.append(self.user)",
        "user='anna'",
    ),
    "attrs": ("import attr\n@attr.s(auto_attribs=True)\nclass Cart:\n    user: str", "'anna'"),
    "attrs with slots": ("import attrs\n@attrs.define\nclass Cart:\n    user: str", "'anna'"),
    "frozen attrs": ("import attrs\n@attrs.frozen\nclass Cart:\n    user: str", "'anna'"),
    "sqlalchemy": (
        "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n"
        "class Base(DeclarativeBase):\n    pass\n"
        "class Cart(Base):\n    __tablename__ = 'cart'\n"
        "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    user: Mapped[str]",
        "user='anna'",
    ),
}


def need(carts: str) -> None:
    for library in ("pydantic", "attrs", "sqlalchemy"):
        if f"import {library}" in carts or f"from {library}" in carts:
            pytest.importorskip(library, reason="the group frameworks is not installed")
    if "import attr\n" in carts:
        pytest.importorskip("attr", reason="the group frameworks is not installed")


@pytest.mark.parametrize("kind", CLASSES)
def test_a_construction_in_a_factory_is_seen_whatever_made_the_class(tmp_path: Path, kind: str) -> None:
    carts, arguments = CLASSES[kind]
    need(carts)
    program = f"cart = get_cart({arguments})\nprint(cart.user, isinstance(cart, Cart.__mro__[0]))\n"
    if kind == "generic":
        program = f"print(get_cart({arguments}).user)\n"
    done = ran(tmp_path, carts + GET, program)
    name = "BaseCart" if kind == "generic" else "Cart"
    assert made(done) == [(name, "constructed", "", False, 1), ("get_cart", "returned", "get_cart", False, 1)]
    (construction,) = (record for record in done.of(MakeRecord) if record.kind == "constructor")
    assert construction.chain == ("shop.carts:get_cart",)


PLAIN = "class Cart:\n    def __init__(self, user):\n        self.user = user\n"

NOT_CONSTRUCTED = {
    "copied": "import copy\ndef get_cart():\n    return copy.copy(kept)\n",
    "copied deeply": "import copy\ndef get_cart():\n    return copy.deepcopy(kept)\n",
    "unpickled": "import pickle\ndef get_cart():\n    return pickle.loads(pickle.dumps(kept))\n",
    "made by hand": "def get_cart():\n    cart = Cart.__new__(Cart)\n    cart.user = 'x'\n    return cart\n",
}


@pytest.mark.parametrize("way", NOT_CONSTRUCTED)
def test_an_instance_that_was_never_constructed_says_so_when_it_is_handed_out(
    tmp_path: Path, way: str
) -> None:
    program = "shop.carts.kept = Cart('anna')\nfor _ in range(2):\n    get_cart()\n"
    done = ran(tmp_path, PLAIN + NOT_CONSTRUCTED[way], program)
    assert made(done) == [
        ("Cart", "constructed", "", False, 1),
        ("get_cart", "returned", "get_cart", True, 2),
    ]


def test_it_still_says_so_when_it_is_handed_out_again(tmp_path: Path) -> None:
    carts = (
        PLAIN
        + "import copy\ndef get_cart():\n    return shared\ndef current_cart():\n    return get_cart()\n"
    )
    done = ran(
        tmp_path, carts, "import copy\nshop.carts.shared = copy.copy(Cart('a'))\ncurrent_cart()\nget_cart()\n"
    )
    assert [entry for entry in made(done) if entry[1] == "returned"] == [
        ("current_cart", "returned", "get_cart", True, 1),
        ("get_cart", "returned", "get_cart", True, 1),
        ("get_cart", "returned", "get_cart", True, 1),
    ]


def test_an_instance_of_a_class_whose_constructor_cannot_be_seen_claims_nothing(tmp_path: Path) -> None:
    carts = "class Cart(dict):\n    pass\ndef get_cart():\n    return Cart()\n"
    done = ran(tmp_path, carts, "get_cart()\n")
    assert made(done) == [("get_cart", "returned", "get_cart", False, 1)]


def test_rows_that_are_loaded_from_a_database_are_not_constructed(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy", reason="the group frameworks is not installed")
    carts = CLASSES["sqlalchemy"][0] + (
        "\nfrom sqlalchemy import create_engine, select\nfrom sqlalchemy.orm import Session\n"
        "engine = create_engine('sqlite://')\n"
        "def add_cart(user):\n    with Session(engine) as session:\n        session.add(Cart(user=user))\n"
        "        session.commit()\n"
        "def load_cart(user):\n    with Session(engine) as session:\n"
        "        return session.scalars(select(Cart).where(Cart.user == user)).one()\n"
    )
    program = "Base.metadata.create_all(engine)\nadd_cart('anna')\nprint(load_cart('anna').user)\n"
    done = ran(tmp_path, carts, program)
    assert made(done) == [
        ("Cart", "constructed", "", False, 1),
        ("load_cart", "returned", "load_cart", True, 1),
    ]


def test_models_that_are_validated_are_not_constructed(tmp_path: Path) -> None:
    pytest.importorskip("pydantic", reason="the group frameworks is not installed")
    carts = CLASSES["pydantic"][0] + (
        "\ndef load_cart(text):\n    return Cart.model_validate_json(text)\n"
        "def make_copied_cart(cart):\n    return cart.model_copy()\n"
    )
    done = ran(tmp_path, carts, 'print(make_copied_cart(load_cart(\'{"user": "anna"}\')))\n')
    assert made(done) == [
        ("load_cart", "returned", "load_cart", True, 1),
        ("make_copied_cart", "returned", "make_copied_cart", True, 1),
    ]


SLOTS = "class Cart:\n    __slots__ = ('user',)\n    def __init__(self, user):\n        self.user = user\n"


def test_what_allows_no_weak_references_is_told_by_its_maker_and_never_mixed_up(tmp_path: Path) -> None:
    carts = SLOTS + GET + "\ndef current_cart(user_id):\n    return get_cart(user_id)\n"
    program = (
        "import threading\n"
        "def work(user_id):\n"
        "    for _ in range(200):\n        current_cart(user_id)\n        get_cart(user_id)\n"
        "threads = [threading.Thread(target=work, args=(user,)) for user in ('anna', 'bert', 'carl')]\n"
        "[thread.start() for thread in threads]\n[thread.join() for thread in threads]\n"
    )
    done = ran(tmp_path, carts, program)
    assert done.of(AccessRecord) == []
    assert "shop.carts:Cart" in {record.subject for record in done.of(BlindRecord)}
    origins = {
        (record.maker.partition(":")[2], record.origin.partition(":")[2])
        for record in done.of(MakeRecord)
        if record.kind != "constructor"
    }
    assert origins == {("get_cart", "get_cart"), ("current_cart", "get_cart")}


@pytest.mark.parametrize(
    ("carts", "program"),
    [
        (
            "from typing import NamedTuple\nclass Cart(NamedTuple):\n    user: str\n"
            "def get_cart(user):\n    return Cart(user)\n",
            "print(get_cart('anna'), Cart('x')._replace(user='y'))\n",
        ),
        (
            "from enum import Enum\nclass Cart(Enum):\n    ONE = 1\ndef get_cart():\n    return Cart(1)\n",
            "print(get_cart(), Cart['ONE'], list(Cart))\n",
        ),
    ],
    ids=["NamedTuple", "Enum"],
)
def test_values_work_as_they_did(tmp_path: Path, carts: str, program: str) -> None:
    done = ran(tmp_path, carts, program)
    assert [entry for entry in made(done) if entry[1] == "constructed"] == []
    assert done.of(AccessRecord) == []


def test_a_method_that_runs_in_the_constructor_does_not_hide_the_construction(tmp_path: Path) -> None:
    carts = "class Cart:\n    def __init__(self):\n        self.load()\n    def load(self):\n        pass\n"
    program = "import ssot_probe\nwith ssot_probe.bind_user('anna'):\n    Cart()\n"
    done = ran(tmp_path, carts, program)
    assert made(done) == [("Cart", "constructed", "", False, 1)]
