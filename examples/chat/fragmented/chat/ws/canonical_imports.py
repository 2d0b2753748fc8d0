"""The one place to import WebSocket names from."""

from chat.ws.unified_manager import Connection, ProtocolError, get_websocket_manager
from chat.ws.unified_manager import UnifiedWebSocketManager as WebSocketManager

__all__ = ["Connection", "ProtocolError", "WebSocketManager", "get_websocket_manager"]
