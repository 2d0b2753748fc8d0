"""The ASGI application."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from chat.auth import AuthMiddleware
from chat.routes import health, stats
from chat.ws.endpoint import chat_socket

app = Starlette(
    routes=[
        Route("/health", health),
        Route("/stats", stats),
        WebSocketRoute("/ws", chat_socket),
    ],
    middleware=[Middleware(AuthMiddleware)],
)
