"""The WebSocket manager: one per user, obtained from get_websocket_manager and nowhere else."""

import logging
from typing import Any
from weakref import WeakValueDictionary

from starlette.websockets import WebSocket

from chat.auth import User

logger = logging.getLogger(__name__)


class WebSocketManager:
    """The open connections of one user, and what is sent to them."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.delivered = 0
        self._connections: list[WebSocket] = []

    def add_connection(self, websocket: WebSocket) -> None:
        """Send to `websocket` from now on."""
        self._connections.append(websocket)

    def remove_connection(self, websocket: WebSocket) -> None:
        """Stop sending to `websocket`; harmless if it is gone already."""
        if websocket in self._connections:
            self._connections.remove(websocket)

    def connection_count(self) -> int:
        """How many connections of this user are open."""
        return len(self._connections)

    async def send_message(self, message: dict[str, Any]) -> None:
        """Send to every open connection of this user."""
        for websocket in list(self._connections):
            try:
                await websocket.send_json(message)
            except Exception as error:  # servers differ in what they raise for a closed socket
                logger.debug("dropping a connection: %r", error)
                self.remove_connection(websocket)
            else:
                self.delivered += 1

    async def emit_agent_event(
        self, event_type: str, run_id: str, user_id: str, data: dict[str, Any]
    ) -> None:
        """Send one event of an agent run to the user who asked."""
        if user_id != self.user.user_id:
            raise ValueError("this manager belongs to another user")
        await self.send_message({"type": event_type, "run_id": run_id, "user_id": user_id, "data": data})


_managers: "WeakValueDictionary[str, WebSocketManager]" = WeakValueDictionary()


def get_websocket_manager(user: User) -> WebSocketManager:
    """The manager of `user`.

    Connections, runs and requests that hold it get the same one; it goes when the last of them ends. All of
    them are on the event loop: a manager belongs to one thread, as its sockets do.
    """
    manager = _managers.get(user.user_id)
    if manager is None:
        manager = _managers[user.user_id] = WebSocketManager(user)
    return manager
