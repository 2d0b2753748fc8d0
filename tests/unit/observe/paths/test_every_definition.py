"""Whatever a watched module may define: each use of it is heard, or it is told that it cannot be."""

from __future__ import annotations

import sys

import pytest
from support.children import Run, line_of, run, run_both

from ssot_probe.model.path_records import PathUseRecord, WatchedPathRecord
from ssot_probe.model.records import BlindRecord, ProcessRecord

HAS_EVENTS = sys.version_info >= (3, 12)

POLICY = """
packages = ["shop"]
[[concept]]
name = "cart-manager"
classes = ["NoSuchClass"]
legacy = ["shop.legacy"]
"""

LEGACY = """
import enum, functools, typing, abc, collections, dataclasses
from dataclasses import dataclass
from typing import NamedTuple

def plain(): return 1
def typed(a: int, b: "str" = "x") -> int: return a
def keyword_only(*, a, b=2): return a
async def awaited(): return 1
def generator(): yield 1
async def async_generator(): yield 1
def outer():
    def nested(): return 1
    return nested
named = lambda: 1
table = {"key": lambda: 1}

def decorator(function):
    @functools.wraps(function)
    def wrapper(*args): return function(*args)
    return wrapper

def hiding(function):
    class Task:
        def __call__(self): return function()
    return Task()

@decorator
def decorated(): return 1

@hiding
def hidden(): return 1

@functools.lru_cache
def cached(): return 1
warmed = cached()

@functools.singledispatch
def dispatched(value): return 1
@dispatched.register
def _(value: int): return 2

class Plain:
    def __init__(self): self.value = 1
    def method(self): return 1
    @classmethod
    def of_class(cls): return 1
    @staticmethod
    def static(): return 1
    @property
    def computed(self): return 1
    @functools.cached_property
    def computed_once(self): return 1
    def __len__(self): return 1
    def __call__(self): return 1
    def __enter__(self): return self
    def __exit__(self, *raised): return None
    class Inner:
        def method(self): return 1

instance = Plain()

class Bare: pass
class BareChild(Bare): pass
class InheritsInit(Plain): pass
class Slots:
    __slots__ = ("a", "__weakref__")
class WithNew:
    def __new__(cls): return super().__new__(cls)

@dataclass
class Data:
    a: int = 1

@dataclass(frozen=True)
class Frozen:
    a: int = 1
    def __post_init__(self): return None

class Point(NamedTuple):
    x: int
    y: int = 2

Pair = collections.namedtuple("Pair", "a b")

class Colour(enum.Enum):
    RED = 1

class Problem(Exception): pass
class OwnProblem(Exception):
    def __init__(self, text): super().__init__(text)

class Typed(typing.TypedDict):
    a: int

class Talks(typing.Protocol):
    def talk(self): ...

class Abstract(abc.ABC):
    @abc.abstractmethod
    def work(self): ...

class Meta(type):
    def __call__(cls, *args): return super().__call__(*args)
class OfMeta(metaclass=Meta): pass

class ModelMeta(type):
    def __new__(meta, name, bases, names): return super().__new__(meta, name, bases, names)
class Model(metaclass=ModelMeta): pass

class Table(dict): pass
class Settings:
    LIMIT = 10

def closing():
    class Local:
        def __init__(self): self.a = 1
    return Local
"""

