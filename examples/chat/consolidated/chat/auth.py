"""Who is talking to us: tokens, users, and the user of the current request or connection."""

from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

UNAUTHORIZED = 4401  # WebSocket close code
PUBLIC_PATHS = frozenset({"/health"})


@dataclass(frozen=True)
class User:
    """A signed-in user; `plan` decides which compliance rules apply to their data."""

    user_id: str
    plan: str


_DIRECTORY = {
    "token-okafor": User("okafor", "hipaa"),
    "token-brandt": User("brandt", "sec"),
    "token-lindqvist": User("lindqvist", "enterprise"),
    "token-mori": User("mori", "free"),
    "token-silva": User("silva", "hipaa"),
    "token-haddad": User("haddad", "enterprise"),
    "token-novak": User("novak", "free"),
    "token-reyes": User("reyes", "sec"),
}
_PLANS = {user.user_id: user.plan for user in _DIRECTORY.values()}

current_user: ContextVar[User | None] = ContextVar("current_user", default=None)


def signed_in_user() -> User:
    """The user of this request or connection."""
    user = current_user.get()
    if user is None:
        raise PermissionError("nobody is signed in here")
    return user


def compliance_of(user_id: str) -> str | None:
    """The compliance label of a user, None for a user we do not know."""
    return _PLANS.get(user_id)


def _token(scope: Scope) -> str:
    scheme, _, credentials = Headers(scope=scope).get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    query: bytes = scope["query_string"]
    return parse_qs(query.decode()).get("token", [""])[0]


class AuthMiddleware:
    """Signs the user in for the whole of an HTTP request or a WebSocket connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] in PUBLIC_PATHS:
            await self.app(scope, receive, send)
            return
        user = _DIRECTORY.get(_token(scope))
        if user is None:
            await self._refuse(scope, receive, send)
            return
        token = current_user.set(user)
        try:
            await self.app(scope, receive, send)
        finally:
            current_user.reset(token)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": UNAUTHORIZED})
        else:
            await JSONResponse({"detail": "unknown token"}, status_code=401)(scope, receive, send)
