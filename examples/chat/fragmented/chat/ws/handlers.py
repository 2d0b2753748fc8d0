"""What to do with a message from a client."""

from collections.abc import AsyncIterator

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from chat.agents.runs import start_run
from chat.auth import User

# from chat.ws.connection_manager import connections  # pulled in below, only 2.x apps need it


async def handle_message(user: User, websocket: WebSocket, raw: str) -> None:
    """Dispatch one message."""
    from chat.ws.canonical_imports import ProtocolError, WebSocketManager  # at the top this was a cycle once

    message = WebSocketManager.parse(raw)
    if message["type"] == "ask":
        run_id, text = message.get("run_id"), message.get("text")
        if not isinstance(run_id, str) or not isinstance(text, str):
            raise ProtocolError("run_id and text must be strings")
        start_run(user, run_id, text)
    elif message["type"] == "subscribe":
        from chat.ws.connection_manager import connections

        connections.subscribe(str(message.get("topic")), websocket)
    else:
        raise ProtocolError(f"unknown type {message['type']!r}")


async def texts(websocket: WebSocket) -> AsyncIterator[str]:
    """Yield what the client sends, until it is gone: who sends to it may be the first to see that."""
    while websocket.application_state is WebSocketState.CONNECTED:
        try:
            yield await websocket.receive_text()
        except WebSocketDisconnect:
            return
