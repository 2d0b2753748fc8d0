"""Small programs that leave something behind for the next user, and look-alikes with nothing to find."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from support.children import run

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.finding import Finding, Severity
from ssot_probe.policy_file import read_policy

POLICY = """
    packages = ["shop"]
    user = [{ contextvar = "shop.auth:current_user" }, { argument = "user_id" }]
    [[concept]]
    name = "cart-manager"
    classes = ["*CartManager*"]
"""

PROJECT = {
    "shop/__init__.py": "",
    "shop/auth.py": "from contextvars import ContextVar\ncurrent_user = ContextVar('current_user')\n",
    "shop/carts.py": """
        class CartManager:
            def __init__(self, user_id=None):
                self.owner = user_id

            def add(self, user_id, item):
                return item

        def get_manager(user_id=None):
            return CartManager(user_id)
    """,
}


def found_in(
    directory: Path, code: str, main: str, policy: str = POLICY, more: Mapping[str, str] | None = None
) -> list[Finding]:
    """Run a program under the probe and judge the recording; return the findings of a code."""
    done = run(directory, files={**PROJECT, **(more or {}), "main.py": main}, policy=policy).checked()
    recording = load([str(done.directory)])
    judgement = judge(recording, read_policy(str(directory / "ssot-probe.toml")))
    return [finding for finding in judgement.findings if finding.code == code]


STALE_CALLS: Mapping[str, str] = {
    "a request that sets the context and leaves it for the next one": """
        from shop.auth import current_user
        from shop.carts import get_manager

        def handle(user, logs_in):
            if logs_in:
                current_user.set(user)
            return get_manager(user)

        handle("alice", True)
        handle("bob", False)
    """,
    "a constructor of the class, called for somebody else": """
        from shop.auth import current_user
        from shop.carts import CartManager

        current_user.set("alice")
        CartManager("alice")
        CartManager("bob")
    """,
    "a block of bind_user inside of the context of somebody else": """
        import ssot_probe
        from shop.auth import current_user
        from shop.carts import get_manager

        current_user.set("alice")
        with ssot_probe.bind_user("bob"):
            get_manager()
    """,
    "a method that runs for somebody else": """
        import ssot_probe
        from shop.auth import current_user
        from shop.carts import get_manager

        manager = get_manager("bob")
        current_user.set("alice")
        with ssot_probe.bind_user("bob"):
            manager.add("bob", "tea")
    """,
    "a worker thread with a queue that serves one after the other": """
        import queue, threading
        from shop.auth import current_user
        from shop.carts import get_manager

        jobs = queue.Queue()

        def serve():
            while (job := jobs.get()) is not None:
                user, logs_in = job
                if logs_in:
                    current_user.set(user)
                get_manager(user)

        worker = threading.Thread(target=serve)
        worker.start()
        for job in (("alice", True), ("bob", False), None):
            jobs.put(job)
        worker.join()
    """,
    "a task that is started in one user's context and serves another": """
        import asyncio
        from shop.auth import current_user
        from shop.carts import get_manager

        async def poll(queue):
            while (user := await queue.get()) is not None:
                get_manager(user)

        async def handle_alice(queue):
            current_user.set("alice")
            return asyncio.create_task(poll(queue))

        async def main():
            queue = asyncio.Queue()
            poller = await asyncio.create_task(handle_alice(queue))
            for user in ("alice", "bob", None):
                await queue.put(user)
            await poller

        asyncio.run(main())
    """,
    "a user object in the context": """
        from shop.auth import current_user
        from shop.carts import get_manager

        class User:
            def __init__(self, id):
                self.id = id

        current_user.set(User("alice"))
        get_manager("bob")
    """,
}

NO_STALE_CALLS: Mapping[str, str] = {
    "a context that is reset": """
        from shop.auth import current_user
        from shop.carts import get_manager

        def handle(user, logs_in):
            token = current_user.set(user) if logs_in else None
            try:
                return get_manager(user)
            finally:
                if token is not None:
                    current_user.reset(token)

        handle("alice", True)
        handle("bob", False)
    """,
    "a context that each request sets": """
        from shop.auth import current_user
        from shop.carts import get_manager

        def handle(user):
            current_user.set(user)
            return get_manager(user)

        handle("alice")
        handle("bob")
    """,
    "a context that is copied into a task of the same request": """
        import asyncio
        from shop.auth import current_user
        from shop.carts import get_manager

        async def child(user):
            await asyncio.sleep(0)
            return get_manager(user)

        async def handle(user):
            current_user.set(user)
            await asyncio.create_task(child(user))
            await asyncio.to_thread(get_manager, user)

        async def main():
            await asyncio.gather(*(asyncio.create_task(handle(user)) for user in ("alice", "bob", "carol")))

        asyncio.run(main())
    """,
    "an admin who acts for a user in a nested block": """
        import ssot_probe
        from shop.auth import current_user
        from shop.carts import get_manager

        current_user.set("admin")
        with ssot_probe.bind_user("admin"):
            with ssot_probe.bind_user("alice"):
                get_manager("alice")
    """,
    "an argument that names the addressee": """
        from shop.auth import current_user
        from shop.carts import get_manager

        current_user.set("alice")
        get_manager("alice").add("bob", "tea")
    """,
    "a context variable with a default": """
        import shop.auth
        from contextvars import ContextVar
        shop.auth.current_user = ContextVar("other", default="everybody")
        from shop.carts import get_manager

        get_manager("alice")
        get_manager("bob")
    """,
    "a context of nobody in particular": """
        from shop.auth import current_user
        from shop.carts import get_manager

        current_user.set("anonymous")
        get_manager("alice")
        get_manager("bob")
    """,
    "a call that only the context knows of": """
        from shop.auth import current_user
        from shop.carts import get_manager

        current_user.set("alice")
        get_manager()
        get_manager()
    """,
}


@pytest.mark.parametrize("main", STALE_CALLS.values(), ids=STALE_CALLS)
def test_a_call_with_the_context_of_somebody_else_is_found(tmp_path: Path, main: str) -> None:
    (finding,) = found_in(tmp_path, "SSOT304", dedent(main))
    assert finding.severity.label == "error"
    assert finding.concept == "cart-manager"
    assert finding.users == 2
    assert finding.subject == "shop.carts:CartManager"


@pytest.mark.parametrize("main", NO_STALE_CALLS.values(), ids=NO_STALE_CALLS)
def test_a_call_with_a_context_of_its_own_is_silent(tmp_path: Path, main: str) -> None:
    assert not found_in(tmp_path, "SSOT304", dedent(main))


SERVE = """
        import ssot_probe
        for number in range(12):
            with ssot_probe.bind_user(f"user-{number}"):
                serve(f"user-{number}")
