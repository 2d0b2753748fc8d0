"""The catalogue of defects, each as plain objects, beside an application that looks alike and is well."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from unit.observe.sharing.heaps import accused, application, look_at

from ssot_probe.observe.sharing.memory import Memory


class Pair(NamedTuple):
    """`make` of each text returns the instances of alice and bob; `later` is run between two looks."""

    defect: str
    benign: str
    verdict: str
    type: str = ""


PAIRS = {
    "default argument": Pair(
        """
def make():
    return start("alice"), start("bob")

def start(user, rows=[]):
    manager = Manager()
    manager.rows = rows
    rows.append("a note of " + user)
    return manager
""",
        """
def make():
    return start("alice"), start("bob")

def start(user, rows=None):
    manager = Manager()
    manager.rows = [] if rows is None else rows
    manager.rows.append("a note of " + user)
    return manager
""",
        "mixed",
        "builtins:list",
    ),
    "class attribute": Pair(
        """
class History:
    entries = []

    def __init__(self, user):
        self.entries.append({"user_id": user, "text": "hello"})

def make():
    return History("alice"), History("bob")
""",
        """
class History:
    FIELDS = ["user_id", "text"]

    def __init__(self, user):
        self.entries = [{"user_id": user, "text": "hello"}]

def make():
    return History("alice"), History("bob")
""",
        "mixed",
        "builtins:list",
    ),
    "shallow copy of a template": Pair(
        """
TEMPLATE = {"theme": "dark", "cart": []}

def make():
    managers = Manager(), Manager()
    for user, manager in zip(("alice", "bob"), managers):
        manager.state = dict(TEMPLATE)
        manager.state["cart"].append(f"{user}: bread")
    return managers
""",
        """
import copy

TEMPLATE = {"theme": "dark", "cart": [], "colours": ("red", "blue")}

def make():
    managers = Manager(), Manager()
    for user, manager in zip(("alice", "bob"), managers):
        manager.state = copy.deepcopy(TEMPLATE)
        manager.state["cart"].append(f"{user}: bread")
    return managers
""",
        "mixed",
        "builtins:list",
    ),
    "result of a cached function": Pair(
        """
import functools

@functools.lru_cache
def preferences():
    return {"language": "en"}

def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.preferences = preferences()
    return managers

def later():
    preferences()["language"] = "de"
""",
        """
import functools

@functools.lru_cache
def preferences():
    return {"language": "en"}

def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.preferences = preferences()
    return managers

def later():
    preferences()["language"]
""",
        "mutated",
        "builtins:dict",
    ),
    "closure that was made once": Pair(
        """
def formatter():
    lines = []
    def format_line(text):
        lines.append(text)
    return format_line

def make():
    managers = Manager(), Manager()
    shared = formatter()
    for user, manager in zip(("alice", "bob"), managers):
        manager.format_line = shared
        manager.format_line(f"{user} came")
    return managers
""",
        """
def formatter():
    lines = []
    def format_line(text):
        lines.append(text)
    return format_line

def make():
    managers = Manager(), Manager()
    for user, manager in zip(("alice", "bob"), managers):
        manager.format_line = formatter()
        manager.format_line(f"{user} came")
    return managers
""",
        "mixed",
        "builtins:list",
    ),
    "borg": Pair(
        """
class Borg:
    _state = {}

    def __init__(self, user):
        self.__dict__ = self._state
        self.user_id = user

def make():
    return Borg("alice"), Borg("bob")
""",
        """
class Single:
    def __init__(self, user):
        self.user_id = user

def make():
    return Single("alice"), Single("bob")
""",
        "contaminated",
        "builtins:dict",
    ),
    "view of another's attributes": Pair(
        """
class View:
    pass

def make():
    managers = Manager(), Manager()
    view = View()
    view.note = "written by alice"
    managers[0].view = view
    managers[1].fields = vars(view)
    return managers
""",
        """
class View:
    pass

def make():
    managers = Manager(), Manager()
    view = View()
    view.note = "written by alice"
    managers[0].view = view
    managers[1].fields = dict.fromkeys(vars(view))
    return managers
