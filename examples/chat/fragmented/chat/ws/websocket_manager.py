"""The first WebSocket manager. Notices still go through it; agents have moved on."""

from typing import Any

from starlette.websockets import WebSocket

from chat.context import UserContext
from chat.ws.pool import ConnectionPool, shared_pool
from chat.ws.settings import MOST_RECENT, save_settings
from chat.ws.unified_manager import ProtocolError


class WebSocketManager:
    """Connections and plain messages."""

    def __init__(
        self, user_context: UserContext, settings: dict[str, Any], pool: ConnectionPool = shared_pool
    ) -> None:
        self.user_context = user_context
        self._settings = settings
        self._pool = pool

    def add_connection(self, user_id: str, websocket: WebSocket) -> None:
        self._pool.add(user_id, websocket)

    def remove_connection(self, user_id: str, websocket: WebSocket) -> None:
        self._pool.discard(user_id, websocket)

    def connection_count(self, user_id: str) -> int:
        return self._pool.count(user_id)

    async def send_message(self, user_id: str, message: dict[str, Any]) -> None:
        """Send a message that is not part of an agent run."""
        if "type" not in message:
            raise ProtocolError("a message needs a type")
        recent = self._settings["recent"]  # to be shown again after a reconnect
        recent.append(message)
        del recent[:-MOST_RECENT]
        await self._pool.send(user_id, message)

    def save(self) -> None:
        """Save the user's settings; may block."""
        save_settings(self.user_context.user_id, self._settings)


def notice(kind: str, **fields: Any) -> dict[str, Any]:
    """A service message in the form that all apps understand."""
    return {"type": kind, **fields}