"""

LEAKS: Mapping[str, str] = {
    "a registry that nobody takes anything out of": """
        from shop.carts import get_manager
        registry = {}

        def serve(user):
            registry[user] = get_manager(user)
    """,
    "a list in a class": """
        from shop.carts import CartManager

        class Sessions:
            opened = []

        def serve(user):
            Sessions.opened.append(CartManager(user))
    """,
    "callbacks on a bus": """
        from shop.carts import get_manager

        class Bus:
            def __init__(self):
                self.callbacks = []

        bus = Bus()

        def serve(user):
            bus.callbacks.append(get_manager(user).add)
    """,
    "exceptions that are kept for later": """
        from shop.carts import get_manager
        failures = []

        def work(user):
            manager = get_manager(user)
            raise ValueError("out of tea")

        def serve(user):
            try:
                work(user)
            except ValueError as error:
                failures.append(error)
    """,
    "a cache without a bound": """
        from functools import lru_cache
        from shop.carts import get_manager

        @lru_cache(maxsize=None)
        def manager_of(user):
            return get_manager(user)

        def serve(user):
            manager_of(user)
    """,
    "a registry that half of the users are not taken out of": """
        from shop.carts import get_manager
        registry = {}
        served = []

        def serve(user):
            served.append(user)
            registry[user] = get_manager(user)
            if len(served) % 2:
                del registry[user]

        for number in range(12, 30):
            import ssot_probe
            with ssot_probe.bind_user(f"user-{number}"):
                serve(f"user-{number}")
    """,
    "timers that were never cancelled": """
        import threading
        from shop.carts import get_manager
        timers = []

        def serve(user):
            timers.append(threading.Timer(3600, get_manager(user).add, (user, "tea")))
    """,
}

NO_LEAKS: Mapping[str, str] = {
    "a registry that users are taken out of": """
        from shop.carts import get_manager
        registry = {}

        def serve(user):
            registry[user] = get_manager(user)
            try:
                registry[user].add(user, "tea")
            finally:
                del registry[user]
    """,
    "a weak registry": """
        from weakref import WeakValueDictionary
        from shop.carts import get_manager
        registry = WeakValueDictionary()

        def serve(user):
            manager = registry[user] = get_manager(user)
            manager.add(user, "tea")
    """,
    "cycles that the garbage collector has to break": """
        import gc
        gc.disable()
        from shop.carts import get_manager

        def serve(user):
            manager = get_manager(user)
            manager.itself = manager
    """,
    "a cache with a bound that it keeps to": """
        from collections import OrderedDict
        from shop.carts import get_manager
        cache = OrderedDict()

        def serve(user):
            cache[user] = get_manager(user)
            if len(cache) > 8:
                cache.popitem(last=False)
    """,
    "a cache with a bound that is not reached": """
        from functools import lru_cache
        from shop.carts import get_manager

        @lru_cache(maxsize=128)
        def manager_of(user):
            return get_manager(user)

        def serve(user):
            manager_of(user)
    """,
    "a class of caches that says how many it may hold": """
        from shop.carts import get_manager

        class Cache:
            def __init__(self, max_entries):
                self.max_entries = max_entries
                self.entries = {}

            def put(self, user, manager):
                if len(self.entries) >= self.max_entries:
                    self.entries.pop(next(iter(self.entries)))
                self.entries[user] = manager

        cache = Cache(100)

        def serve(user):
            cache.put(user, get_manager(user))
    """,
    "a constant that bounds a registry": """
        from shop.carts import get_manager
        MAX_SESSIONS = 100
        registry = {}

        def serve(user):
            if len(registry) >= MAX_SESSIONS:
                registry.popitem()
            registry[user] = get_manager(user)
    """,
    "a cache of the users who came last": """
        from collections import OrderedDict
        from shop.carts import get_manager

        class Recent:
            def __init__(self, most):
                self._most = most
                self._by_user = OrderedDict()

            def of(self, user):
                manager = self._by_user.get(user)
                if manager is None:
                    manager = self._by_user[user] = get_manager(user)
                    if len(self._by_user) > self._most:
                        self._by_user.popitem(last=False)
                self._by_user.move_to_end(user)
                return manager

        recent = Recent(most=100)

        def serve(user):
            recent.of(user)
    """,
    "two users, which is no growth": """
        from shop.carts import get_manager
        registry = {}

        def serve(user):
            if user in ("user-1", "user-2"):
                registry[user] = get_manager(user)
    """,
    "a cache that forgets after a while": """
        import time
        from shop.carts import get_manager
        cache = {}

        def serve(user):
            now = time.monotonic()
            for known, (manager, since) in list(cache.items()):
                if now - since > 0.03:
                    del cache[known]
            cache[user] = get_manager(user), now
            time.sleep(0.01)
    """,
}

AT_WORK: Mapping[str, str] = {
    "all users are still at work when the program ends": """
        import contextlib, ssot_probe
        from shop.carts import get_manager
        registry = {}

        def serve(user):
            registry[user] = get_manager(user)

        stack = contextlib.ExitStack()
        for number in range(12):
            stack.enter_context(ssot_probe.bind_user(f"user-{number}"))
            serve(f"user-{number}")
    """,
    "variables of the program itself": """
        from concurrent.futures import ThreadPoolExecutor
        from shop.carts import get_manager

        with ThreadPoolExecutor(4) as pool:
            managers = list(pool.map(get_manager, [f"user-{number}" for number in range(30)]))
        print(len({id(manager) for manager in managers}))
    """,
    "local variables": """
        from shop.carts import get_manager
        import os

        def main():
            managers = [get_manager(f"user-{number}") for number in range(30)]
            assert len(managers) == 30

        main()
    """,
    "users who come back": """
        import time, ssot_probe
        from shop.carts import get_manager
        registry = {}

        def serve(user):
            if user not in registry:
                registry[user] = get_manager(user)
            registry[user].add(user, "tea")
            time.sleep(0.001)

        for _ in range(3):
            for number in range(12):
                with ssot_probe.bind_user(f"user-{number}"):
                    serve(f"user-{number}")
    """,
    "a user per thread, and threads that go on": """
        import threading, time
        from shop.carts import get_manager
        registry = {}

        def serve(user):
            registry[user] = get_manager(user)
            time.sleep(30)

        for number in range(12):
            threading.Thread(target=serve, args=(f"user-{number}",), daemon=True).start()
        time.sleep(0.3)
    """,
}

PROCESS_WIDE = POLICY + '    isolation = "process"\n'


@pytest.mark.parametrize("program", LEAKS.values(), ids=LEAKS)
def test_instances_that_outlive_the_work_of_their_users_are_found(tmp_path: Path, program: str) -> None:
    (finding,) = found_in(tmp_path, "SSOT206", dedent(program) + dedent(SERVE))
    assert finding.severity.label == "warning"
    assert finding.subject == "shop.carts:CartManager"
    assert 12 <= finding.count <= 16
    assert any(line.what.startswith("kept alive by module __main__ -> ") for line in finding.evidence)


@pytest.mark.parametrize("program", NO_LEAKS.values(), ids=NO_LEAKS)
def test_instances_that_are_let_go_are_silent(tmp_path: Path, program: str) -> None:
    assert not found_in(tmp_path, "SSOT206", dedent(program) + dedent(SERVE))


@pytest.mark.parametrize("program", AT_WORK.values(), ids=AT_WORK)
def test_instances_of_users_who_are_at_work_are_silent(tmp_path: Path, program: str) -> None:
    assert not found_in(tmp_path, "SSOT206", dedent(program))


def test_instances_that_belong_to_the_process_may_stay(tmp_path: Path) -> None:
    program = LEAKS["a registry that nobody takes anything out of"]
    assert not found_in(tmp_path, "SSOT206", dedent(program) + dedent(SERVE), PROCESS_WIDE)


def test_a_leak_is_found_where_only_arguments_say_who_the_user_is(tmp_path: Path) -> None:
    program = dedent(LEAKS["a registry that nobody takes anything out of"])
    serve = "for number in range(12):\n    serve(f'user-{number}')\n"
    (finding,) = found_in(tmp_path, "SSOT206", program + serve)
    assert finding.count >= 5


LEFT_BEHIND: Mapping[str, tuple[str, str]] = {
    "a job that calls for its user with what the one before has left": (
        "error",
        """
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import current_user
        from shop.carts import get_manager

        def first(user):
            current_user.set(user)
            get_manager(user)

        def second(user):
            get_manager(user)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(first, "alice").result()
            pool.submit(second, "bob").result()
        """,
    ),
    "a job that is handed in by somebody else's task": (
        "error",
        """
        import asyncio
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import current_user
        from shop.carts import get_manager

        def first(user):
            current_user.set(user)
            get_manager()

        async def handle(pool, user, job, *arguments):
            current_user.set(user)
            await asyncio.get_running_loop().run_in_executor(pool, job, *arguments)

        async def main():
            with ThreadPoolExecutor(1) as pool:
                await asyncio.create_task(handle(pool, "alice", first, "alice"))
                await asyncio.create_task(handle(pool, "bob", get_manager))

        asyncio.run(main())
        """,
    ),
    "a job that overwrites what the one before has left": (
        "warning",
        """
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import current_user
        from shop.carts import get_manager

        def job(user):
            current_user.set(user)
            get_manager()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(job, "alice").result()
            pool.submit(job, "bob").result()
        """,
    ),
    "a job of which nobody says whom it is for": (
        "warning",
        """
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import current_user
        from shop.carts import get_manager

        def first(user):
            current_user.set(user)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(first, "alice").result()
            pool.submit(get_manager).result()
        """,
    ),
    "a thread-local that a job leaves": (
        "error",
        """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        from shop.carts import get_manager
        state = threading.local()

        def job(user, logs_in):
            if logs_in:
                state.user = user
            get_manager(user)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(job, "alice", True).result()
            pool.submit(job, "bob", False).result()
        """,
    ),
    "a thread-local in a thread of asyncio.to_thread": (
        "error",
        """
        import asyncio, threading
        from shop.carts import get_manager
        state = threading.local()

        def job(user, logs_in):
            if logs_in:
                state.user = user
            get_manager(user)

        async def main():
            await asyncio.to_thread(job, "alice", True)
            await asyncio.to_thread(job, "bob", False)

        asyncio.run(main())
        """,
    ),
    "a callable of the policy that reads a thread-local": (
        "error",
        """
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import log_in
        from shop.carts import get_manager

        def job(user, logs_in):
            if logs_in:
                log_in(user)
            get_manager(user)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(job, "alice", True).result()
            pool.submit(job, "bob", False).result()
        """,
    ),
}

NOTHING_LEFT: Mapping[str, str] = {
    "jobs that reset what they set": """
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import current_user
        from shop.carts import get_manager

        def job(user):
            token = current_user.set(user)
            try:
                get_manager(user)
            finally:
                current_user.reset(token)

        with ThreadPoolExecutor(1) as pool:
            for user in ("alice", "bob", "carol"):
                pool.submit(job, user).result()
    """,
    "jobs that run in a copy of a context": """
        import asyncio, contextvars
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import current_user
        from shop.carts import get_manager

        def job(user):
            current_user.set(user)
            get_manager(user)

        async def handle(user):
            current_user.set(user)
            await asyncio.to_thread(job, user)

        async def main():
            for user in ("alice", "bob"):
                await asyncio.create_task(handle(user))

        asyncio.run(main())
        with ThreadPoolExecutor(1) as pool:
            for user in ("alice", "bob"):
                pool.submit(contextvars.copy_context().run, job, user).result()
    """,
    "jobs of one user": """
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import current_user
        from shop.carts import get_manager

        def job(user):
            current_user.set(user)
            get_manager(user)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(job, "alice").result()
            pool.submit(job, "alice").result()
    """,
    "jobs in threads of their own": """
        import threading
        from shop.auth import current_user
        from shop.carts import get_manager

        def job(user):
            current_user.set(user)
            get_manager(user)

        for user in ("alice", "bob"):
            thread = threading.Thread(target=job, args=(user,))
            thread.start()
            thread.join()
    """,
    "an administrator who acts for users in jobs of their own": """
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import current_user
        from shop.carts import get_manager

        def job(user):
            token = current_user.set("administrator")
            try:
                get_manager(user)
            finally:
                current_user.reset(token)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(job, "alice").result()
            pool.submit(job, "bob").result()
    """,
    "a thread-local without a user": """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        from shop.carts import get_manager
        state = threading.local()

        def job(user):
            state.buffer = bytearray(10)
            state.name = "connection-1"
            get_manager(user)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(job, "alice").result()
            pool.submit(job, "bob").result()
    """,
    "a thread-local that is reset": """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        from shop.carts import get_manager
        state = threading.local()

        def job(user):
            state.user = user
            try:
                get_manager(user)
            finally:
                del state.user

        with ThreadPoolExecutor(1) as pool:
            pool.submit(job, "alice").result()
            pool.submit(job, "bob").result()
    """,
    "what an initializer sets for all jobs": """
        from concurrent.futures import ThreadPoolExecutor
        from shop.auth import current_user
        from shop.carts import get_manager

        def job():
            get_manager()

        with ThreadPoolExecutor(1, initializer=current_user.set, initargs=("reports",)) as pool:
            pool.submit(job).result()
            pool.submit(job).result()
    """,
}

THREAD_LOCAL = """
    import threading
    state = threading.local()

    def log_in(user):
        state.user = user

    def user_id():
        return getattr(state, "user", None)
