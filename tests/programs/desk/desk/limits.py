"""How much a user may ask for: a bucket each."""

import time
from dataclasses import dataclass


@dataclass
class Bucket:
    """What a user has left."""

    left: float
    filled: float


class RateLimiter:
    """Buckets by user; one limiter for the process."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._buckets: dict[str, Bucket] = {}

    def allows(self, user_id: str) -> bool:
        """Take one from the user's bucket; False where it is empty."""
        now = time.monotonic()
        bucket = self._buckets.get(user_id)
        if bucket is None:
            bucket = self._buckets[user_id] = Bucket(self._per_second, now)
        bucket.left = min(self._per_second, bucket.left + (now - bucket.filled) * self._per_second)
        bucket.filled = now
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True
