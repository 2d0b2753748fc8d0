"""A look calls nothing of the application, keeps nothing of it, and copes with what changes meanwhile."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any

import pytest
from unit.observe.sharing.heaps import accused, application, look_at, verdicts

from ssot_probe.observe.sharing.found import Root
from ssot_probe.observe.sharing.look import SharingLook
from ssot_probe.observe.sharing.memory import Memory

HOSTILE = """
calls = []

def method(name):
    def called(self, *arguments, **named):
        calls.append(name)
        raise RuntimeError(name)
    return called

NAMES = '''
    __eq__ __ne__ __lt__ __hash__ __bool__ __len__ __iter__ __contains__ __getitem__ __repr__
    __str__ __format__ __getattr__ __getattribute__ __dir__ __sizeof__ __reduce__ __call__ __index__
    __int__ __float__ __bytes__ __next__ __reversed__ __missing__ __get__ __instancecheck__
    __length_hint__ keys values items copy get
'''.split()

class Meta(type):
    pass

for name in NAMES:
    if name not in ("__getattribute__", "__get__", "__getattr__"):
        setattr(Meta, name, method("class " + name))
Meta.__getattr__ = method("class __getattr__")

def body():
    return {name: method(name) for name in NAMES if name != "__get__"}

CLASSES = [
    type.__new__(metaclass, base.__name__.title(), (base,), {
        **body(), "__class__": property(method("__class__")), "__module__": __name__,
    })
    for metaclass in (Meta, type)
    for base in (object, dict, list, tuple, set, frozenset, str, bytes, int, float, bytearray)
]

class Lazy:
    __dict__ = property(method("__dict__"))
    value = property(method("value"))

CLASSES.append(Lazy)
ALONE, IN_A_LIST = CLASSES[0].__new__(CLASSES[0]), [CLASSES[0].__new__(CLASSES[0])]

def use():
    return ALONE, IN_A_LIST

def make():
    managers = Manager(), Manager()
    notes = ["alice wrote this"]
    made = [cls.__new__(cls) for cls in CLASSES]
    for manager in managers:
        manager.one = [made, {"alice": made[0], 7: made[-1]}, tuple(made)]
        manager.single = made[0]
        manager.shared = made
        for number, each in enumerate(made):
            manager.__dict__[f"field{number}"] = each
        manager.notes = notes
    return managers
"""


def test_no_method_of_the_application_is_called() -> None:
    with application(HOSTILE) as module:
        memory = Memory()
        modules = {"sharing_app": vars(module)}
        instances = list(zip(("alice", "bob"), module.make()))
        module.calls.clear()
        for _ in range(3):
            look = look_at(instances, memory, modules)
        assert module.calls == []
        assert [one.verdict for one in look.found] == ["contaminated", "unchanged"]


def test_thread_locals_of_the_application_are_not_created() -> None:
    with application(
        """
import threading

made = []

class Local(threading.local):
    def __init__(self):
        made.append(threading.current_thread().name)

local = Local()

def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.local = local
    return managers
