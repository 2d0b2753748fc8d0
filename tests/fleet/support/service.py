"""The service that every worker of the fleet runs, and that counts what it did itself."""

from __future__ import annotations

import os
from pathlib import Path

from support.children import environment_of_child, write_files

KEY = bytes(range(32))
"""Users are hashed with it in all processes, so that the tests can do it too."""

USERS = ("anna", "bert", "carla", "dora")

POLICY = """\
packages = ["shop"]

[[concept]]
name = "order-manager"
classes = ["OrderManager"]
factories = ["shop.manager:get_manager"]
legacy = ["shop.old", "shop.attic"]
isolation = "request"

[dead]
environments = ["staging"]
min_days = 0
"""

FILES = {
    "shop/__init__.py": "",
    "shop/manager.py": """\
        class OrderManager:
            def __init__(self, user_id):
                self.user_id = user_id

        def get_manager(user_id):
            return OrderManager(user_id)
        """,
    "shop/old.py": "def total(orders):\n    return len(orders)\n",
    "shop/attic.py": "def unused():\n    return 0\n",
    "shop/work.py": """\
        import shop.manager, shop.old  # where two threads load a module, the second one is not seen
        from shop import truth

        def serve(user):
            from shop.manager import get_manager
            truth.note("import", user)
            manager = get_manager(user)
            truth.note("instance", user)
            return manager.user_id

        def serve_as_before(user):
            from shop.old import total
            answer = serve(user)
            total([answer])
            truth.note("legacy", user)
            return answer

        def answer(user, legacy):
            return serve_as_before(user) if legacy else serve(user)
        """,
    "shop/truth.py": """\
        import os

        def note(what, user):
            line = f"{what} {user}\\n".encode()
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            file = os.open(os.path.join(os.environ["TRUTH"], str(os.getpid())), flags)
            try:
                os.write(file, line)
            finally:
                os.close(file)
        """,
    "shop/wsgi.py": """\
        import time
        from urllib.parse import parse_qs
        from shop.work import answer

        def app(environ, start_response):
            asked = parse_qs(environ["QUERY_STRING"])
            text = answer(asked["user"][0], "legacy" in asked)
            time.sleep(0.02)
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [text.encode()]
        """,
    "shop/working.py": """\
        from shop.work import answer

        for user in ("anna", "bert", "anna"):
            answer(user, True)

        from shop.wsgi import app
        """,
    "shop/asgi.py": """\
        import asyncio
        from urllib.parse import parse_qs
        from shop.work import answer

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                while True:
                    message = await receive()
                    await send({"type": message["type"] + ".complete"})
                    if message["type"] == "lifespan.shutdown":
                        return
            asked = parse_qs(scope["query_string"].decode())
            text = answer(asked["user"][0], "legacy" in asked)
            await asyncio.sleep(0.02)
            headers = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": text.encode()})
        """,
}


class Place:
    """A directory with the service in it.

    Attributes:
        root: where workers start.
        recordings: what they record.
        truth: what they counted, one file per process.
        log: what they said.
        key: what users are hashed with.
    """

    def __init__(self, root: Path) -> None:
        self.root = root / "service"
        self.recordings = root / "recordings"
        self.truth = root / "truth"
        self.log = root / "log"
        self.key = root / "key"
        self.truth.mkdir(parents=True)
        self.key.write_bytes(KEY)
        self.key.chmod(0o600)
        self.write({**FILES, "ssot-probe.toml": POLICY})

    def write(self, files: dict[str, str]) -> None:
        """Write files of the service."""
        write_files(self.root, files)

    @property
    def said(self) -> str:
        """What the workers wrote to standard output and standard error."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def environment(self, probe: bool = True) -> dict[str, str]:
        """Return the environment of a worker."""
        more = {
            "TRUTH": str(self.truth),
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging",
            "SSOT_PROBE_USER_KEY_FILE": str(self.key),
            "SSOT_PROBE_DEBUG": "1",
        }
        found = environment_of_child(self.recordings, probe, more)
        found["PYTHONPATH"] = os.pathsep.join([*filter(None, [found.get("PYTHONPATH")]), str(self.root)])
        return found