""",
        "contaminated",
        "builtins:dict",
    ),
    "one database connection": Pair(
        """
import sqlite3

opened = []

class Repository:
    def __init__(self, connection):
        self.connection = connection

def make():
    managers = Manager(), Manager()
    shared = Repository(sqlite3.connect(":memory:"))
    opened.append(shared.connection)
    for manager in managers:
        manager.repository = shared
    return managers
""",
        """
import sqlite3

opened = []

class Repository:
    def __init__(self):
        self.connections = {}

    def connection_of(self, user):
        return self.connections.setdefault(user, sqlite3.connect(":memory:"))

def make():
    managers = Manager(), Manager()
    shared = Repository()
    for user, manager in zip(("alice", "bob"), managers):
        manager.repository = shared
        manager.connection = shared.connection_of(user)
        opened.append(manager.connection)
    return managers
""",
        "never-share",
        "sqlite3:Connection",
    ),
    "fromkeys with a list": Pair(
        """
def make():
    managers = Manager(), Manager()
    inboxes = dict.fromkeys(("alice", "bob"), [])
    for user, manager in zip(("alice", "bob"), managers):
        manager.inbox = inboxes[user]
        manager.inbox.append((user, "hello"))
    return managers
""",
        """
def make():
    managers = Manager(), Manager()
    inboxes = {user: [] for user in ("alice", "bob")}
    for user, manager in zip(("alice", "bob"), managers):
        manager.inbox = inboxes[user]
        manager.inbox.append((user, "hello"))
    return managers
""",
        "mixed",
        "builtins:list",
    ),
    "replaced dataclass": Pair(
        """
import dataclasses

@dataclasses.dataclass(frozen=True)
class State:
    user: str
    rows: list

def make():
    managers = Manager(), Manager()
    first = State("alice", [])
    for user, manager in zip(("alice", "bob"), managers):
        manager.state = dataclasses.replace(first, user=user)
        manager.state.rows.append(f"row of {user}")
    return managers
""",
        """
import dataclasses

@dataclasses.dataclass(frozen=True)
class State:
    user: str
    rows: list

def make():
    managers = Manager(), Manager()
    first = State("alice", [])
    for user, manager in zip(("alice", "bob"), managers):
        manager.state = dataclasses.replace(first, user=user, rows=[f"row of {user}"])
    return managers
""",
        "mixed",
        "builtins:list",
    ),
    "current user of a service": Pair(
        """
class Service:
    def __init__(self):
        self.current_user = None

def make():
    managers = Manager(), Manager()
    service = Service()
    for user, manager in zip(("alice", "bob"), managers):
        manager.service = service
        service.current_user = user
    return managers
""",
        """
class Service:
    def __init__(self):
        self.limit = 7

def make():
    managers = Manager(), Manager()
    service = Service()
    for user, manager in zip(("alice", "bob"), managers):
        manager.service = service
        manager.user = user
    return managers
""",
        "contaminated",
        "sharing_app:Service",
    ),
    "key without the user": Pair(
        """
def make():
    managers = Manager(), Manager()
    cache = {}
    for user, manager in zip(("alice", "bob"), managers):
        manager.cache = cache
        cache.setdefault("GET /orders", {"orders": [f"order of {user}"]})
    return managers
""",
        """
def make():
    managers = Manager(), Manager()
    cache = {"GET /prices": {"prices": [1, 2]}}
    for user, manager in zip(("alice", "bob"), managers):
        manager.cache = cache
        cache.setdefault((user, "GET /orders"), {"orders": [f"order of {user}"]})
        cache.setdefault(f"user:{user}:likes", [f"likes of {user}"])
    return managers
""",
        "contaminated",
        "builtins:dict",
    ),
    "one queue": Pair(
        """
import asyncio

def make():
    managers = Manager(), Manager()
    queue = asyncio.Queue()
    for user, manager in zip(("alice", "bob"), managers):
        manager.queue = queue
        queue.put_nowait({"user": user, "text": "hello"})
    return managers
""",
        """
import asyncio

