"""Small programs that misuse instances while they run, and look-alikes in which nothing may be found.

Each runs under the probe as a process of its own; two calls that are to overlap wait for each other.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest
from support.children import Run, run

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.records import BlindRecord, OverlapRecord, RaceRecord
from ssot_probe.policy_file import read_policy

POLICY = """
    packages = ["shop"]
    [[concept]]
    name = "cart-manager"
    classes = ["*CartManager*"]
    isolation = "{isolation}"
    {more}
"""

TOGETHER = """
    import asyncio, threading, time
    from concurrent.futures import ThreadPoolExecutor
    from ssot_probe import bind_user

    def threads(*works):
        started = [threading.Thread(target=work) for work in works]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()

    def one_by_one(*works):
        for work in works:
            threads(work)
"""


class Case(NamedTuple):
    """A program and how its concept is declared."""

    carts: str  # the module that defines the class
    main: str
    isolation: str = ""
    more: str = ""


CARTS = """
    import asyncio, threading
    class CartManager:
        def __init__(self):
            self.lines = []
        def add(self, meet=None):
            self.lines.append(1)
            if meet is not None:
                meet.wait(5)
        async def send(self, meet=None):
            if meet is not None:
                await meet()
            return len(self.lines)
        def stream(self, count=3):
            for number in range(count):
                yield number
        async def events(self, count=3):
            for number in range(count):
                yield number
        def fail(self, meet=None):
            if meet is not None:
                meet.wait(5)
            raise LookupError

    shared = CartManager()
    managers = {}

    def get_manager(user_id):
        return managers.setdefault(user_id, CartManager())
"""

MEETING = """
    class Meeting:
        def __init__(self, count):
            self.missing, self.all_here = count, None
        async def __call__(self):
            self.all_here = self.all_here or asyncio.Event()
            self.missing -= 1
            if not self.missing:
                self.all_here.set()
            await asyncio.wait_for(self.all_here.wait(), 5)
