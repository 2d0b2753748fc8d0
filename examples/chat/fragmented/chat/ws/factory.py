"""Per-connection managers for the notice service."""

from chat.context import UserContext
from chat.ws.websocket_manager import WebSocketManager


class WebSocketManagerFactory:
    """Makes managers and remembers them for the admin page."""

    def __init__(self) -> None:
        self._made: list[WebSocketManager] = []

    def create_manager(self, user_context: UserContext) -> WebSocketManager:
        """A manager for one connection of this user."""
        manager = WebSocketManager(user_context)
        self._made.append(manager)
        return manager

    def made(self) -> int:
        return len(self._made)


manager_factory = WebSocketManagerFactory()
