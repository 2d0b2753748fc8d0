"""Redis: one client with its pool for the process; every key has the user in it."""

import json
from typing import Any

import redis.asyncio as redis

from desk.settings import get_settings


def _client() -> "redis.Redis":
    url = get_settings().redis_url
    if url:
        return redis.Redis.from_url(url, decode_responses=True)
    import fakeredis

    return fakeredis.FakeAsyncRedis(decode_responses=True)


client = _client()


async def remembered(user_id: str, what: str) -> Any:
    """What was remembered for a user, None for nothing."""
    text = await client.get(f"desk:{user_id}:{what}")
    return None if text is None else json.loads(text)


async def remember(user_id: str, what: str, value: Any) -> None:
    """Remember something for a user, for an hour."""
    await client.set(f"desk:{user_id}:{what}", json.dumps(value), ex=3600)


async def count_visit(user_id: str) -> int:
    """How often the user has been here, this visit included."""
    async with client.pipeline(transaction=True) as pipe:
        pipe.incr(f"desk:{user_id}:visits")
        pipe.expire(f"desk:{user_id}:visits", 3600)
        visits, _ = await pipe.execute()
    return int(visits)