"""

OVERLAPS = {
    "two users' plain methods in two threads": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work(user):
            with bind_user(user):
                shared.add(meet)
        threads(lambda: work("anna"), lambda: work("bert"))
        """,
    ),
    "two users' async methods over an await": Case(
        CARTS,
        """
        meet = Meeting(2)
        async def handle(user):
            with bind_user(user):
                await shared.send(meet)
        async def main():
            await asyncio.gather(handle("anna"), handle("bert"))
        asyncio.run(main())
        """,
    ),
    "coroutines that are made before either of them runs": Case(
        CARTS,
        """
        meet = Meeting(2)
        async def main():
            tasks = []
            for user in ("anna", "bert"):
                with bind_user(user):
                    tasks.append(asyncio.create_task(shared.send(meet)))
            for task in tasks:
                await task
        asyncio.run(main())
        """,
    ),
    "a plain method while another user's async one waits": Case(
        CARTS,
        """
        async def slow(user):
            with bind_user(user):
                await shared.send(lambda: asyncio.sleep(0.05))
        async def quick(user):
            with bind_user(user):
                shared.add()
        async def main():
            await asyncio.gather(slow("anna"), quick("bert"))
        asyncio.run(main())
        """,
    ),
    "a method while another user's generator is under way": Case(
        CARTS,
        """
        def begin(user):
            with bind_user(user):
                generator = shared.stream()
                next(generator)
                return generator
        generator = begin("anna")
        def work(user):
            with bind_user(user):
                shared.add()
        threads(lambda: work("bert"))
        list(generator)
        """,
    ),
    "a method while another user's async generator is under way": Case(
        CARTS,
        """
        meet = Meeting(2)
        async def listen(user):
            with bind_user(user):
                async for event in shared.events(1):
                    await meet()
                    await asyncio.sleep(0.05)
        async def quick(user):
            await meet()
            with bind_user(user):
                shared.add()
        async def main():
            await asyncio.gather(listen("anna"), quick("bert"))
        asyncio.run(main())
        """,
    ),
    "users of a ContextVar that the policy names": Case(
        CARTS
        + """
    from contextvars import ContextVar
    current_user = ContextVar("current_user")
        """,
        """
        from shop.carts import current_user
        meet = threading.Barrier(2)
        def work(user):
            current_user.set(user)
            shared.add(meet)
        threads(lambda: work("anna"), lambda: work("bert"))
        """,
        more="""
    [[user]]
    contextvar = "shop.carts:current_user"
        """,
    ),
    "a method that fails": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work(user):
            with bind_user(user):
                try:
                    shared.fail(meet)
                except LookupError:
                    pass
        threads(lambda: work("anna"), lambda: work("bert"))
        """,
    ),
    "a slotted dataclass that is frozen": Case(
        """
    from dataclasses import dataclass
    @dataclass(frozen=True)
    class CartManager:
        __slots__ = ("name", "__weakref__")
        name: str
        def add(self, meet):
            meet.wait(5)
    shared = CartManager("all")
        """,
        """
        meet = threading.Barrier(2)
        def work(user):
            with bind_user(user):
                shared.add(meet)
        threads(lambda: work("anna"), lambda: work("bert"))
        """,
    ),
    "threads that are still inside when the program ends": Case(
        CARTS,
        """
        inside = threading.Semaphore(0)
        class Stay:
            def wait(self, seconds):
                inside.release()
                time.sleep(60)
        def work(user):
            with bind_user(user):
                shared.add(Stay())
        for user in ("anna", "bert"):
            threading.Thread(target=work, args=(user,), daemon=True).start()
        inside.acquire()
        inside.acquire()
        """,
    ),
}

NO_OVERLAPS = {
    "two users, one after the other": Case(
        CARTS,
        """
        def work(user):
            with bind_user(user):
                shared.add()
        one_by_one(lambda: work("anna"), lambda: work("bert"))
        """,
    ),
    "async methods that follow each other": Case(
        CARTS,
        """
        async def handle(user):
            with bind_user(user):
                await shared.send(lambda: asyncio.sleep(0.01))
        async def main():
            await handle("anna")
            await handle("bert")
        asyncio.run(main())
        """,
    ),
    "one user twice": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work(user):
            with bind_user(user):
                shared.add(meet)
        threads(lambda: work("anna"), lambda: work("anna"))
        """,
    ),
    "an instance for each user": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work(user):
            with bind_user(user):
                get_manager(user).add(meet)
        threads(lambda: work("anna"), lambda: work("bert"))
        """,
    ),
    "a user who is not known": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work(user):
            with bind_user(user):
                shared.add(meet)
        threads(lambda: work("anna"), lambda: work(None))
        """,
    ),
    "what is for the whole process": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work(user):
            with bind_user(user):
                shared.add(meet)
        threads(lambda: work("anna"), lambda: work("bert"))
        """,
        isolation="process",
    ),
    "what the policy lets users share": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work(user):
            with bind_user(user):
                shared.add(meet)
        threads(lambda: work("anna"), lambda: work("bert"))
        """,
        more='shared_ok = ["shop.carts:CartManager"]',
    ),
    "a method that acts for another user meanwhile": Case(
        """
    from ssot_probe import bind_user
    class CartManager:
        def add(self):
            return 1
        def add_for(self, user):
            with bind_user(user):
                return self.add()
        async def send(self):
            return 1
        async def send_for(self, user):
            with bind_user(user):
                return await self.send() + self.add()
    shared = CartManager()
        """,
        """
        with bind_user("anna"):
            shared.add_for("bert")
        async def main():
            with bind_user("anna"):
                await shared.send_for("bert")
        asyncio.run(main())
        """,
    ),
    "a method that calls that of its base": Case(
        CARTS
        + """
    class BigCartManager(CartManager):
        def add(self, meet=None):
            return super().add(meet)
        async def send(self, meet=None):
            return await super().send(meet)
    big = BigCartManager()
        """,
        """
        from shop.carts import big
        async def main():
            with bind_user("anna"):
                big.add()
                await big.send()
        asyncio.run(main())
        """,
    ),
    "a generator that was never stepped, one that was given up, and one that is through": Case(
        CARTS,
        """
        with bind_user("anna"):
            kept = shared.stream()
            for number in shared.stream():
                break
            through = shared.stream()
            list(through)
        with bind_user("bert"):
            shared.add()
        """,
    ),
    "an async method that was cancelled": Case(
        CARTS,
        """
        async def handle(user):
            with bind_user(user):
                await shared.send(asyncio.Event().wait)
        async def main():
            task = asyncio.create_task(handle("anna"))
            await asyncio.sleep(0.01)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            with bind_user("bert"):
                shared.add()
                await shared.send()
        asyncio.run(main())
        """,
    ),
    "a coroutine that nobody awaited": Case(
        CARTS,
        """
        import warnings
        warnings.simplefilter("ignore")
        with bind_user("anna"):
            kept = shared.send()
        with bind_user("bert"):
            shared.add()
        kept.close()
        """,
    ),
}

