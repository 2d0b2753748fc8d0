"""Where Starlette, FastAPI and Channels keep the user: in the scope, or in the request's state."""

from __future__ import annotations

from typing import Any

from ssot_probe.context.values import stored


def accounts(scope: dict[str, Any]) -> tuple[Any, ...]:
    """Return `scope["user"]`, `request.state.user` and `request.state.user_id`."""
    user, state = scope.get("user"), scope.get("state")
    if not state:
        return (user,)
    if type(state) is not dict:
        state = stored(state, "_state") or {}  # a State of Starlette's
    return user, state.get("user"), state.get("user_id")
