"""What users have set for their notices."""

import asyncio
from typing import Any

DEFAULTS: dict[str, Any] = {"muted": False, "recent": []}
MOST_RECENT = 50


async def load_settings(user_id: str) -> dict[str, Any]:
    """Settings of a user (stands in for a query)."""
    await asyncio.sleep(0.02)
    return dict(DEFAULTS)