THREADS = {
    "an instance that two threads get from the factory": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work():
            get_manager("anna")
            meet.wait(5)
        threads(work, work)
        """,
    ),
    "an instance whose methods run in two threads": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work():
            with bind_user("anna"):
                shared.add(meet)
        threads(work, work)
        """,
    ),
    "a thread that begins when the first has ended": Case(
        CARTS,
        """
        def work():
            with bind_user("anna"):
                get_manager("anna").add()
        one_by_one(work, work)
        """,
    ),
    "two jobs of a pool at the same time": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work():
            manager = get_manager("anna")
            meet.wait(5)
        with ThreadPoolExecutor(2) as pool:
            for job in [pool.submit(work), pool.submit(work)]:
                job.result()
        """,
    ),
    "two hand-offs of one task at the same time": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        async def main():
            with bind_user("anna"):
                manager = get_manager("anna")
                await asyncio.gather(
                    asyncio.to_thread(manager.add, meet), asyncio.to_thread(manager.add, meet)
                )
        asyncio.run(main())
        """,
    ),
    "a task that goes on while its job runs": Case(
        CARTS,
        """
        async def main():
            with bind_user("anna"):
                manager = get_manager("anna")
                begun, done = threading.Event(), threading.Event()
                class Meet:
                    def wait(self, seconds):
                        begun.set()
                        done.wait(5)
                job = asyncio.create_task(asyncio.to_thread(manager.add, Meet()))
                while not begun.is_set():
                    await asyncio.sleep(0.001)
                manager.add()
                done.set()
                await job
        asyncio.run(main())
        """,
    ),
    "an instance made for a user whom nothing around its use names": Case(
        """
    class CartManager:
        def __init__(self, user_id):
            self.user_id = user_id
        def add(self):
            return 1
        """,
        """
        manager = CartManager("anna")
        one_by_one(manager.add, manager.add)
        """,
    ),
    "the main thread and another one": Case(
        CARTS,
        """
        with bind_user("anna"):
            manager = get_manager("anna")
            manager.add()
        def work():
            with bind_user("anna"):
                manager.add()
        threads(work)
        """,
    ),
}

