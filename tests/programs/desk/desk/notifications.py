"""Notification managers: one per user while they are connected, and for a while after."""

import threading
from collections import deque
from typing import Any

import structlog
from cachetools import TTLCache
from fastapi import WebSocket

from desk.auth import User
from desk.settings import get_settings

log = structlog.get_logger()


class NotificationManager:
    """The sockets of one user, and what they were told lately."""

    MOST_KEPT = 20

    def __init__(self, user: User) -> None:
        self.user = user
        self.delivered = 0
        self.history: deque[dict[str, Any]] = deque(maxlen=self.MOST_KEPT)
        self._sockets: list[WebSocket] = []

    def connect(self, socket: WebSocket) -> None:
        """Tell this socket from now on."""
        self._sockets.append(socket)

    def disconnect(self, socket: WebSocket) -> None:
        """Tell it no more."""
        if socket in self._sockets:
            self._sockets.remove(socket)

    def is_connected(self) -> bool:
        """Has the user a socket?"""
        return bool(self._sockets)

    async def notify(self, message: dict[str, Any]) -> None:
        """Tell all sockets of the user, and remember it for those that come back."""
        self.history.append(message)
        for socket in list(self._sockets):
            try:
                await socket.send_json(message)
            except Exception as error:
                log.info("dropping a socket", error=repr(error))
                self.disconnect(socket)
            else:
                self.delivered += 1


class _Registry:
    """Managers by user: strongly while connected, for a grace period after."""

    def __init__(self, grace: float) -> None:
        self._lock = threading.Lock()
        self._connected: dict[str, NotificationManager] = {}
        self._leaving: TTLCache[str, NotificationManager] = TTLCache(maxsize=10_000, ttl=grace)

    def of(self, user: User) -> NotificationManager:
        with self._lock:
            manager = self._connected.get(user.user_id) or self._leaving.pop(user.user_id, None)
            if manager is None:
                manager = NotificationManager(user)
            self._connected[user.user_id] = manager
            return manager

    def left(self, user: User) -> None:
        with self._lock:
            manager = self._connected.get(user.user_id)
            if manager is not None and not manager.is_connected():
                self._leaving[user.user_id] = self._connected.pop(user.user_id)


_registry = _Registry(get_settings().grace_seconds)


def get_notification_manager(user: User) -> NotificationManager:
    """The manager of the user."""
    return _registry.of(user)


def leave(user: User) -> None:
    """Let go of the user's manager once the grace period is over, unless they are still connected."""
    _registry.left(user)
