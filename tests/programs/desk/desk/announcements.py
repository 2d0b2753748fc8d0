"""Announcements: what staff has to say to everybody who is connected."""

import asyncio
from typing import Any

from desk.notifications import NotificationManager


class AnnouncementBus:
    """Tells everything to all subscribers."""

    def __init__(self) -> None:
        self._subscribers: dict[str, NotificationManager] = {}

    def subscribe(self, manager: NotificationManager) -> None:
        """Tell the manager from now on."""
        self._subscribers[manager.user.user_id] = manager

    def unsubscribe(self, manager: NotificationManager) -> None:
        """Tell it no more, unless its user is connected otherwise."""
        if not manager.is_connected():
            self._subscribers.pop(manager.user.user_id, None)

    async def announce(self, text: str) -> int:
        """Tell everybody; returns how many that were."""
        message: dict[str, Any] = {"type": "announcement", "text": text}
        managers = list(self._subscribers.values())
        await asyncio.gather(*(manager.notify(dict(message)) for manager in managers))
        return len(managers)


bus = AnnouncementBus()