NO_THREADS = {
    "an executor that one task hands over to": Case(
        CARTS,
        """
        async def main():
            with bind_user("anna"):
                manager = get_manager("anna")
                manager.add()
                for number in range(4):
                    await asyncio.to_thread(manager.add)
                    manager.add()
        asyncio.run(main())
        """,
    ),
    "run_in_executor, several times": Case(
        CARTS,
        """
        def work():
            get_manager("anna").add()
            with bind_user("anna"):
                get_manager("anna").add()
        async def main():
            work()
            for number in range(4):
                await asyncio.get_running_loop().run_in_executor(None, work)
                work()
        asyncio.run(main())
        """,
    ),
    "anyio's and Starlette's threads": Case(
        CARTS,
        """
        import anyio, anyio.to_thread
        from starlette.concurrency import run_in_threadpool
        async def main():
            with bind_user("anna"):
                manager = get_manager("anna")
                manager.add()
                for number in range(4):
                    await anyio.to_thread.run_sync(manager.add)
                    manager.add()
                    await run_in_threadpool(manager.add)
        anyio.run(main)
        """,
    ),
    "a job whose result is waited for": Case(
        CARTS,
        """
        with bind_user("anna"):
            manager = get_manager("anna")
        def work():
            with bind_user("anna"):
                manager.add()
        with ThreadPoolExecutor(2) as pool:
            work()
            pool.submit(work).result()
            work()
            pool.submit(work).result()
        """,
    ),
    "an instance that is passed on to the thread that uses it": Case(
        CARTS,
        """
        manager = get_manager("anna")
        def work():
            with bind_user("anna"):
                manager.add()
                manager.add()
        threads(work)
        """,
    ),
    "an instance made for a user that only one other thread uses": Case(
        """
    class CartManager:
        def __init__(self, user_id):
            self.user_id = user_id
        def add(self):
            return 1
        async def send(self):
            return 1
        """,
        """
        manager = CartManager("anna")
        threads(lambda: [manager.add(), manager.add(), asyncio.run(manager.send())])
        """,
    ),
    "an instance for each user and thread": Case(
        CARTS
        + """
    def get_manager_here(user_id):
        key = (user_id, threading.get_ident())
        return managers.setdefault(key, CartManager())
        """,
        """
        from shop.carts import get_manager_here
        meet = threading.Barrier(2)
        def work():
            with bind_user("anna"):
                get_manager_here("anna").add(meet)
        threads(work, work)
        """,
    ),
    "threads of two users": Case(
        CARTS,
        """
        def work(user):
            with bind_user(user):
                get_manager(user).add()
        threads(lambda: work("anna"), lambda: work("bert"))
        """,
    ),
    "isolation by user": Case(
        CARTS,
        """
        meet = threading.Barrier(2)
        def work():
            with bind_user("anna"):
                get_manager("anna").add(meet)
        threads(work, work)
        """,
        isolation="user",
    ),
    "isolation by request": Case(
        CARTS,
        """
        def work():
            with bind_user("anna"):
                get_manager("anna").add()
        threads(work, work)
        """,
        isolation="request",
    ),
}


BOTH = """
        def work():
            get_manager("anna")
        threads(work, work)
"""

BOTH_TASKS = """
        async def main():
            await asyncio.gather(get_manager("anna"), get_manager("anna"))
        asyncio.run(main())
"""

MEETING_IN_THREADS = """
    import asyncio, threading
    from functools import lru_cache
    meet = threading.Barrier(2)
    class CartManager:
        def __init__(self, user_id=None):
            self.lines = []
    managers = {}
"""

