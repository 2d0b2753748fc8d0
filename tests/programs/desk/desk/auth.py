"""Who is signed in: a bearer token names the user, for the length of a request or connection."""

from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import parse_qs

import structlog
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

UNAUTHORIZED = 4401
PUBLIC = ("/health", "/articles", "/rates")
PREFIX = "token-"


@dataclass(frozen=True)
class User:
    """A signed-in user."""

    user_id: str
    is_staff: bool
    language: str


current_user: ContextVar[User | None] = ContextVar("current_user", default=None)


def user_of(token: str) -> User | None:
    """The user that a token was given to; the directory of a real service would be asked here."""
    if not token.startswith(PREFIX):
        return None
    user_id = token.removeprefix(PREFIX)
    return User(user_id, user_id.startswith("staff"), ("en", "de", "fr")[len(user_id) % 3])


def signed_in() -> User:
    """The user of this request or connection."""
    user = current_user.get()
    if user is None:
        raise PermissionError("nobody is signed in")
    return user


def _token(scope: Scope) -> str:
    scheme, _, credentials = Headers(scope=scope).get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    query: bytes = scope["query_string"]
    return parse_qs(query.decode()).get("token", [""])[0]


class AuthenticationMiddleware:
    """Signs the user in, and out again whatever happens."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(PUBLIC):
            await self.app(scope, receive, send)
            return
        user = user_of(_token(scope))
        if user is None:
            await self._refuse(scope, receive, send)
            return
        token = current_user.set(user)
        bound = structlog.contextvars.bind_contextvars(user_id=user.user_id)
        try:
            await self.app(scope, receive, send)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
            current_user.reset(token)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": UNAUTHORIZED})
        else:
            await JSONResponse({"detail": "unknown token"}, status_code=401)(scope, receive, send)