"""

CALLED = POLICY.replace('{ contextvar = "shop.auth:current_user" }', '{ call = "shop.auth:user_id" }')


@pytest.mark.parametrize(("severity", "main"), LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_what_a_job_leaves_for_the_next_one_is_found(tmp_path: Path, severity: str, main: str) -> None:
    if "log_in" in main:
        found = found_in(tmp_path, "SSOT304", dedent(main), CALLED, {"shop/auth.py": THREAD_LOCAL})
    else:
        found = found_in(tmp_path, "SSOT304", dedent(main))
    assert max(finding.severity for finding in found).label == severity


@pytest.mark.parametrize("main", NOTHING_LEFT.values(), ids=NOTHING_LEFT)
def test_jobs_that_leave_nothing_are_silent(tmp_path: Path, main: str) -> None:
    assert not found_in(tmp_path, "SSOT304", dedent(main))


CELERY = """
    from celery import Celery
    from celery.contrib.testing.worker import start_worker
    from shop.auth import current_user
    from shop.carts import get_manager

    app = Celery(broker="memory://", backend="cache+memory://")

    @app.task
    def charge(user_id, logs_in):
        token = current_user.set(user_id) if logs_in else None
        try:
            get_manager(user_id)
        finally:
            if token is not None and RESETS:
                current_user.reset(token)

    with start_worker(app, pool="POOL", concurrency=1, perform_ping_check=False, shutdown_timeout=20):
        charge.delay("alice", True).get(timeout=20)
        charge.delay("bob", False).get(timeout=20)
