"""WebSocket side of the service."""
