"""WebSocket manager, one per user. New code should use this one (migration plan, step 2 of 4)."""

from typing import Any

from starlette.websockets import WebSocket

from chat.auth import User
from chat.ws.pool import ConnectionPool, shared_pool


class WebSocketManager:
    """Connections and agent events of one user."""

    def __init__(self, user: User, pool: ConnectionPool = shared_pool) -> None:
        self.user = user
        self.delivered = 0
        self._pool = pool

    def add_connection(self, websocket: WebSocket) -> None:
        self._pool.add(self.user.user_id, websocket)

    def remove_connection(self, websocket: WebSocket) -> None:
        self._pool.discard(self.user.user_id, websocket)

    def connection_count(self) -> int:
        return self._pool.count(self.user.user_id)

    async def send_message(self, message: dict[str, Any]) -> None:
        """Send a message that is not part of an agent run."""
        self.delivered += await self._pool.send(self.user.user_id, message)

    async def emit_agent_event(
        self, event_type: str, run_id: str, user_id: str, data: dict[str, Any]
    ) -> None:
        """Send one event of an agent run to the user who asked."""
        event = {"type": event_type, "run_id": run_id, "user_id": user_id, "data": data}
        self.delivered += await self._pool.send(user_id, event)


_managers: dict[str, WebSocketManager] = {}


def get_websocket_manager(user: User) -> WebSocketManager:
    """The manager of `user`, made on first use. They are small, so we keep them."""
    if user.user_id not in _managers:
        _managers[user.user_id] = WebSocketManager(user)
    return _managers[user.user_id]
