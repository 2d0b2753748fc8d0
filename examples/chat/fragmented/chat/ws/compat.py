"""Names from before the split into modules; kept for the mobile gateway until Q3."""

import warnings

from chat.auth import User
from chat.ws.manager import WebSocketManager, get_websocket_manager

__all__ = ["WebSocketManager", "create_websocket_manager"]


def create_websocket_manager(user: User) -> WebSocketManager:
    """Old name of get_websocket_manager."""
    warnings.warn("use chat.ws.manager.get_websocket_manager", DeprecationWarning, stacklevel=2)
    return get_websocket_manager(user)