USES = {
    "plain": "legacy.plain()",
    "typed": "legacy.typed(1)",
    "keyword_only": "legacy.keyword_only(a=1)",
    "awaited": "asyncio.run(legacy.awaited())",
    "generator": "list(legacy.generator())",
    "async_generator": "asyncio.run(consume(legacy.async_generator()))",
    "outer": "legacy.outer()",
    "named": "legacy.named()",
    "table": "legacy.table['key']()",
    "decorated": "legacy.decorated()",
    "hidden": "legacy.hidden()",
    "cached": "legacy.cached()",
    "dispatched": "legacy.dispatched(1)",
    "Plain": "legacy.Plain()",
    "Plain.method": "legacy.instance.method()",
    "Plain.of_class": "legacy.Plain.of_class()",
    "Plain.static": "legacy.Plain.static()",
    "Plain.computed": "legacy.instance.computed",
    "Plain.computed_once": "legacy.instance.computed_once",
    "Plain.__len__": "len(legacy.instance)",
    "Plain.__call__": "legacy.instance()",
    "Plain.__enter__": "entering(legacy.instance)",
    "Plain.Inner.method": "legacy.Plain.Inner.method(None)",
    "Plain.Inner": "legacy.Plain.Inner()",
    "Bare": "legacy.Bare()",
    "BareChild": "legacy.BareChild()",
    "InheritsInit": "legacy.InheritsInit()",
    "Slots": "legacy.Slots()",
    "WithNew": "legacy.WithNew()",
    "Data": "legacy.Data()",
    "Frozen": "legacy.Frozen(2)",
    "Point": "legacy.Point(1)",
    "Pair": "legacy.Pair(1, 2)",
    "Colour": "legacy.Colour.RED.value",
    "Problem": "raising(legacy.Problem)",
    "OwnProblem": "raising(legacy.OwnProblem)",
    "Typed": "legacy.Typed(a=1)",
    "Talks": "isinstance(legacy.Talks, type)",
    "Abstract": "type('Own', (legacy.Abstract,), {'work': print})()",
    "OfMeta": "legacy.OfMeta()",
    "Model": "legacy.Model()",
    "Table": "legacy.Table(a=1)",
    "Settings": "legacy.Settings.LIMIT",
    "closing": "legacy.closing()()",
}

BEGIN = """
import asyncio, sys
from shop import legacy

def raising(cls):
    try:
        raise cls("problem")
    except cls as error:
        return str(error)

def entering(value):
    with value:
        return 1

async def consume(stream):
    return [value async for value in stream]

"""

OWN_NAMES = {
    "InheritsInit": "Plain",
    "named": "<lambda>",
    "table": "<lambda>",
    "dispatched": "_",
}
"""What is heard, where that has another name than what is used."""

IN_BETWEEN = {
    "decorated",
    "hidden",
    "awaited",
    "async_generator",
    "Plain.__enter__",
    "OwnProblem",
    "cached",
    "Abstract",
}
"""Used from another line than the one that says so: by an event loop, a function, or unseen by whom."""


def _program() -> str:
    lines = [f"print({use!r}, end=' ')\nx = {use}  # {name}" for name, use in USES.items()]
    return BEGIN + "\n".join(lines) + "\nprint('end')\n"


@pytest.fixture(scope="module", params=["watched from the start", "loaded before"])
def used(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("used")
    files = {"shop/__init__.py": "", "shop/legacy.py": LEGACY}
    if request.param == "loaded before":
        start = "import shop.legacy, ssot_probe.probe\nprobe = ssot_probe.probe.start()\n"
        environment = {"SSOT_PROBE": ""}
        observed = run(
            directory, program=start + _program(), files=files, policy=POLICY, environment=environment
        )
    else:
        observed, _ = run_both(directory, program=_program(), files=files, policy=POLICY)
    return observed.checked()


def _unheard(run: Run) -> dict[str, str]:
    told = run.of(WatchedPathRecord)[-1].unheard
    return {name: why for name, _, why in (entry.partition(": ") for entry in told.split("; "))}


@pytest.mark.parametrize("name", USES)
def test_no_use_of_whatever_a_module_defines_is_missed_in_silence(used: Run, name: str) -> None:
    line = line_of(used.directory.parent / "main.py", name)
    known = {name, OWN_NAMES.get(name, name)}
    heard = [record for record in used.of(PathUseRecord) if record.subject.partition(":")[2] in known]
    places = {record.site.line for record in heard}
    assert known & set(_unheard(used)) or (heard and (name in IN_BETWEEN or line in places))


def test_what_cannot_be_heard_is_told_with_its_reason_and_nothing_else_is(used: Run) -> None:
    told = set(_unheard(used))
    not_code = {"Colour", "OfMeta", "OwnProblem", "Pair", "Point", "Problem", "Settings", "Talks", "Typed"}
    elsewhere = {"Table", "Meta", "dispatched"}
    assert not_code | elsewhere <= told
    if HAS_EVENTS:
        assert told == not_code | elsewhere


def test_what_is_watched_is_told_with_its_counts_though_they_be_zero(used: Run) -> None:
    (process,) = used.processes
    last = process.of(WatchedPathRecord)[-1]
    uses = [record for record in process.of(PathUseRecord) if record.rung == "called"]
    assert (last.path, last.kind, last.file, last.loaded) == ("shop.legacy", "module", "shop/legacy.py", 1)
    assert last.called == sum(record.count for record in uses) > 15
    assert process.of(ProcessRecord)[-1].control == "seen", process.of(BlindRecord)
    assert not used.losses