"""
    ) as module:
        instances = list(zip(("alice", "bob"), module.make()))
        before = list(module.made)
        thread = threading.Thread(target=look_at, args=(instances,))
        thread.start()
        thread.join()
        assert module.made == before


def test_every_object_is_forgotten() -> None:
    with application("class Held:\n    pass\n") as module:
        alice, bob, held = module.Manager(), module.Manager(), module.Held()
        alice.held = bob.held = held
        gone = [weakref.ref(each) for each in (alice, bob, held)]
        memory = Memory()
        for _ in range(2):
            look = look_at([("alice", alice), ("bob", bob)], memory, {"sharing_app": vars(module)})
        del alice, bob, held
        gc.collect()
        assert [each() for each in gone] == [None, None, None]
        assert len(look.found) == 1


def test_a_look_that_is_stopped_forgets_every_object_too() -> None:
    with application("class Held:\n    pass\n") as module:
        alice, bob, held = module.Manager(), module.Manager(), module.Held()
        alice.held = bob.held = held
        gone = weakref.ref(held)
        roots = [Root(alice, "alice", 1, "m:M", "c"), Root(bob, "bob", 2, "m:M", "c")]
        look = SharingLook(roots, lambda cls: True, Memory())
        look.advance(0)
        look.stop("the service ends")
        while not look.advance(0):
            pass
        del alice, bob, held, roots
        gc.collect()
        assert gone() is None
        assert look.result.stopped == "the service ends"


def test_a_look_goes_on_in_small_steps() -> None:
    with application("class Held:\n    pass\n") as module:
        alice, bob = module.Manager(), module.Manager()
        alice.rows = [module.Held() for _ in range(20_000)]
        roots = [Root(alice, "alice", 1, "m:M", "c"), Root(bob, "bob", 2, "m:M", "c")]
        look = SharingLook(roots, lambda cls: True, Memory())
        steps = 1
        while not look.advance(0):
            steps += 1
        assert steps == look.result.slices > 100


@pytest.mark.parametrize("limit", [{"most_objects": 1_000}, {"most_seconds": 0.0}])
def test_a_look_that_had_to_end_says_so(limit: dict[str, Any]) -> None:
    with application("class Held:\n    pass\n") as module:
        alice, bob = module.Manager(), module.Manager()
        alice.rows = [module.Held() for _ in range(20_000)]
        assert look_at([("alice", alice), ("bob", bob)], **limit).stopped.startswith("after ")


def test_of_a_container_without_end_the_first_and_the_last_entries_are_looked_at() -> None:
    with application("class Held:\n    pass\n") as module:
        alice, bob = module.Manager(), module.Manager()
        shared = {"note": "of alice"}
        alice.rows = [None] * 500_000
        alice.rows.append(shared)
        bob.row = shared
        look = look_at([("alice", alice), ("bob", bob)])
        assert verdicts(look) == [("builtins:dict", "contaminated")]
        assert look.sampled == 1


def test_a_million_objects_a_deep_chain_and_cycles_are_no_trouble() -> None:
    with application("") as module:
        alice, bob = module.Manager(), module.Manager()
        alice.many = [[number] for number in range(1_000)]
        for each in alice.many:
            each.extend([] for _ in range(1_000))
        chain: list[Any] = []
        alice.deep = chain
        for _ in range(20_000):
            chain.append([chain])
            chain = chain[0]
        shared = [alice.deep, "by alice"]
        chain.append(shared)
        bob.shared = shared
        look = look_at([("alice", alice), ("bob", bob)], most_objects=2_000_000, most_seconds=1e6)
        assert look.objects > 1_000_000
        assert [one for one in look.found if one.verdict == "contaminated"]


def test_what_changes_meanwhile_raises_nothing() -> None:
    with application("class Held:\n    pass\n") as module:
        alice, bob = module.Manager(), module.Manager()
        shared: dict[Any, Any] = {}
        alice.shared = bob.shared = shared
        alice.rows, bob.rows = {}, set()
        is_over = threading.Event()

        def change() -> None:
            number = 0
            while not is_over.is_set():
                number += 1
                shared[number, "x"] = module.Held()
                shared.pop((number - 50, "x"), None)
                alice.rows[number] = [number]
                alice.rows.pop(number - 100, None)
                bob.rows.add(number)
                bob.rows.discard(number - 100)
                alice.__dict__[f"field{number % 300}"] = module.Held()

        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        thread = threading.Thread(target=change)
        thread.start()
        try:
            memory = Memory()
            for _ in range(30):
                look = look_at([("alice", alice), ("bob", bob)], memory, {"sharing_app": vars(module)})
                assert look.stopped == ""
        finally:
            is_over.set()
            thread.join()
            sys.setswitchinterval(interval)


def test_an_answer_of_the_application_that_fails_makes_a_type_a_librarys() -> None:
    with application("") as module:
        alice, bob = module.Manager(), module.Manager()
        alice.shared = bob.shared = {"note": "of alice"}

        def is_application(cls: type) -> bool:
            raise ValueError(cls)

        roots = [Root(alice, "alice", 1, "m:M", "c"), Root(bob, "bob", 2, "m:M", "c")]
        look = SharingLook(roots, is_application, Memory())
        while not look.advance(1):
            pass
        assert [one.verdict for one in look.result.found] == ["contaminated"]


def test_locks_loggers_loops_and_what_may_be_shared_are_silent() -> None:
    with application(
        """
import asyncio, concurrent.futures, contextvars, logging, random, re, selectors, threading, sys, weakref

class RateTable:
    def __init__(self):
        self.rows = ["alice has 3"]

class Held:
    pass

held = Held()

def make():
    managers = Manager(), Manager()
    loop = asyncio.new_event_loop()
    things = [
        threading.Lock(), threading.RLock(), threading.Event(), threading.Condition(), asyncio.Lock(),
        threading.current_thread(), logging.getLogger("x"), logging.StreamHandler(), sys.stderr, loop,
        concurrent.futures.ThreadPoolExecutor(1), selectors.DefaultSelector(),
        contextvars.copy_context(),
        contextvars.ContextVar("x"), re.compile("x"), random.Random(7), sys, Manager, make, print,
        weakref.ref(held), weakref.proxy(held), RateTable(), ValueError("alice"),
    ]
    loop.close()
    things[11].close()
    for manager in managers:
        manager.things = list(things)
        for number, each in enumerate(things):
            setattr(manager, f"field{number}", each)
    return managers
"""
    ) as module:
        alice, bob = module.make()
        look = look_at([("alice", alice), ("bob", bob)], shared_ok=["sharing_app:RateTable"])
        assert verdicts(look) == []
        assert accused(look_at([("alice", alice), ("bob", bob)]))[0].type == "sharing_app:RateTable"
