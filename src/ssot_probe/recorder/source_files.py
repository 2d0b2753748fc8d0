"""Reads source as it was when the process loaded it, or not at all."""

from __future__ import annotations

import os
import stat

from ssot_probe.model.source_digest import MOST_BYTES

_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe may have no end


def read_source(path: str, since: int) -> bytes | None:
    """Return the content of a file; None where it is none, is too large, or changed after `since`.

    Nobody can tell what was in a changed file when it was loaded.

    Args:
        path: as the interpreter knows it.
        since: nanoseconds since the epoch.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return None
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode) or before.st_size > MOST_BYTES:
            return None
        content = b"".join(iter(lambda: os.read(descriptor, 1 << 20), b""))
        after = os.fstat(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    changed = max(before.st_mtime_ns, before.st_ctime_ns, after.st_mtime_ns, after.st_ctime_ns)
    return content if changed <= since and len(content) == before.st_size else None
