"""Where Starlette, FastAPI and Channels keep the user: in the scope, or in the request's state."""

from __future__ import annotations

from typing import Any

from ssot_probe.context.values import stored, unwrapped


def accounts(scope: dict[str, Any]) -> tuple[Any, ...]:
    """Return `scope["user"]`, `request.state.user` and `request.state.user_id`; no lazy one is loaded."""
    user, state = scope.get("user"), scope.get("state")
    if user is not None:
        user = unwrapped(user)
    if not state:
        return (user,)
    if type(state) is not dict:
        state = stored(state, "_state") or {}  # a State of Starlette's
    account = state.get("user")
    return user, None if account is None else unwrapped(account), state.get("user_id")
