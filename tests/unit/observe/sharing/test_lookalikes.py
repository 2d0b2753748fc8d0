"""Applications that were written after the detector: some are well and some are not."""

from __future__ import annotations

import pytest
from unit.observe.sharing.heaps import APPLICATION, accused, application, look_at

from ssot_probe.observe.sharing.found import SharedObject
from ssot_probe.observe.sharing.memory import Memory

WELL = {
    "ws hub keyed by conn id, values roots": """
class Hub:

    def __init__(self):
        self.by_conn = {}

def make():
    hub = Hub()
    ms = (Manager(), Manager())
    for n, m in enumerate(ms):
        m.hub = hub
        hub.by_conn[f'c{n}'] = m
    return ms
""",
    "rate limiter": """
import collections

class Limiter:

    def __init__(self):
        self.hits = collections.defaultdict(collections.deque)

def make():
    l = Limiter()
    ms = (Manager(), Manager())
    for u, m in zip(('alice', 'bob'), ms):
        m.l = l
        l.hits[u].append(1.0)
    return ms
""",
    "lru cache obj keyed": """
from collections import OrderedDict

class LRU:

    def __init__(self):
        self.d = OrderedDict()

def make():
    l = LRU()
    ms = (Manager(), Manager())
    for u, m in zip(('alice', 'bob'), ms):
        m.l = l
        l.d['profile', u] = {'name': u}
    return ms
""",
    "event emitter with bound methods": """
class Emitter:

    def __init__(self):
        self.handlers = {'msg': []}

def make():
    e = Emitter()
    ms = (Manager(), Manager())
    for m in ms:
        m.e = e
        e.handlers['msg'].append(m.__init__)
    return ms
""",
    "emitter with wrapped bound methods": """
import wrapt

class Man(Manager):

    @wrapt.decorator
    def traced(wrapped, instance, args, kwargs):
        return wrapped(*args, **kwargs)

    @traced
    def on(self):
        pass

class Emitter:

    def __init__(self):
        self.handlers = []

def make():
    e = Emitter()
    ms = (Man(), Man())
    for m in ms:
        m.e = e
        e.handlers.append(m.on)
    return ms
""",
    "records by number, which say the same number": """
def make():
    table = {}
    ms = (Manager(), Manager())
    for u, m in zip((1, 2), ms):
        m.table = table
        table[u] = {'account': u, 'visits': 3}
    return ms
""",
    "cached factory": """
import functools

@functools.lru_cache
def manager_of(user):
    return Manager()

@functools.lru_cache(maxsize=None)
def orders_of(user, page=1):
    return [f'order of {user}']

def make():
    ms = (manager_of('alice'), manager_of('bob'))
    for u, m in zip(('alice', 'bob'), ms):
        m.orders = orders_of
        m.again = manager_of
        m.orders(u), m.orders(u, page=2)
    return ms
""",
    "cached name": """
import functools

@functools.lru_cache(maxsize=3)
def name_of(user):
    return user

def make():
    ms = (Manager(), Manager())
    for u, m in zip(('alice', 'bob'), ms):
        m.name_of = name_of
        m.name_of(u), m.name_of('nobody')
    return ms
""",
    "emitter with lambdas over roots": """
class Emitter:

    def __init__(self):
        self.handlers = {'msg': []}

def sub(e, m):
    e.handlers['msg'].append(lambda ev: m)

def make():
    e = Emitter()
    ms = (Manager(), Manager())
    for m in ms:
        m.e = e
        sub(e, m)
    return ms
""",
    "emitter weakmethods": """
import weakref

class Man(Manager):

    def on(self):
        pass

class Emitter:

    def __init__(self):
        self.handlers = []

def make():
    e = Emitter()
    ms = (Man(), Man())
    for m in ms:
        m.e = e
        e.handlers.append(weakref.WeakMethod(m.on))
    return ms
""",
    "weakvaluedict": """
import weakref

class Man(Manager):
    all_ = weakref.WeakValueDictionary()
    ids = weakref.WeakKeyDictionary()
    s = weakref.WeakSet()

def make():
    ms = (Man(), Man())
    for u, m in zip(('alice', 'bob'), ms):
        Man.all_[u] = m
        Man.ids[m] = u
        Man.s.add(m)
    return ms
""",
    "class registry dict of roots": """
class Man(Manager):
    registry = {}

def make():
    ms = (Man(), Man())
    for u, m in zip(('alice', 'bob'), ms):
        Man.registry[u] = m
    return ms
""",
    "class instances list": """
class Man(Manager):
    instances = []

def make():
    ms = (Man(), Man())
    for u, m in zip(('alice', 'bob'), ms):
        Man.instances.append(m)
    return ms
""",
    "dataclass default_factory": """
import dataclasses

@dataclasses.dataclass
class Man:
    user: str
    rows: list = dataclasses.field(default_factory=list)

def make():
    ms = (Man('alice'), Man('bob'))
    for m in ms:
        m.rows.append(m.user)
    return ms
""",
    "shared stats counters": """
class Stats:

    def __init__(self):
        self.by_event = {}

def make():
    s = Stats()
    ms = (Manager(), Manager())
    for m in ms:
        m.s = s
        s.by_event['login'] = 1
    return ms
""",
    "thread pool + lock + session factory": """
import concurrent.futures, threading

class Factory:

    def __init__(self):
        self.lock = threading.Lock()
        self.pool = concurrent.futures.ThreadPoolExecutor(1)

def make():
    f = Factory()
    ms = (Manager(), Manager())
    for m in ms:
        m.f = f
    return ms
""",
    "inbox by user w sender": """
class Bus:

    def __init__(self):
        self.inbox = {}

def make():
    b = Bus()
    ms = (Manager(), Manager())
    for u, o, m in zip(('alice', 'bob'), ('bob', 'alice'), ms):
        m.b = b
        b.inbox[u] = [{'from': o, 'text': 'hi'}]
    return ms
""",
    "string template": """
import string, re, datetime, decimal, pathlib, uuid

def make():
    t = [string.Template('x'), re.compile('alice'), datetime.datetime.now()]
    t += [decimal.Decimal(1), pathlib.Path('/home/alice'), uuid.uuid4()]
    ms = (Manager(), Manager())
    for m in ms:
        for n, x in enumerate(t):
            setattr(m, f'f{n}', x)
    return ms
""",
    "background tasks": """
import asyncio
tasks = set()

async def work(rows):
    await asyncio.sleep(60)

def use():
    return tasks

def make():
    loop = asyncio.new_event_loop()
    managers = (Manager(), Manager())
    for user, manager in zip(('alice', 'bob'), managers):
        task = loop.create_task(work(['row of ' + user]))
        tasks.add(task)
        manager.tasks = tasks
    opened.append(Loop(loop))
    return managers
opened = []

class Loop:

    def __init__(self, loop):
        self.loop = loop

    def close(self):
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()
""",
    "values of a descriptor": """
class Field:

    def __init__(self):
        self.values = {}

    def __set__(self, instance, value):
        self.values[id(instance)] = value

class Noted(Manager):
    note = Field()

def make():
    managers = (Noted(), Noted())
    for user, manager in zip(('alice', 'bob'), managers):
        manager.note = 'note of ' + user
    return managers
""",
}

