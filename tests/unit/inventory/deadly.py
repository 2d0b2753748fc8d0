"""A reader that a file brings down, where processes that are spawned can import it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ssot_probe.inventory.reading import read_batch as _read_batch


def read_batch(jobs: Sequence[tuple[bytes, str, bytes]]) -> list[tuple[bytes, str]]:
    """End the process at once where a file holds the word."""
    if any(b"deadly" in content for _, _, content in jobs):
        os._exit(1)
    return _read_batch(jobs)
