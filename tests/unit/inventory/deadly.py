"""A reader that a file brings down, where processes that are spawned can import it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ssot_probe.inventory.reading import Job, Read
from ssot_probe.inventory.reading import read_batch as _read_batch


def read_batch(jobs: Sequence[Job]) -> list[Read]:
    """End the process at once where a file has the word in its name."""
    if any("deadly" in job.path for job in jobs):
        os._exit(1)
    return _read_batch(jobs)
