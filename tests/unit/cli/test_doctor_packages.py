from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from ssot_probe.cli.doctor.check import Check
from ssot_probe.cli.doctor.interpreter import Answer, ask
from ssot_probe.cli.doctor.invocation import Invocation
from ssot_probe.cli.doctor.packages import asked_packages, checks_of, search_path
from ssot_probe.model.policy import Concept, Dead, Policy, UserSource


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two modules and a package of its own without an `__init__`, in the current directory."""
    for name in ("shop/__init__.py", "shop/auth.py", "shop/ws/manager.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('imported')\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop"


def told(policy: Policy) -> list[Check]:
    invocation = Invocation(sys.executable, (), ("prog.py",), {})
    answer: Answer = ask(invocation, asked_packages(policy), search_path(invocation))
    return list(checks_of(policy, answer))


def policy_with(*legacy: str, **fields: Any) -> Policy:
    concept = Concept("manager", ("*Manager",), legacy=legacy)
    return Policy(packages=("shop",), concepts=(concept,))._replace(**fields)


def test_what_is_there_is_not_spoken_of(shop: Path) -> None:
    policy = policy_with("shop.auth", "shop.ws", "shop.ws.manager:create", "shop", "shop.*")

    assert told(policy) == []


@pytest.mark.parametrize("name", ["shop.gone", "shop.ws.gone", "shop.auth.gone", "elsewhere.gone"])
def test_a_legacy_module_that_is_gone_is_a_note(shop: Path, name: str) -> None:
    (check,) = told(policy_with(name))

    assert check.state == "note"
    assert check.what.endswith(f"there is no module {name}")


@pytest.mark.parametrize(
    "policy",
    [
        policy_with(user=(UserSource("call", "shop.gone:current"),)),
        policy_with(user=(UserSource("contextvar", "shop.gone:current"),)),
        policy_with(dead=Dead(entry_points=("shop.gone:serve",))),
        policy_with(concepts=(Concept("manager", ("*Manager",), canonical="shop.gone:Manager"),)),
        policy_with(concepts=(Concept("manager", ("*Manager",), factories=("shop.gone:make",)),)),
    ],
)
def test_what_must_be_there_and_is_not_is_blind(shop: Path, policy: Policy) -> None:
    (check,) = told(policy)

    assert check.state == "blind"
    assert "there is no module shop.gone" in check.what


def test_sources_of_users_that_name_no_module_are_not_looked_for(shop: Path) -> None:
    user = (UserSource("argument", "context.user_id"), UserSource("baggage", "user.id"))

    assert told(policy_with(user=user)) == []


def test_a_package_that_is_not_found_is_blind(shop: Path) -> None:
    (check,) = told(policy_with(packages=("shop", "shed")))

    assert check == Check("blind", "package shed is not found there: nothing of it would be first-party")


def test_compiled_modules_are_blind_and_those_without_source_a_note(shop: Path) -> None:
    for name in ("one", "two", "three", "four"):
        (shop / f"{name}{EXTENSION_SUFFIXES[0]}").touch()
    (shop / "two.py").touch()  # the compiled one is the one that is imported
    (shop / "old.pyc").touch()
    (shop / "__pycache__").mkdir()
    (shop / "__pycache__" / f"auth.{sys.implementation.cache_tag}.pyc").touch()

    compiled, sourceless = told(policy_with())

    assert compiled.state == "blind"
    assert "and 1 more: it is not written in Python" in compiled.what
    assert sourceless == Check("note", "shop/old.pyc: there is no source, so changes of it are not noticed")


def test_the_file_of_a_program_and_the_current_directory_are_looked_in(shop: Path) -> None:
    by_file = Invocation("python", (), ("sub/prog.py",), {})
    by_module = Invocation("python", (), ("-m", "shop"), {})
    by_server = Invocation("python", (), ("-m", "gunicorn", "--chdir=sub", "shop:app"), {})

    assert search_path(by_file) == [str(shop.parent / "sub"), str(shop.parent)]
    assert search_path(by_module) == [str(shop.parent)]
    assert search_path(by_server) == [str(shop.parent), str(shop.parent / "sub")]
