"""Where handlers and middlewares of aiohttp keep the user: in the request, under a key."""

from __future__ import annotations

from typing import Any


def accounts(request: Any) -> tuple[Any, ...]:
    """Return `request["user"]` and `request["user_id"]`."""
    state = request._state
    return state.get("user"), state.get("user_id")
