"""What users have set for their notices."""

import asyncio
import json
from typing import Any

DEFAULTS: dict[str, Any] = {"muted": False, "recent": []}
MOST_RECENT = 50


async def load_settings(user_id: str) -> dict[str, Any]:
    """Settings of a user (stands in for a query)."""
    await asyncio.sleep(0.02)
    return dict(DEFAULTS)


def save_settings(user_id: str, settings: dict[str, Any]) -> None:
    """Save settings of a user (stands in for a statement that may block)."""
    _saved[user_id] = json.dumps(settings)


_saved: dict[str, str] = {}
