"""Puts a process down in the list of its recording directory, before it writes anything else there.

Who judges the recordings knows then which processes there were, though one of their files be gone. There is
no lock: a line is one write to a file opened for appending, and where it came to lie is the process' number.
"""

from __future__ import annotations

import os
from typing import NamedTuple, Optional

from ssot_probe.wire.process_list import FILE_NAME, LINE_LENGTH, read_list, written_line


class Listing(NamedTuple):
    """A process' place in a list."""

    directory: str  # the name of the list
    number: int  # of the process, from 1
    path: str
    file: tuple[int, int]  # device and node, by which another list in its place is told from it


NOT_LISTED = Listing("", 0, "", (0, 0))


def enlist(directory: str, identity: str, time: int) -> Listing:
    """Put a process down in the list of the directory; NOT_LISTED where that cannot be done.

    Args:
        directory: where recordings go; made when it is missing.
        identity: of the process, as 32 hexadecimal digits.
        time: nanoseconds since the epoch.
    """
    path = os.path.join(directory, FILE_NAME)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        descriptor = os.open(path, flags, 0o600)
    except OSError:
        return NOT_LISTED
    try:
        return _listing(descriptor, path, written_line(identity, time, os.getpid())) or NOT_LISTED
    except (OSError, ValueError):
        return NOT_LISTED
    finally:
        os.close(descriptor)


def _listing(descriptor: int, path: str, line: bytes) -> Optional[Listing]:
    """Append the line; None where it did not arrive as it should, as on a network file system."""
    written = os.write(descriptor, line)
    end = os.lseek(descriptor, 0, os.SEEK_CUR)
    if written != LINE_LENGTH or end % LINE_LENGTH:
        return None
    os.lseek(descriptor, end - LINE_LENGTH, os.SEEK_SET)
    if os.read(descriptor, LINE_LENGTH) != line:
        return None
    os.lseek(descriptor, 0, os.SEEK_SET)
    first = os.read(descriptor, LINE_LENGTH).split(b" ")[0].decode("ascii", "replace")
    status = os.fstat(descriptor)
    return Listing(first, end // LINE_LENGTH, path, (status.st_dev, status.st_ino))


def listed(listing: Listing) -> int:
    """Return how many processes the list has by now; 0 where it is not there any more."""
    if not listing.number:
        return 0
    try:
        status = os.stat(listing.path)
    except OSError:
        return 0
    return status.st_size // LINE_LENGTH if (status.st_dev, status.st_ino) == listing.file else 0


def listed_since(listing: Listing, time: int) -> set[int]:
    """Return the ids of the processes that were put down since then; none where the list cannot be read."""
    if not listing.number:
        return set()
    try:
        with open(listing.path, "rb") as file:
            found = read_list(file.read())
    except OSError:
        return set()
    return {process.pid for process in found.processes if process.time >= time - 1_000_000_000}
