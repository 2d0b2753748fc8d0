"""The WebSocket endpoint."""

from starlette.websockets import WebSocket

from chat.agents.runs import start_run
from chat.auth import signed_in_user
from chat.ws.manager import get_websocket_manager
from chat.ws.messages import parse_ask, texts


async def chat_socket(websocket: WebSocket) -> None:
    """Serve one connection of the signed-in user."""
    user = signed_in_user()
    manager = get_websocket_manager(user)
    await websocket.accept()
    manager.add_connection(websocket)
    try:
        await manager.send_message({"type": "connected", "user_id": user.user_id})
        async for raw in texts(websocket):
            try:
                ask = parse_ask(raw)
            except ValueError as error:
                await websocket.send_json({"type": "error", "detail": str(error)})
            else:
                start_run(user, ask.run_id, ask.text)
    finally:
        manager.remove_connection(websocket)
