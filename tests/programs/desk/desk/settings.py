"""What the service is started with; read once, never changed."""

import os
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Settings:
    """Where things are and how much of them there may be."""

    database_url: str
    redis_url: str  # "" for a stand-in within the process
    requests_per_second: float = 200.0
    grace_seconds: float = 30.0
    languages: tuple[str, ...] = ("en", "de", "fr")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings(
        database_url=os.environ.get("DESK_DATABASE_URL", "sqlite+aiosqlite:///desk.db"),
        redis_url=os.environ.get("DESK_REDIS_URL", ""),
    )