def make():
    managers = Manager(), Manager()
    for user, manager in zip(("alice", "bob"), managers):
        manager.queue = asyncio.Queue()
        manager.queue.put_nowait({"user": user, "text": "hello"})
    return managers
""",
        "mixed",
        "asyncio.queues:Queue",
    ),
    "handler in another's callbacks": Pair(
        """
class Handler:
    def __init__(self, user):
        self.user_id = user

def make():
    managers = Manager(), Manager()
    handlers = []
    for user, manager in zip(("alice", "bob"), managers):
        manager.handlers = handlers
        handlers.append(Handler(user))
    return managers
""",
        """
class Bus:
    def __init__(self):
        self.subscribers = []

def make():
    managers = Manager(), Manager()
    bus = Bus()
    for manager in managers:
        manager.bus = bus
        bus.subscribers.append(manager)
    return managers
""",
        "mixed",
        "builtins:list",
    ),
    "method of a shared accumulator": Pair(
        """
import functools

def make():
    managers = Manager(), Manager()
    rows = []
    for user, manager in zip(("alice", "bob"), managers):
        manager.add = rows.append
        manager.add_first = functools.partial(rows.insert, 0)
        manager.add(f"{user}: hello")
    return managers
""",
        """
import functools

def make():
    managers = Manager(), Manager()
    add = functools.partial(max, 7, (1, 2))
    for user, manager in zip(("alice", "bob"), managers):
        manager.add = add
        manager.rows = [f"{user}: hello"]
    return managers
""",
        "mixed",
        "builtins:list",
    ),
    "logger adapter": Pair(
        """
import logging

def make():
    managers = Manager(), Manager()
    adapter = logging.LoggerAdapter(logging.getLogger("shop"), {})
    for user, manager in zip(("alice", "bob"), managers):
        manager.log = adapter
        adapter.extra["user_id"] = user
    return managers
""",
        """
import logging

def make():
    managers = Manager(), Manager()
    for user, manager in zip(("alice", "bob"), managers):
        manager.log = logging.LoggerAdapter(logging.getLogger("shop"), {"user_id": user})
    return managers
""",
        "contaminated",
        "logging:LoggerAdapter",
    ),
    "slots": Pair(
        """
class Slim:
    __slots__ = ("rows", "user", "__weakref__")

def make():
    slim = Slim(), Slim()
    rows = {}
    for user, one in zip(("alice", "bob"), slim):
        one.user = user
        one.rows = rows
        rows["last_user"] = user
    return slim
""",
        """
class Slim:
    __slots__ = ("rows", "user", "__weakref__")

def make():
    slim = Slim(), Slim()
    for user, one in zip(("alice", "bob"), slim):
        one.user = user
        one.rows = (1, "x", 2.5)
    return slim
""",
        "contaminated",
        "builtins:dict",
    ),
    "buffer": Pair(
        """
buffer = bytearray(16)

def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.buffer = buffer
    return managers

def later():
    buffer[0] = 7
""",
        """
buffer = bytes(16)

def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.buffer = buffer
        manager.view = memoryview(buffer)
    return managers
""",
        "mutated",
        "builtins:bytearray",
    ),
    "array": Pair(
        """
import array

numbers = array.array("l", [1, 2, 3])

def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.numbers = memoryview(numbers)
    return managers

def later():
    numbers[0] = 7
""",
        """
import array

numbers = array.array("l", [1, 2, 3])

def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.numbers = numbers
    return managers
""",
        "mutated",
        "array:array",
    ),
    "thread-local of one thread": Pair(
        """
import threading

local = threading.local()

def make():
    managers = Manager(), Manager()
    local.seen = []
    for user, manager in zip(("alice", "bob"), managers):
        manager.local = local
        local.seen.append(f"{user} was here")
    return managers
""",
        """
import threading

local = threading.local()

def make():
    managers = Manager(), Manager()
    local.current = "alice"
    for user, manager in zip(("alice", "bob"), managers):
        manager.local = local
    thread = threading.Thread(target=setattr, args=(local, "current", "bob"))
    thread.start()
    thread.join()
    return managers
""",
        "mixed",
        "_thread:_local",
    ),
    "counter": Pair(
        """
class Meter:
    def __init__(self):
        self.count = 0

