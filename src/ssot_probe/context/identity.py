"""Turns user ids into keyed hashes: the only form in which a user leaves the process.

HMAC-SHA256 (RFC 2104) because plain hashes of ids that are easy to guess are easy to reverse.
"""

from __future__ import annotations

import hmac
import os

_MOST_CACHED = 10_000


class UserHasher:
    """Hashes user ids with one key. Equal ids hash alike; without the key nothing can be tried out.

    Args:
        key: at least 32 bytes; None for random ones, so that hashes of two runs cannot be linked.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or os.urandom(32)
        self._cache: dict[str, str] = {}

    @property
    def key_id(self) -> str:
        """Which key this is, without giving it away, as 16 hex digits: only its own hashes compare."""
        return hmac.new(self._key, b"ssot-probe key id", "sha256").hexdigest()[:16]

    def __call__(self, user_id: str) -> str:
        """Return the hash of a user id, as `u-` and 16 hex digits."""
        known = self._cache.get(user_id)
        if known is None:
            if len(self._cache) >= _MOST_CACHED:
                self._cache.clear()
            known = self._cache[user_id] = (
                "u-"
                + hmac.new(self._key, user_id.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:16]
            )
        return known

    def __repr__(self) -> str:
        return "UserHasher()"
