"""HTTP endpoints."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from chat.auth import signed_in_user
from chat.ws.manager import get_websocket_manager


async def health(request: Request) -> JSONResponse:
    """For the load balancer."""
    return JSONResponse({"status": "ok"})


async def stats(request: Request) -> JSONResponse:
    """What the signed-in user has open and got so far."""
    user = signed_in_user()
    manager = get_websocket_manager(user)
    return JSONResponse(
        {"user_id": user.user_id, "connections": manager.connection_count(), "delivered": manager.delivered}
    )
