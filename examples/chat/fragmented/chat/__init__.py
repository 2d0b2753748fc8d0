"""Chat service: users ask over a WebSocket, agents answer with a stream of events."""
