"""Who is the user under Starlette and FastAPI, served by uvicorn to real clients."""

from __future__ import annotations

from pathlib import Path

from services.attribution import UVICORN, blind, needs, ran, users_by_function

STARLETTE = """
    import asyncio
    from starlette.applications import Starlette
    from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
    from starlette.background import BackgroundTask
    from starlette.middleware import Middleware
    from starlette.middleware.authentication import AuthenticationMiddleware
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Mount, Route, WebSocketRoute

    class Backend(AuthenticationBackend):
        async def authenticate(self, connection):
            name = connection.headers.get("x-user")
            return (AuthCredentials(["yes"]), SimpleUser(name)) if name else None

    def in_background():
        Manager()

    async def in_a_task():
        await asyncio.sleep(0.05)
        Manager()

    async def while_streaming():
        yield b"a"
        await asyncio.sleep(0)
        Manager()
        yield b"b"

    def in_to_thread():
        Manager()

    def in_executor():
        Manager()

    def called_soon():
        Manager()

    tasks = []

    async def in_coroutine(request):
        Manager()
        await asyncio.to_thread(in_to_thread)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, in_executor)
        loop.call_later(0, called_soon)
        await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(in_a_task()))
        return PlainTextResponse("a", background=BackgroundTask(in_background))

    def in_thread(request):
        Manager()
        return PlainTextResponse("b")

    async def stream(request):
        return StreamingResponse(while_streaming())

    async def in_websocket(websocket):
        await websocket.accept()
        async for message in websocket.iter_text():
            Manager()
            await websocket.send_text(message)

    async def in_mount(request):
        Manager()
        return PlainTextResponse("c")

    async def late(request):
        for task in tasks:
            await task
        return PlainTextResponse("d")

    async def fails(request):
        raise RuntimeError("on purpose")

    app = Starlette(
        routes=[
            Route("/coroutine", in_coroutine),
            Route("/thread", in_thread),
            Route("/stream", stream),
            Route("/late", late),
            WebSocketRoute("/websocket", in_websocket),
            Mount("/mounted", Starlette(routes=[Route("/", in_mount)])),
        ],
        middleware=[Middleware(AuthenticationMiddleware, backend=Backend())],
    )
"""


def test_starlette_s_user_is_known_wherever_its_context_is(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        UVICORN,
        STARLETTE,
        """
        from websockets.sync.client import connect

        def at_start():
            Manager()

        at_start()
        with serving(app) as port:
            for name in ("anna", "bert"):
                for path in ("coroutine", "thread", "stream", "mounted/"):
                    get(port, f"/{path}", **{"x-user": name})
                url = f"ws://127.0.0.1:{port}/websocket"
                with connect(url, additional_headers={"x-user": name}) as socket_:
                    socket_.send("hello")
                    socket_.recv()
            get(port, "/thread")
            get(port, "/late")
        print("done")
        """,
    )
    both = ["anna", "bert"]
    assert users_by_function(done) == {
        "at_start": [""],
        "called_soon": both,
        "in_a_task": both,
        "in_background": both,
        "in_coroutine": both,
        "in_executor": [""],  # which runs without the caller's context
        "in_mount": both,
        "in_thread": ["", *both],  # without the header there is nobody
        "in_to_thread": both,
        "in_websocket": both,
        "while_streaming": both,
    }
    assert not blind(done)


def test_a_middleware_that_passes_on_a_scope_of_its_own_is_understood(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        UVICORN,
        """
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route

        class Login:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                if scope["type"] == "http":
                    headers = dict(scope["headers"])
                    scope = {**scope, "user": {"user_id": headers[b"x-user"].decode()}}
                await self.app(scope, receive, send)

        async def in_endpoint(request):
            Manager()
            return PlainTextResponse("a")

        app = Starlette(routes=[Route("/", in_endpoint)])
        app.add_middleware(Login)
        with serving(app) as port:
            get(port, "/", **{"x-user": "anna"})
            get(port, "/", **{"x-user": "7"})
        """,
    )
    assert users_by_function(done) == {"in_endpoint": ["7", "anna"]}


def test_what_an_application_raises_looks_as_without_the_probe(tmp_path: Path) -> None:
    program = """
        import sys, traceback
        from starlette.routing import Route

        async def fails(request):
            raise RuntimeError("on purpose")

        app.router.routes.append(Route("/fails", fails))

        async def call():
            try:
                await app({"type": "http", "method": "GET", "path": "/fails", "headers": []}, None, drop)
            except RuntimeError as error:
                return [frame.name for frame in traceback.extract_tb(error.__traceback__)]

        async def drop(message):
            return None

        frames = asyncio.run(call())
        hidden = sys.version_info >= (3, 11)  # before, the frame shows
        print([name for name in frames if hidden or "ssot" not in name])
        print(asyncio.iscoroutinefunction(app.__call__), Starlette.__call__.__qualname__)
    """
    (tmp_path / "on").mkdir()
    (tmp_path / "off").mkdir()
    observed = ran(tmp_path / "on", STARLETTE, program)
    plain = ran(tmp_path / "off", STARLETTE, program, probe=False)
    assert observed.stdout == plain.stdout
    assert "fails" in plain.stdout


@needs("fastapi")
def test_fastapi_s_user_is_what_a_dependency_puts_into_the_request_s_state(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        UVICORN,
        """
        from fastapi import Depends, FastAPI, Header, Request
        from ssot_probe import bind_user

        app = FastAPI()

        async def user_of(request: Request, x_user: str = Header()):
            request.state.user = {"id": x_user}

        def bound_in_a_thread(x_user: str = Header()):
            with bind_user(x_user):
                yield

        async def bound_here(x_user: str = Header()):
            with bind_user(x_user):
                yield

        @app.get("/a", dependencies=[Depends(user_of)])
        async def in_coroutine():
            Manager()

        @app.get("/b", dependencies=[Depends(user_of)])
        def in_thread():
            Manager()

        @app.get("/c", dependencies=[Depends(bound_in_a_thread)])
        async def after_a_dependency_of_another_context():
            Manager()

        @app.get("/d", dependencies=[Depends(bound_here)])
        async def after_a_dependency_of_this_context():
            Manager()

        with serving(app) as port:
            for name in ("1", "2"):
                for path in "abcd":
                    get(port, f"/{path}", **{"x-user": name})
        """,
    )
    assert users_by_function(done) == {
        "after_a_dependency_of_another_context": [""],
        "after_a_dependency_of_this_context": ["1", "2"],
        "in_coroutine": ["1", "2"],
        "in_thread": ["1", "2"],
    }


@needs("fastapi")
def test_only_the_sources_of_a_policy_count_where_there_are_some(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        UVICORN,
        """
        from contextvars import ContextVar
        from fastapi import FastAPI, Header, Request
        from ssot_probe.context.frameworks import framework_user

        app = FastAPI()
        current = ContextVar("current")
        known = []

        @app.get("/")
        async def in_coroutine(request: Request, x_user: str = Header()):
            request.state.user_id = "carla"
            Manager()
            current.set(x_user)
            Manager()
            known.append(framework_user())

        with serving(app) as port:
            get(port, "/", **{"x-user": "anna"})
        print(known)
        """,
        policy="""
            user = [{ contextvar = "main:current" }]

            [[concept]]
            name = "manager"
            classes = ["Manager"]
        """,
    )
    assert users_by_function(done) == {"in_coroutine": ["", "anna"]}
    assert done.stdout.splitlines()[-1] == "['carla']"