RACES = {
    "a look and a making that are two steps": Case(
        MEETING_IN_THREADS
        + """
    def get_manager(user_id):
        manager = managers.get(user_id)
        if manager is None:
            meet.wait(5)
            manager = managers[user_id] = CartManager(user_id)
        return manager
        """,
        BOTH,
    ),
    "a slot that is written before both give out what they made": Case(
        MEETING_IN_THREADS
        + """
    def get_manager(user_id):
        if user_id not in managers:
            meet.wait(5)
            manager = CartManager(user_id)
            managers[user_id] = manager
            meet.wait(5)
            return manager
        return managers[user_id]
        """,
        BOTH,
    ),
    "an await between the look and the making": Case(
        MEETING_IN_THREADS
        + """
    async def get_manager(user_id):
        if user_id not in managers:
            await asyncio.sleep(0.01)
            manager = CartManager(user_id)
            managers[user_id] = manager
            return manager
        return managers[user_id]
        """,
        BOTH_TASKS,
    ),
    "an await of the one that makes": Case(
        MEETING_IN_THREADS
        + """
    async def make_manager(user_id):
        await asyncio.sleep(0.01)
        return CartManager(user_id)
    async def get_manager(user_id):
        manager = managers.get(user_id)
        if manager is None:
            manager = await make_manager(user_id)
            managers[user_id] = manager
        return manager
        """,
        BOTH_TASKS,
    ),
    "lru_cache, which computes twice": Case(
        MEETING_IN_THREADS
        + """
    @lru_cache(maxsize=None)
    def get_manager(user_id):
        meet.wait(5)
        return CartManager(user_id)
        """,
        BOTH,
    ),
    "lru_cache with a bound": Case(
        MEETING_IN_THREADS
        + """
    @lru_cache(maxsize=8)
    def get_manager(user_id):
        meet.wait(5)
        return CartManager(user_id)
        """,
        BOTH,
    ),
    "a singleton made by __new__": Case(
        """
    import threading
    meet = threading.Barrier(2)
    class CartManager:
        _instance = None
        def __new__(cls):
            if cls._instance is None:
                meet.wait(5)
                cls._instance = super().__new__(cls)
            return cls._instance
        def __init__(self):
            self.lines = []
        """,
        "threads(CartManager, CartManager)",
        isolation="process",
    ),
    "a singleton made by a metaclass": Case(
        """
    import threading
    meet = threading.Barrier(2)
    class Singleton(type):
        _instances = {}
        def __call__(cls, *args):
            if cls not in cls._instances:
                meet.wait(5)
                made = cls._instances[cls] = super().__call__(*args)
                return made
            return cls._instances[cls]
    class CartManager(metaclass=Singleton):
        pass
        """,
        "threads(CartManager, CartManager)",
        isolation="process",
    ),
    "a global that is filled at the first call": Case(
        """
    import threading
    meet = threading.Barrier(2)
    class CartManager:
        pass
    _manager = None
    def get_manager():
        global _manager
        if _manager is None:
            meet.wait(5)
            made = _manager = CartManager()
            return made
        return _manager
        """,
        "threads(get_manager, get_manager)",
        isolation="process",
    ),
    "a check before the lock that is not repeated inside it": Case(
        """
    import threading
    meet = threading.Barrier(2)
    class CartManager:
        _instance = None
        _lock = threading.Lock()
        @classmethod
        def get_instance(cls):
            if cls._instance is None:
                meet.wait(5)
                with cls._lock:
                    made = cls._instance = cls()
                return made
            return cls._instance
        """,
        "threads(CartManager.get_instance, CartManager.get_instance)",
        isolation="process",
    ),
    "a registry that several functions use": Case(
        MEETING_IN_THREADS
        + """
    class Registry:
        def __init__(self):
            self._managers = {}
        def find_or_make(self, user_id):
            found = self._managers.get(user_id)
            if found is None:
                meet.wait(5)
                found = CartManager(user_id)
                self._managers[user_id] = found
            return found
    registry = Registry()
    def get_manager(user_id):
        return registry.find_or_make(user_id)
        """,
        BOTH,
    ),
    "a closure's dictionary": Case(
        MEETING_IN_THREADS
        + """
    def _make():
        made = {}
        def get_manager(user_id):
            if user_id in made:
                return made[user_id]
            meet.wait(5)
            manager = CartManager(user_id)
            made[user_id] = manager
            return manager
        return get_manager
    get_manager = _make()
        """,
        BOTH,
    ),
    "a user who is bound around the call": Case(
        MEETING_IN_THREADS
        + """
    from ssot_probe import bind_user
    def get_manager(key):
        if key not in managers:
            meet.wait(5)
            made = managers[key] = CartManager()
            return made
        return managers[key]
        """,
        """
        def work():
            with bind_user("anna"):
                get_manager("her key")
        threads(work, work)
        """,
    ),
}

if sys.version_info >= (3, 12):  # before, it takes a lock
    RACES["cached_property"] = Case(
        MEETING_IN_THREADS
        + """
    from functools import cached_property
    class Shop:
        @cached_property
        def cart_manager(self):
            meet.wait(5)
            return CartManager()
    shop = Shop()
        """,
        "threads(lambda: shop.cart_manager, lambda: shop.cart_manager)",
        isolation="process",
    )

