"""What clients may send."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState


@dataclass(frozen=True)
class Ask:
    """A question; `run_id` is chosen by the client and comes back with every event."""

    run_id: str
    text: str


def parse_ask(raw: str) -> Ask:
    """Read a client message; ValueError says what is wrong with it."""
    message = json.loads(raw)
    if not isinstance(message, dict) or message.get("type") != "ask":
        raise ValueError('expected {"type": "ask", ...}')
    run_id, text = message.get("run_id"), message.get("text")
    if not isinstance(run_id, str) or not isinstance(text, str):
        raise ValueError("run_id and text must be strings")
    return Ask(run_id, text)


async def texts(websocket: WebSocket) -> AsyncIterator[str]:
    """Yield what the client sends, until it is gone: who sends to it may be the first to see that."""
    while websocket.application_state is WebSocketState.CONNECTED:
        try:
            yield await websocket.receive_text()
        except WebSocketDisconnect:
            return
