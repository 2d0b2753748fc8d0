"""Pools of libraries that are listened to without being named, where they are loaded."""

from __future__ import annotations

from ssot_probe.model.policy import Pool

_REDIS, _REDIS_ASYNC = "redis.connection:ConnectionPool", "redis.asyncio.connection:ConnectionPool"
_ASYNCPG = "asyncpg.pool:Pool"

KNOWN = (
    Pool("redis", f"{_REDIS}.get_connection", f"{_REDIS}.release"),
    Pool("redis.asyncio", f"{_REDIS_ASYNC}.get_connection", f"{_REDIS_ASYNC}.release"),
    Pool("asyncpg", f"{_ASYNCPG}._acquire", f"{_ASYNCPG}.release"),
)

STANDS_FOR = {("asyncpg.pool", "PoolConnectionProxy"): "_con"}
"""Classes whose instances are made for each user anew, and the attribute with what is pooled."""


def pools_in_force(declared: tuple[Pool, ...]) -> tuple[Pool, ...]:
    """Return the pools of a policy, and those of libraries that it does not name."""
    named = {pool.acquire for pool in declared}
    return (*declared, *(pool for pool in KNOWN if pool.acquire not in named))
