from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest
from unit.inventory.trees import scan

from ssot_probe.observe import census

ZOO = """
    import abc
    import collections
    import enum
    import functools
    import typing
    from abc import ABC, abstractmethod
    from enum import Enum
    from typing import Generic, NamedTuple, Protocol, TypedDict, TypeVar
    from unittest import mock

    T = TypeVar("T")

    class Plain:
        x = 1
        def method(self): ...
        def _private(self): ...
        async def later(self): ...
        @property
        def value(self): ...
        @staticmethod
        def static(): ...
        if x:
            def conditional(self): ...

    class Base(ABC):
        @abstractmethod
        def fill(self): ...
        @property
        @abc.abstractmethod
        def name(self): ...

    class Half(Base):
        def fill(self): ...

    class Full(Half):
        name = "full"

    class ByMetaclass(metaclass=abc.ABCMeta):
        @abc.abstractmethod
        def fill(self): ...

    class WithoutMetaclass:
        @abc.abstractmethod
        def fill(self): ...

    class Shape(Protocol):
        def area(self) -> int: ...

    class Square(Shape):
        def area(self): ...

    class Box(Generic[T]): ...
    class IntBox(Box[int]): ...

    class Broken(ValueError): ...
    class Worse(Broken, KeyError): ...

    class Colour(Enum):
        RED = 1

    class Number(int, enum.Enum):
        ONE = 1

    class ByEnumMeta(metaclass=enum.EnumMeta): ...

    class Row(NamedTuple):
        a: int

    class Pair(collections.namedtuple("Pair", "a b")):
        ...

    class Keys(TypedDict):
        a: int

    class MoreKeys(Keys):
        b: int

    class Tupled(tuple): ...

    class FakePlain(Plain): ...
    class _StubPlain: ...
    class Recorder(mock.MagicMock): ...

    class Left(Plain): ...
    class Right(Plain): ...
    class Both(Left, Right): ...

    @functools.total_ordering
    class Decorated:
        def __lt__(self, other): ...

    @functools.lru_cache(
        maxsize=None
    )
    class Cached: ...

    class Outer:
        class Inner(Plain): ...
"""
LIVE_ONLY = ("collections.abc:", "unittest.mock:", "typing:Generic", "enum:ReprEnum", "zoo_of_classes:Pair")


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "zoo_of_classes.py").write_text(dedent(ZOO))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "zoo_of_classes", raising=False)
    import importlib

    return importlib.import_module("zoo_of_classes")


def test_classes_are_described_as_the_probe_describes_them(tmp_path: Path, zoo: ModuleType) -> None:
    classes = scan(tmp_path, {}).classes
    compared = 0
    for cls in [*vars(zoo).values(), zoo.Outer.Inner]:
        if not isinstance(cls, type) or cls.__module__ != zoo.__name__:
            continue
        name = census.qualified_name(cls)
        record = classes[name]
        assert record.traits == census.traits(cls), name
        assert record.line == census.line_in_code(name), name
        live = [base for base in census.base_names(cls) if not base.startswith(LIVE_ONLY)]
        static = [base for base in record.bases if not base.startswith(LIVE_ONLY)]
        assert static == live, name
        compared += 1
    assert compared == 29


def test_public_methods_are_those_that_the_class_defines_itself(tmp_path: Path) -> None:
    classes = scan(tmp_path, {"zoo.py": ZOO}).classes
    assert classes["zoo:Plain"].methods == ("method", "later", "static", "conditional")
    assert classes["zoo:FakePlain"].methods == ()


def test_bases_are_found_through_re_exports_and_named_outside_as_the_import_says(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from .base import Base as Public\n",
        "pkg/base.py": "import django.views as v\nclass Base(v.View[int], metaclass=v.Meta): ...\n",
        "m.py": "import pkg\nclass C(pkg.Public): ...\nclass E(pkg.Gone, unknown.X, make()): ...\n",
    }
    classes = scan(tmp_path, files).classes
    assert classes["m:C"].bases == ("pkg.base:Base", "django.views:View")
    assert classes["m:E"].bases == ()


def test_an_exception_of_a_package_outside_is_known_by_its_name(tmp_path: Path) -> None:
    program = """
        from requests import HTTPError, Session
        class A(HTTPError): ...
        class B(Session): ...
        class SetError: ...
    """
    classes = scan(tmp_path, {"m.py": program}).classes
    assert [classes[f"m:{name}"].traits for name in ("A", "B", "SetError")] == [("exception",), (), ()]


def test_classes_in_tests_are_test_doubles(tmp_path: Path) -> None:
    files = {
        "tests/__init__.py": "",
        "tests/test_a.py": "class Manager: ...\n",
        "conftest.py": "class Manager: ...\n",
    }
    classes = scan(tmp_path, files).classes
    assert {record.traits for record in classes.values()} == {("test-double",)}


def test_bases_that_contradict_each_other_end_nothing(tmp_path: Path) -> None:
    program = """
        class A: ...
        class B(A): ...
        class C(A, B): ...
        class D(C, D): ...
        class E(F): ...
        class F(E): ...
    """
    assert set(scan(tmp_path, {"m.py": program}).classes["m:C"].bases) == {"m:A", "m:B"}


def test_a_line_of_very_many_bases_is_walked(tmp_path: Path) -> None:
    program = "class C0: ...\n" + "".join(f"class C{i}(C{i - 1}): ...\n" for i in range(1, 300))
    assert len(scan(tmp_path, {"m.py": program}).classes["m:C299"].bases) == 299
