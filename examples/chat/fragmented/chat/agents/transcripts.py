"""What users asked, for the monthly review. Runs in the thread pool: the disk may be slow."""

from chat.auth import User, current_user, signed_in_user
from chat.ws.manager import get_websocket_manager

_lengths: dict[str, int] = {}


def keep(user: User, text: str) -> None:
    """Keep a question of the user."""
    if current_user.get() is None:
        current_user.set(user)  # the pool's threads start without the context of the request
    owner = get_websocket_manager(signed_in_user()).user
    _lengths[owner.user_id] = _lengths.get(owner.user_id, 0) + len(text)
