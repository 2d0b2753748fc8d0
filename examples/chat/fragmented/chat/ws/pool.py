"""The open sockets of this process."""

import logging
from typing import Any

from starlette.websockets import WebSocket

logger = logging.getLogger(__name__)


class ConnectionPool:
    """Open sockets by user id, shared by all managers: it does not matter which one a socket was added to."""

    def __init__(self) -> None:
        self._sockets: dict[str, set[WebSocket]] = {}

    def add(self, user_id: str, websocket: WebSocket) -> None:
        self._sockets.setdefault(user_id, set()).add(websocket)

    def discard(self, user_id: str, websocket: WebSocket) -> None:
        self._sockets.get(user_id, set()).discard(websocket)

    def count(self, user_id: str) -> int:
        return len(self._sockets.get(user_id, ()))

    async def send(self, user_id: str, message: dict[str, Any]) -> int:
        """Send to all sockets of a user; returns how many took it."""
        taken = 0
        for websocket in list(self._sockets.get(user_id, ())):
            try:
                await websocket.send_json(message)
            except Exception as error:  # servers differ in what they raise for a closed socket
                logger.debug("dropping a connection: %r", error)
                self.discard(user_id, websocket)
            else:
                taken += 1
        return taken


shared_pool = ConnectionPool()