"""


@pytest.mark.parametrize("pool", ["solo", "threads"])
@pytest.mark.parametrize("resets", [False, True])
def test_what_a_task_of_celery_leaves_for_the_next_one(tmp_path: Path, pool: str, resets: bool) -> None:
    pytest.importorskip("celery", reason="Celery is not installed here")
    main = dedent(CELERY).replace("POOL", pool).replace("RESETS", str(resets))
    found = found_in(tmp_path, "SSOT304", main)
    assert bool(found) is not resets
    assert all(finding.severity.label == "error" for finding in found)


REQUESTS = """
    import asyncio, contextvars
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from shop.auth import current_user
    from shop.carts import get_manager

    async def page(request):
        BODY
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/", page)])

    async def ask(user):
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"",
                 "raw_path": b"/", "root_path": "", "scheme": "http", "server": ("a", 80), "user": user}

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            return None

        await app(scope, receive, send)

    async def main():
        for user in ("alice", "bob"):
            HOW

    asyncio.run(main())
"""

IN_ONE_TASK = "await ask(user)"
IN_TASKS = "await asyncio.create_task(ask(user))"


@pytest.mark.parametrize(
    ("body", "how", "severity"),
    [
        pytest.param(
            "if request.scope['user'] == 'alice': current_user.set('alice')\n    get_manager()",
            IN_ONE_TASK,
            "error",
            id="a request that leaves its context for the next one",
        ),
        pytest.param(
            "current_user.set(request.scope['user'])\n    get_manager()",
            IN_ONE_TASK,
            "warning",
            id="a request that overwrites what the one before has left",
        ),
        pytest.param(
            "current_user.set(request.scope['user'])\n    get_manager()",
            IN_TASKS,
            "",
            id="requests with a context each",
        ),
        pytest.param(
            "current_user.set('name of ' + request.scope['user'])\n    get_manager()",
            IN_ONE_TASK,
            "warning",
            id="users whom the framework calls by another id, and what the one before has left",
        ),
        pytest.param(
            "current_user.set('carol')\n    get_manager()",
            IN_TASKS,
            "",
            id="somebody who acts for somebody else, as set in the request itself",
        ),
        pytest.param(
            "token = current_user.set(request.scope['user'])\n"
            "    get_manager()\n    current_user.reset(token)",
            IN_ONE_TASK,
            "",
            id="requests that reset what they set",
        ),
    ],
)
def test_what_a_request_leaves_for_the_next_one(tmp_path: Path, body: str, how: str, severity: str) -> None:
    main = dedent(REQUESTS).replace("BODY", body).replace("HOW", how)
    found = found_in(tmp_path, "SSOT304", main)
    assert max((finding.severity for finding in found), default=None) == (
        {"error": Severity.ERROR, "warning": Severity.WARNING}.get(severity)
    )