meter = Meter()

def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.meter = meter
    return managers

def later():
    meter.count += 1
""",
        """
import enum, dataclasses, collections

class Colour(enum.Enum):
    RED = []

@dataclasses.dataclass(frozen=True)
class Settings:
    host: str = "localhost"

Point = collections.namedtuple("Point", "x y")
settings = Settings()
origin = Point(0, 0)

def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.settings, manager.origin, manager.colour = settings, origin, Colour.RED
        manager.config = {"host": "localhost"}
    return managers
""",
        "mutated",
        "sharing_app:Meter",
    ),
    "generator that was made once": Pair(
        """
def numbered():
    given = []
    while True:
        name = yield given
        given.append(name)

def make():
    managers = Manager(), Manager()
    shared = numbered()
    next(shared)
    for user, manager in zip(("alice", "bob"), managers):
        manager.numbers = shared
        shared.send(f"{user} 1")
    return managers
""",
        """
def numbered():
    given = []
    while True:
        name = yield given
        given.append(name)

def make():
    managers = Manager(), Manager()
    for user, manager in zip(("alice", "bob"), managers):
        manager.numbers = numbered()
        next(manager.numbers)
        manager.numbers.send(f"{user} 1")
    return managers
""",
        "mixed",
        "builtins:list",
    ),
    "result of a future": Pair(
        """
import concurrent.futures

def make():
    managers = Manager(), Manager()
    answer = concurrent.futures.Future()
    answer.set_result({"orders": ["order of alice"]})
    for manager in managers:
        manager.answer = answer
    return managers
""",
        """
import concurrent.futures

def make():
    managers = Manager(), Manager()
    answer = concurrent.futures.Future()
    answer.set_result({"prices": [1, 2]})
    for manager in managers:
        manager.answer = answer
    return managers
""",
        "contaminated",
        "concurrent.futures._base:Future",
    ),
    "variable of a closure": Pair(
        """
def counter():
    last = "nobody"
    def note(text):
        nonlocal last
        last, before = text, last
        return before
    return note

def make():
    managers = Manager(), Manager()
    shared = counter()
    for user, manager in zip(("alice", "bob"), managers):
        manager.note = shared
        manager.note(user)
    return managers
""",
        """
def greeter(greeting):
    def greet(name):
        return greeting + name
    return greet

def make():
    managers = Manager(), Manager()
    shared = greeter("hello ")
    for user, manager in zip(("alice", "bob"), managers):
        manager.greet = shared
        manager.greet(user)
    return managers
""",
        "contaminated",
        "builtins:cell",
    ),
    "room": Pair(
        """
class Room:
    def __init__(self):
        self.members = set()
        self.lines = []

def make():
    managers = Manager(), Manager()
    room = Room()
    for user, manager in zip(("alice", "bob"), managers):
        manager.room = room
        room.members.add(user)
        room.lines.append((user, "hello"))
    return managers
""",
        """
class Room:
    def __init__(self):
        self.members = set()
        self.order = []

def make():
    managers = Manager(), Manager()
    room = Room()
    for user, manager in zip(("alice", "bob"), managers):
        manager.room = room
        room.members.add(user)
        room.order.append(user)
    return managers
""",
        "mixed",
        "sharing_app:Room",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_defect_is_found(name: str) -> None:
    pair = PAIRS[name]
    with application(pair.defect) as module:
        memory = Memory()
        instances = list(zip(("alice", "bob"), module.make()))
        look_at(instances, memory)
        vars(module).get("later", list)()
        found = accused(look_at(instances, memory))
    assert (pair.type, pair.verdict) in [(one.type, one.verdict) for one in found]
    assert all(len(one.paths) == 2 for one in found)


@pytest.mark.parametrize("name", PAIRS)
def test_what_looks_like_the_defect_is_not_accused(name: str) -> None:
    with application(PAIRS[name].benign) as module:
        memory = Memory()
        instances = list(zip(("alice", "bob"), module.make()))
        assert accused(look_at(instances, memory)) == []
        vars(module).get("later", list)()
        assert accused(look_at(instances, memory)) == []