NO_RACES = {
    "cached properties of two objects": Case(
        MEETING_IN_THREADS
        + """
    from functools import cached_property
    class Shop:
        @cached_property
        def cart_manager(self):
            return CartManager()
    shop, other = Shop(), Shop()
        """,
        "threads(lambda: shop.cart_manager, lambda: other.cart_manager)",
        isolation="process",
    ),
    "one for each call on purpose": Case(
        MEETING_IN_THREADS
        + """
    def get_manager(user_id):
        manager = CartManager(user_id)
        meet.wait(5)
        return manager
        """,
        BOTH,
    ),
    "one for each call, and the newest is kept beside": Case(
        MEETING_IN_THREADS
        + """
    def get_manager(user_id):
        manager = CartManager(user_id)
        meet.wait(5)
        managers[user_id] = manager
        return manager
        """,
        BOTH,
    ),
    "one for each call, and all are kept": Case(
        MEETING_IN_THREADS
        + """
    made = []
    def get_manager(user_id):
        manager = CartManager(user_id)
        meet.wait(5)
        made.append(manager)
        managers[id(manager)] = manager
        return managers[id(manager)]
        """,
        BOTH,
    ),
    "a pool": Case(
        MEETING_IN_THREADS
        + """
    idle = []
    def get_manager(user_id):
        if idle:
            return idle.pop()
        meet.wait(5)
        return CartManager(user_id)
        """,
        """
        from shop.carts import idle
        def work():
            idle.append(get_manager("anna"))
        threads(work, work)
        get_manager("anna")
        """,
    ),
    "setdefault, which throws the second one away": Case(
        MEETING_IN_THREADS
        + """
    def get_manager(user_id):
        manager = managers.get(user_id)
        if manager is None:
            meet.wait(5)
            manager = managers.setdefault(user_id, CartManager(user_id))
        return manager
        """,
        BOTH,
    ),
    "a lock": Case(
        MEETING_IN_THREADS
        + """
    lock = threading.Lock()
    def get_manager(user_id):
        with lock:
            if user_id not in managers:
                managers[user_id] = CartManager(user_id)
            return managers[user_id]
        """,
        BOTH,
    ),
    "a lock between two looks": Case(
        MEETING_IN_THREADS
        + """
    lock = threading.Lock()
    def get_manager(user_id):
        if user_id not in managers:
            meet.wait(5)
            with lock:
                if user_id not in managers:
                    managers[user_id] = CartManager(user_id)
        return managers[user_id]
        """,
        BOTH,
    ),
    "an asyncio lock": Case(
        MEETING_IN_THREADS
        + """
    locks = {}
    async def get_manager(user_id):
        async with locks.setdefault(user_id, asyncio.Lock()):
            if user_id not in managers:
                await asyncio.sleep(0.01)
                managers[user_id] = CartManager(user_id)
            return managers[user_id]
        """,
        BOTH_TASKS,
    ),
    "another look after the await": Case(
        MEETING_IN_THREADS
        + """
    async def get_manager(user_id):
        if user_id not in managers:
            await asyncio.sleep(0.01)
            if user_id not in managers:
                managers[user_id] = CartManager(user_id)
        return managers[user_id]
        """,
        BOTH_TASKS,
    ),
    "one that is made again after it was released": Case(
        MEETING_IN_THREADS
        + """
    def get_manager(user_id):
        if user_id not in managers:
            managers[user_id] = CartManager(user_id)
        return managers[user_id]
        """,
        """
        from shop.carts import managers
        def work():
            get_manager("anna")
            managers.clear()
        one_by_one(work, work)
        """,
    ),
    "another attempt after one that failed": Case(
        MEETING_IN_THREADS
        + """
    attempts = []
    def get_manager(user_id):
        if user_id not in managers:
            made = CartManager(user_id)
            attempts.append(made)
            if len(attempts) == 1:
                raise OSError
            managers[user_id] = made
            return made
        return managers[user_id]
        """,
        """
        def work():
            try:
                get_manager("anna")
            except OSError:
                get_manager("anna")
        threads(work, work)
        """,
    ),
    "two users": Case(
        MEETING_IN_THREADS
        + """
    def get_manager(user_id):
        if user_id not in managers:
            meet.wait(5)
            made = managers[user_id] = CartManager(user_id)
            return made
        return managers[user_id]
        """,
        """
        threads(lambda: get_manager("anna"), lambda: get_manager("bert"))
        """,
    ),
    "two requests": Case(
        MEETING_IN_THREADS
        + """
    def get_manager(user_id):
        if user_id not in managers:
            meet.wait(5)
            made = managers[user_id] = CartManager(user_id)
            return made
        return managers[user_id]
        """,
        BOTH,
        isolation="request",
    ),
    "a factory that calls itself": Case(
        MEETING_IN_THREADS
        + """
    def get_manager(user_id, depth=0):
        if (user_id, depth) not in managers:
            if depth < 2:
                get_manager(user_id, depth + 1)
            made = managers[user_id, depth] = CartManager(user_id)
            return made
        return managers[user_id, depth]
        """,
        'get_manager("anna")',
    ),
}


def cases(programs: Mapping[str, Case]) -> list[object]:
    return [pytest.param(case, id=name) for name, case in programs.items()]


