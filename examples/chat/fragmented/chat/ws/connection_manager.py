"""Topic subscriptions of the 2.x mobile apps."""

from starlette.websockets import WebSocket


class WebSocketConnectionManager:
    """Which sockets want to hear about which topic."""

    def __init__(self) -> None:
        self._topics: dict[str, list[WebSocket]] = {}

    def subscribe(self, topic: str, websocket: WebSocket) -> None:
        self._topics.setdefault(topic, []).append(websocket)


connections = WebSocketConnectionManager()
