"""The unified manager: one object for all connections, so that routes and agents need not pass it around."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket

from chat.ws.pool import ConnectionPool, shared_pool

PACE_SECONDS = 0.01


class ProtocolError(ValueError):
    """A message that does not follow the protocol."""


@dataclass(frozen=True, eq=False)
class Connection:
    """A socket and whose it is."""

    user_id: str
    websocket: WebSocket


class UnifiedWebSocketManager:
    """Connections, messages and agent events of all users."""

    def __init__(self, pool: ConnectionPool = shared_pool) -> None:
        self.delivered = 0
        self._pool = pool

    def add_connection(self, connection: Connection) -> None:
        self._pool.add(connection.user_id, connection.websocket)

    def remove_connection(self, connection: Connection) -> None:
        self._pool.discard(connection.user_id, connection.websocket)

    async def emit_agent_event(
        self, event_type: str, run_id: str, user_id: str, data: dict[str, Any]
    ) -> None:
        """Send one event of an agent run to the user who asked."""
        event = {"type": event_type, "run_id": run_id, "user_id": user_id, "data": data}
        await asyncio.sleep(PACE_SECONDS)  # old apps lose events that come too close to each other
        self.delivered += await self._pool.send(user_id, event)

    async def send_error(self, user_id: str, detail: str) -> None:
        """Tell the user that their message was not understood."""
        from chat.ws.websocket_manager import notice  # websocket_manager imports this module

        await self._pool.send(user_id, notice("error", detail=detail))

    @staticmethod
    def parse(raw: str) -> dict[str, Any]:
        """Read a client message."""
        message = json.loads(raw)
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise ProtocolError("a message is an object with a type")
        return message


_manager: UnifiedWebSocketManager | None = None


def get_websocket_manager() -> UnifiedWebSocketManager:
    """The manager of this process."""
    global _manager
    if _manager is None:
        _manager = UnifiedWebSocketManager()
    return _manager
