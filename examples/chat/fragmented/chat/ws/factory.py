"""Managers for the notice service."""

from chat.context import UserContext
from chat.ws.settings import load_settings
from chat.ws.websocket_manager import WebSocketManager


class WebSocketManagerFactory:
    """Makes managers and remembers them, so that whoever comes back has their notices."""

    def __init__(self) -> None:
        self._made: dict[str, WebSocketManager] = {}

    async def create_manager(self, user_context: UserContext) -> WebSocketManager:
        """The manager of this user, with their settings."""
        manager = self._made.get(user_context.user_id)
        if manager is None:
            settings = await load_settings(user_context.user_id)
            manager = self._made[user_context.user_id] = WebSocketManager(user_context, settings)
        return manager

    def made(self) -> int:
        return len(self._made)


manager_factory = WebSocketManagerFactory()
