"""Pools of libraries that are listened to without being named, where they are loaded."""

from __future__ import annotations

from ssot_probe.model.policy import Pool

_REDIS, _REDIS_ASYNC = "redis.connection:ConnectionPool", "redis.asyncio.connection:ConnectionPool"
_ASYNCPG = "asyncpg.pool:Pool"
_PSYCOPG, _PSYCOPG_ASYNC = "psycopg_pool.pool:ConnectionPool", "psycopg_pool.pool_async:AsyncConnectionPool"

KNOWN = (
    Pool("redis", f"{_REDIS}.get_connection", f"{_REDIS}.release"),
    Pool("redis.asyncio", f"{_REDIS_ASYNC}.get_connection", f"{_REDIS_ASYNC}.release"),
    Pool("psycopg", f"{_PSYCOPG}.getconn", f"{_PSYCOPG}.putconn"),
    Pool("psycopg.async", f"{_PSYCOPG_ASYNC}.getconn", f"{_PSYCOPG_ASYNC}.putconn"),
    Pool("asyncpg", f"{_ASYNCPG}._acquire", f"{_ASYNCPG}.release"),
)

TURNS = {
    f"{home}:{cls}.{method}": is_question
    for home in ("redis.connection", "redis.asyncio.connection")
    for cls in ("AbstractConnection", "Connection")
    for method, is_question in (("send_packed_command", True), ("read_response", False))
}
"""Methods of connections that ask, or read a reply: one that has asked is not clean before it has read."""

STANDS_FOR = {("asyncpg.pool", "PoolConnectionProxy"): "_con"}
"""Classes whose instances are made for each user anew, and the attribute with what is pooled."""


_ACQUIRE = ("acquire", "get_connection", "getconn", "get", "checkout", "check_out", "borrow", "take", "lease")
_RELEASE = ("release", "release_connection", "return_connection", "putconn", "put", "checkin", "check_in",
            "give_back", "put_back", "return_")  # fmt: skip


def pool_of(cls: type, name: str) -> Pool | None:
    """Return the pool that a class of the application's own seems to be, None where it seems to be none.

    Its name says so, and it has a method that hands out and one that takes back, by their usual names.
    """
    if not cls.__name__.endswith("Pool"):
        return None
    own = vars(cls)
    acquire = next((method for method in _ACQUIRE if method in own), "")
    release = next((method for method in _RELEASE if method in own), "")
    if not acquire or not release:
        return None
    return Pool(name, f"{name}.{acquire}", f"{name}.{release}")


def pools_in_force(declared: tuple[Pool, ...]) -> tuple[Pool, ...]:
    """Return the pools of a policy, and those of libraries that it does not name."""
    named = {pool.acquire for pool in declared}
    return (*declared, *(pool for pool in KNOWN if pool.acquire not in named))
