"""Small programs that leave something behind for the next user, and look-alikes with nothing to find."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from support.children import run

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.finding import Finding
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


def found_in(directory: Path, code: str, main: str, policy: str = POLICY) -> list[Finding]:
    """Run a program under the probe and judge the recording; return the findings of a code."""
    done = run(directory, files={**PROJECT, "main.py": main}, policy=policy).checked()
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
