"""Connections per user, counted as the 2.x invoices want them."""

from chat.ws.pool import ConnectionPool


def open_connections(pool: ConnectionPool, user_ids: list[str]) -> dict[str, int]:
    """How many connections each user has open."""
    return {user_id: pool.count(user_id) for user_id in user_ids}