ILL = {
    "cached by path alone": """
import functools
current = []

@functools.lru_cache
def page(path):
    return {'name': current[-1], 'path': path}

def make():
    ms = (Manager(), Manager())
    for u, m in zip(('alice', 'bob'), ms):
        current[:] = [u]
        m.page = page
        page(f'/{len(u)}')
    current.clear()
    return ms
""",
    "records by number of somebody else": """
def make():
    table = {}
    ms = (Manager(), Manager())
    for n, u, m in zip((2, 1), ('alice', 'bob'), ms):
        m.table = table
        table[n] = {'account': u, 'visits': 3}
    return ms
""",
    "repo with table rows": """
class Repo:

    def __init__(self):
        self.rows = [{'id': 1, 'owner': 'alice'}, {'id': 2, 'owner': 'bob'}]

def make():
    l = Repo()
    ms = (Manager(), Manager())
    for u, m in zip(('alice', 'bob'), ms):
        m.l = l
    return ms
""",
    "namedtuple w list shared": """
import collections
P = collections.namedtuple('P', 'u rows')

def make():
    rows = []
    ms = (Manager(), Manager())
    for u, m in zip(('alice', 'bob'), ms):
        m.p = P(u, rows)
        rows.append(u + ' x')
    return ms
""",
    "parent's context user object shared": """
class Ctx:

    def __init__(self, u):
        self.user = u

def make():
    c = Ctx('alice')
    ms = (Manager(), Manager())
    for m in ms:
        m.ctx = c
    return ms
""",
    "room history": """
class Room:

    def __init__(self):
        self.history = []

def make():
    b = Room()
    ms = (Manager(), Manager())
    for u, m in zip(('alice', 'bob'), ms):
        m.b = b
        b.history.append({'from': u, 'text': 'hi'})
    return ms
""",
    "shared set of tokens": """
def make():
    s = set()
    ms = (Manager(), Manager())
    for u, m in zip(('alice', 'bob'), ms):
        m.s = s
        s.add('token-' + u)
    return ms
""",
    "self.__class__.cache keyed by path": """
class Man(Manager):
    cache = {}

    def __init__(self, u):
        self.cache['/me'] = {'name': u}

def make():
    return (Man('alice'), Man('bob'))
""",
    "queue of jobs w user": """
import queue

def make():
    q = queue.Queue()
    ms = (Manager(), Manager())
    for u, m in zip(('alice', 'bob'), ms):
        m.q = q
        q.put({'user_id': u, 'x': 1})
    return ms
""",
    "nested default argument": """
class Optional(Manager):

    def __init__(self, user, options={'tags': []}):
        self.options = options
        options['tags'].append(user)

def make():
    return (Optional('alice'), Optional('bob'))
""",
}


def accused_in(text: str) -> list[SharedObject]:
    with application(text) as module:
        memory, modules = Memory(), {APPLICATION: vars(module)}
        users = ("1", "2") if "(1, 2)" in text else ("alice", "bob")
        instances = list(zip(users, module.make()))
        look_at(instances, memory, modules)
        return accused(look_at(instances, memory, modules))


@pytest.mark.parametrize("name", WELL)
def test_an_application_that_is_well_is_not_accused(name: str) -> None:
    assert accused_in(WELL[name]) == []


@pytest.mark.parametrize("name", ILL)
def test_an_application_that_is_ill_is_accused_of_users_data(name: str) -> None:
    assert {one.verdict for one in accused_in(ILL[name])} <= {"mixed", "contaminated"}
    assert accused_in(ILL[name])