def run_case(directory: Path, case: Case, isolation: str = "user") -> Run:
    """Run a program under the probe."""
    more, _, tables = case.more.partition("[[")
    policy = dedent(POLICY).format(isolation=case.isolation or isolation, more=more.strip())
    main = (TOGETHER, MEETING, "    from shop.carts import *\n", case.main)
    return run(
        directory,
        files={"shop/__init__.py": "", "shop/carts.py": case.carts},
        program="\n".join(dedent(part) for part in main),
        policy=policy + (f"\n[[{dedent(tables)}" if tables else ""),
    ).checked()


def codes_in(directory: Path, case: Case, isolation: str = "user") -> set[str]:
    """Run a program under the probe and judge the recording; return the codes of what is found."""
    done = run_case(directory, case, isolation)
    recording = load([str(done.directory)])
    found = judge(recording, read_policy(str(directory / "ssot-probe.toml"))).findings
    assert not [blind for _, blind in recording.of(BlindRecord) if "raised" in blind.reason]
    return {finding.code for finding in found}


@pytest.mark.parametrize("case", cases(OVERLAPS))
def test_two_users_inside_one_instance_are_found(tmp_path: Path, case: Case) -> None:
    assert "SSOT306" in codes_in(tmp_path, case)


@pytest.mark.parametrize("case", cases(NO_OVERLAPS))
def test_what_only_looks_like_two_users_inside_is_silent(tmp_path: Path, case: Case) -> None:
    assert "SSOT306" not in codes_in(tmp_path, case)


@pytest.mark.parametrize("case", cases(THREADS))
def test_several_threads_are_found(tmp_path: Path, case: Case) -> None:
    assert "SSOT302" in codes_in(tmp_path, case, "user+thread")


@pytest.mark.parametrize("case", cases(NO_THREADS))
def test_what_only_looks_like_several_threads_is_silent(tmp_path: Path, case: Case) -> None:
    assert "SSOT302" not in codes_in(tmp_path, case, "user+thread")


@pytest.mark.parametrize("case", cases(RACES))
def test_a_race_in_a_factory_is_found(tmp_path: Path, case: Case) -> None:
    assert "SSOT205" in codes_in(tmp_path, case)


@pytest.mark.parametrize("case", cases(NO_RACES))
def test_what_only_looks_like_a_race_is_silent(tmp_path: Path, case: Case) -> None:
    assert "SSOT205" not in codes_in(tmp_path, case)


TRACED = """
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from shop.carts import get_cart, managers
        trace.set_tracer_provider(TracerProvider())
        spans = []
        def request(work):
            with trace.get_tracer("app").start_as_current_span("request") as span:
                spans.append(span)
                work()
        def add(user):
            with bind_user(user):
                shared.add(meet)
        with bind_user("anna"):
            shared.add()
        with bind_user("bert"):
            shared.add()
        meet = threading.Barrier(2)
        threads(lambda: request(lambda: add("anna")), lambda: request(lambda: add("bert")))
        threads(lambda: request(lambda: get_cart("carl")), lambda: request(lambda: get_cart("carl")))
        print(sorted(span.attributes.get("ssot.finding.code", "") for span in spans))
"""


def test_the_request_in_which_it_happens_is_marked(tmp_path: Path) -> None:
    carts = (
        CARTS
        + """
    meet = threading.Barrier(2)
    def get_cart(user_id):
        if user_id not in managers:
            meet.wait(5)
            made = managers[user_id] = CartManager()
            return made
        return managers[user_id]
        """
    )
    done = run_case(tmp_path, Case(carts, TRACED))
    assert done.stdout.strip() == "['', '', 'SSOT205', 'SSOT306']"
    records = [record for record in done.records if isinstance(record, (OverlapRecord, RaceRecord))]
    assert sorted(type(record).__name__ for record in records) == ["OverlapRecord", "RaceRecord"]
    assert all(record.request and record.request_span for record in records)


def test_no_users_id_leaves_the_process(tmp_path: Path) -> None:
    done = run_case(tmp_path, OVERLAPS["two users' plain methods in two threads"])
    text = "".join(path.read_text() for path in done.directory.iterdir())
    assert '"SSOT306"' in text
    assert "anna" not in text
    assert "bert" not in text
