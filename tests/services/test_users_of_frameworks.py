"""Who is the user under Flask, aiohttp and Celery, and where only logs or traces know it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from services.attribution import POLICY, blind, needs, ran, users_by_function


@needs("flask", "flask_login")
def test_flask_s_user_is_the_one_that_flask_login_loaded_or_what_g_holds(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        """
        from flask import Flask, g, request, stream_with_context
        from flask_login import LoginManager, UserMixin, current_user
        from werkzeug.serving import WSGIRequestHandler, make_server

        app = Flask("app")
        app.secret_key = "secret"
        manager = LoginManager(app)

        class User(UserMixin):
            def __init__(self, id):
                self.id = id

        loads = []

        @manager.request_loader
        def load(request):
            loads.append(request.path)
            name = request.headers.get("x-user")
            return User(name) if name else None

        @app.get("/asks")
        def asks_for_the_user():
            current_user.is_authenticated
            Manager()
            return "a"

        @app.get("/never")
        def never_asks():
            Manager()
            return "b"

        @app.get("/g")
        def puts_it_into_g():
            g.user_id = request.headers["x-user"]
            Manager()
            return "c"

        @app.get("/stream")
        def stream():
            g.user = {"id": request.headers["x-user"]}
            return stream_with_context(while_streaming())

        def while_streaming():
            yield "d"
            Manager()

        class Quiet(WSGIRequestHandler):
            def log(self, *args):
                return

        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("anna", "bert"):
            for path in ("asks", "never", "g", "stream"):
                get(server.port, f"/{path}", **{"x-user": name})
        get(server.port, "/asks")
        server.shutdown()
        print(sorted(set(loads)))
        """,
    )
    assert done.stdout.splitlines()[-1] == "['/asks']"
    assert users_by_function(done) == {
        "asks_for_the_user": ["", "anna", "bert"],
        "never_asks": [""],
        "puts_it_into_g": ["anna", "bert"],
        "while_streaming": ["anna", "bert"],
    }
    assert not blind(done)


@needs("aiohttp")
def test_aiohttp_s_user_is_what_a_middleware_puts_into_the_request(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        """
        import asyncio
        from aiohttp import ClientSession, web

        @web.middleware
        async def log_in(request, handler):
            request["user"] = {"id": int(request.headers["x-user"])}
            return await handler(request)

        async def in_handler(request):
            Manager()
            return web.Response(text="a")

        async def in_websocket(request):
            socket_ = web.WebSocketResponse()
            await socket_.prepare(request)
            async for message in socket_:
                Manager()
                await socket_.send_str("b")
            return socket_

        async def main():
            app = web.Application(middlewares=[log_in])
            app.add_routes([web.get("/", in_handler), web.get("/ws", in_websocket)])
            runner = web.AppRunner(app)
            await runner.setup()
            port = free_port()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            async with ClientSession() as session:
                for user in ("1", "2"):
                    headers = {"x-user": user}
                    async with session.get(f"http://127.0.0.1:{port}/", headers=headers) as answer:
                        assert await answer.text() == "a"
                    async with session.ws_connect(f"http://127.0.0.1:{port}/ws", headers=headers) as client:
                        await client.send_str("hello")
                        await client.receive_str()
            await runner.cleanup()

        asyncio.run(main())
        Manager()
        """,
    )
    assert users_by_function(done) == {
        "<module>": [""],
        "in_handler": ["1", "2"],
        "in_websocket": ["1", "2"],
    }
    assert not blind(done)


@needs("celery")
def test_a_task_of_celery_runs_for_whom_its_arguments_or_headers_name(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        """
        from celery import Celery
        from celery.contrib.testing.worker import start_worker

        app = Celery("app", broker="memory://", backend="cache+memory://")

        @app.task
        def by_keyword(amount, user_id=None):
            Manager()

        @app.task(bind=True)
        def by_position(self, user_id, amount):
            Manager()

        @app.task
        def by_header():
            Manager()

        @app.task
        def for_nobody(amount):
            Manager()

        with start_worker(app, perform_ping_check=False, pool="solo"):
            results = []
            for name in ("anna", 7):
                results += [
                    by_keyword.delay(1, user_id=name),
                    by_position.delay(name, 2),
                    by_header.apply_async(headers={"user_id": name}),
                    for_nobody.delay(3),
                ]
            for result in results:
                result.get(timeout=20)
        Manager()
        """,
    )
    assert users_by_function(done) == {
        "<module>": [""],
        "by_header": ["7", "anna"],
        "by_keyword": ["7", "anna"],
        "by_position": ["7", "anna"],
        "for_nobody": [""],
    }
    assert not blind(done)


@needs("structlog")
def test_structlog_and_opentelemetry_know_the_user_where_nobody_else_does(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        """
        import structlog
        from opentelemetry import baggage, context, trace
        from opentelemetry.sdk.trace import TracerProvider

        def in_log_context():
            Manager()

        def in_baggage():
            Manager()

        def in_span():
            Manager()

        def outside():
            Manager()

        with structlog.contextvars.bound_contextvars(user_id=1):
            in_log_context()
        structlog.contextvars.clear_contextvars()
        token = context.attach(baggage.set_baggage("enduser.id", "anna"))
        in_baggage()
        context.detach(token)
        tracer = TracerProvider().get_tracer("app")
        with tracer.start_as_current_span("request", attributes={"user.id": "bert"}):
            in_span()
        outside()
        """,
    )
    assert users_by_function(done) == {
        "in_baggage": ["anna"],
        "in_log_context": ["1"],
        "in_span": ["bert"],
        "outside": [""],
    }
    assert not blind(done)


def test_a_report_of_a_service_that_never_knew_a_user_does_not_look_clean(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        """
        import auth

        def serve():
            Manager()

        for _ in range(3):
            serve()
        """,
        files={"auth.py": "from contextvars import ContextVar\ncurrent = ContextVar('current')\n"},
        policy='user = [{ contextvar = "auth:current" }, { call = "auth:who" }]\n' + POLICY,
    )

    def report(*options: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "ssot_probe", "report", str(done.directory), *options]
        told = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
        return told.returncode, told.stdout

    code, told = report()
    assert code == 0
    assert told.startswith("NO USER KNOWN: 3 calls recorded, none of them with a known user\n")
    assert "contextvar = 'auth:current' never answered" in told
    assert "call = 'auth:who' is not in its module" in told
    assert report("--fail-on", "warning")[0] == 1
