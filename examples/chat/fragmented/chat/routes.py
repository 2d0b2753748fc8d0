"""HTTP endpoints."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from chat.auth import signed_in_user
from chat.ws.compat import WebSocketManager, create_websocket_manager
from chat.ws.unified_manager import get_websocket_manager


async def health(request: Request) -> JSONResponse:
    """For the load balancer."""
    return JSONResponse({"status": "ok"})


def stats(request: Request) -> JSONResponse:
    """What is open and was sent so far; runs in the thread pool."""
    user = signed_in_user()
    manager = WebSocketManager(user)  # only to count, so not the user's live one
    delivered = create_websocket_manager(user).delivered + get_websocket_manager().delivered
    return JSONResponse(
        {"user_id": user.user_id, "connections": manager.connection_count(), "delivered": delivered}
    )
