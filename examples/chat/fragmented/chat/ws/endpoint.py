"""The WebSocket endpoint."""

from contextvars import copy_context
from threading import Thread

from starlette.websockets import WebSocket

from chat.auth import signed_in_user
from chat.context import UserContext
from chat.ws import manager as per_user
from chat.ws.factory import manager_factory
from chat.ws.handlers import handle_message, texts
from chat.ws.passes import Pass
from chat.ws.unified_manager import Connection, get_websocket_manager
from chat.ws.websocket_manager import WebSocketManager, notice


async def chat_socket(websocket: WebSocket) -> None:
    """Serve one connection of the signed-in user."""
    user = signed_in_user()
    await websocket.accept()

    # Registered everywhere while agents move over to chat.ws.manager; the pool keeps each socket once.
    connection = Connection(user.user_id, websocket)
    unified = get_websocket_manager()
    unified.add_connection(connection)
    manager = per_user.get_websocket_manager(user)
    manager.add_connection(websocket)
    notices = await manager_factory.create_manager(UserContext.of(user))
    notices.add_connection(user.user_id, websocket)

    try:
        allowed = Pass(user.user_id, user.plan).connections
        await notices.send_message(user.user_id, notice("connected", user_id=user.user_id, allowed=allowed))
        async for raw in texts(websocket):
            try:
                await handle_message(user, websocket, raw)
            except ValueError as error:
                await unified.send_error(user.user_id, str(error))
    finally:
        notices.remove_connection(user.user_id, websocket)
        Thread(target=copy_context().run, args=(save, notices)).start()
        manager.remove_connection(websocket)
        unified.remove_connection(connection)


def save(notices: WebSocketManager) -> None:
    """Save what a connection has changed, in a thread of its own: that may block."""
    notices.save()
