"""Who is the user under Django and Channels, with real log-ins, on WSGI and ASGI servers."""

from __future__ import annotations

from pathlib import Path

from services.attribution import UVICORN, blind, needs, ran, users_by_function

DJANGO = '''
    import sys, types
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="secret",
        ROOT_URLCONF="__main__",
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "users.sqlite3"}},
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "__main__.acting_for",
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()

    from django.contrib.auth import get_user_model, login
    from django.core.management import call_command
    from django.http import HttpResponse, StreamingHttpResponse
    from django.urls import path
    from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async

    def acting_for(get_response):
        """As packages for administrators do: they replace the user."""
        def replace(request):
            name = request.headers.get("x-act-for")
            if name:
                request.real_user = request.user
                request.real_user.is_authenticated
                request.user = get_user_model().objects.get(pk=name)
            return get_response(request)
        return replace

    def log_in(request, pk):
        login(request, get_user_model().objects.get(pk=pk))
        return HttpResponse("in")

    def asks_for_the_user(request):
        request.user.is_authenticated
        Manager()
        return HttpResponse("a")

    def never_asks(request):
        Manager()
        was_loaded = type(request.user._wrapped) is not object
        return HttpResponse(f"loaded: {was_loaded}")

    async def awaits_the_user(request):
        await request.auser()
        Manager()
        await sync_to_async(in_sync_to_async)()
        return HttpResponse("c")

    def in_sync_to_async():
        Manager()

    def stream(request):
        request.user.is_authenticated
        return StreamingHttpResponse(while_streaming())

    def while_streaming():
        yield b"d"
        Manager()

    def fails(request):
        raise RuntimeError("on purpose")

    urlpatterns = [
        path("login/<int:pk>", log_in),
        path("asks", asks_for_the_user),
        path("never", never_asks),
        path("awaits", awaits_the_user),
        path("stream", stream),
    ]

    call_command("migrate", verbosity=0)
    for name in ("anna", "bert", "carla"):
        get_user_model().objects.create_user(name)
    backend = "django.contrib.auth.backends.ModelBackend"

    def cookie_of(port, pk):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/{pk}", timeout=20) as answer:
            return answer.headers["Set-Cookie"].partition(";")[0]
'''


@needs("django")
def test_django_s_user_is_known_once_a_view_has_asked_for_it(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        DJANGO,
        """
        from wsgiref.simple_server import WSGIRequestHandler, make_server
        from django.core.wsgi import get_wsgi_application

        class Quiet(WSGIRequestHandler):
            def log_message(self, *args):
                return

        server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
        port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for pk in (1, 2):
            cookie = cookie_of(port, pk)
            get(port, "/asks", Cookie=cookie)
            print(get(port, "/never", Cookie=cookie))
            get(port, "/awaits", Cookie=cookie)
            get(port, "/stream", Cookie=cookie)
        get(port, "/asks")
        server.shutdown()
        """,
    )
    assert done.stdout.splitlines() == ["loaded: False", "loaded: False"]
    assert users_by_function(done) == {
        "asks_for_the_user": ["", "1", "2"],  # one of its requests had no session
        "awaits_the_user": ["1", "2"],
        "in_sync_to_async": ["1", "2"],
        "never_asks": [""],
        "while_streaming": [""],  # by the server, after the request
    }
    assert not blind(done)


@needs("django")
def test_under_asgi_too_and_an_administrator_who_acts_for_a_user_is_that_user(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        UVICORN,
        DJANGO,
        """
        from django.core.asgi import get_asgi_application

        with serving(get_asgi_application(), lifespan="off") as port:
            for pk in (1, 2):
                cookie = cookie_of(port, pk)
                get(port, "/awaits", Cookie=cookie)
            get(port, "/asks", Cookie=cookie, **{"x-act-for": "3"})
        """,
    )
    assert users_by_function(done) == {
        "asks_for_the_user": ["3"],
        "awaits_the_user": ["1", "2"],
        "in_sync_to_async": ["1", "2"],
    }


@needs("django")
def test_what_a_view_raises_looks_as_without_the_probe(tmp_path: Path) -> None:
    program = """
        import traceback
        from django.test import Client, RequestFactory
        from django.core.handlers.base import BaseHandler
        from django.core.signals import got_request_exception

        seen = []
        urlpatterns.append(path("fails", fails))
        got_request_exception.connect(lambda **kwargs: seen.append(sys.exc_info()[2]), weak=False)
        try:
            Client().get("/fails")
        except RuntimeError as error:
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        hidden = sys.version_info >= (3, 11)
        print([name for name in frames if hidden or "ssot" not in name])
        print([frame.name for frame in traceback.extract_tb(seen[0])])
        print(iscoroutinefunction(BaseHandler.get_response_async), BaseHandler.get_response.__qualname__)
    """
    (tmp_path / "on").mkdir()
    (tmp_path / "off").mkdir()
    observed = ran(tmp_path / "on", DJANGO, program)
    plain = ran(tmp_path / "off", DJANGO, program, probe=False)
    assert observed.stdout == plain.stdout
    assert "fails" in plain.stdout


@needs("channels", "django")
def test_the_consumers_of_channels_have_the_user_of_their_connection(tmp_path: Path) -> None:
    done = ran(
        tmp_path,
        UVICORN,
        """
        from django.conf import settings

        settings.configure(SECRET_KEY="secret", INSTALLED_APPS=[])

        from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
        from channels.routing import ProtocolTypeRouter, URLRouter
        from django.urls import path
        from django.utils.functional import LazyObject
        from websockets.sync.client import connect

        def in_asynchronous():
            Manager()

        def in_synchronous():
            Manager()

        class Asynchronous(AsyncWebsocketConsumer):
            async def receive(self, text_data=None, bytes_data=None):
                in_asynchronous()
                await self.send(text_data)

        class Synchronous(WebsocketConsumer):
            def receive(self, text_data=None, bytes_data=None):
                in_synchronous()
                self.send(text_data)

        class LazyUser(LazyObject):
            def _setup(self):
                raise AssertionError("nobody may load it")

        class User:
            def __init__(self, pk):
                self.pk = pk

        class Login:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                name = dict(scope["headers"]).get(b"x-user")
                user = LazyUser()
                if name:
                    user._wrapped = User(int(name))
                await self.app({**scope, "user": user}, receive, send)

        routes = [path("a", Asynchronous.as_asgi()), path("s", Synchronous.as_asgi())]
        with serving(ProtocolTypeRouter({"websocket": Login(URLRouter(routes))}), lifespan="off") as port:
            for headers in ({"x-user": "1"}, {"x-user": "2"}, {}):
                for where in "as":
                    with connect(f"ws://127.0.0.1:{port}/{where}", additional_headers=headers) as client:
                        client.send("hello")
                        assert client.recv() == "hello"
        """,
    )
    assert users_by_function(done) == {
        "in_asynchronous": ["", "1", "2"],
        "in_synchronous": ["", "1", "2"],
    }
    assert not blind(done)
