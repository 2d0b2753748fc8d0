"""The format of the list of processes of a recording directory: one line of fixed length per process.

The first line gives the list its name, so that nobody has to make one; the place of a line gives its process
a number. A length that divides every block of a disk lets a full one take a line whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import gmtime, strftime
from typing import NamedTuple

FILE_NAME = "processes.list"
LINE_LENGTH = 64

_IDENTITY, _PID = 32, 9
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


class ListedProcess(NamedTuple):
    """A process that had something to record, as it put itself down before it wrote any of it."""

    identity: str
    time: int  # when it did so, to the second
    pid: int


class ProcessList(NamedTuple):
    """What one file says."""

    name: str  # the identity of the first process on it; "" for an empty one
    processes: tuple[ListedProcess, ...]
    torn: int  # lines, or rests of them, that nobody can read
    where: str = ""  # the file


def written_line(identity: str, time: int, pid: int) -> bytes:
    """Return the line of a process.

    Raises:
        ValueError: a value does not fit in.
    """
    moment = strftime(_MOMENT, gmtime(time // 1_000_000_000))
    line = f"{identity:<{_IDENTITY}} {moment} {pid:>{_PID}}\n".encode("ascii")
    if len(line) != LINE_LENGTH or " " in identity or not identity:
        raise ValueError(f"process {identity!r} with pid {pid} does not fit into a line")
    return line


def read_list(content: bytes, where: str = "") -> ProcessList:
    """Return what a list says: each process once, in the order of their numbers."""
    found: dict[str, ListedProcess] = {}
    torn = 0
    lines = content.split(b"\n")
    for line in lines:
        process = _process(line)
        if process is not None:
            found.setdefault(process.identity, process)
        elif line.strip(b"\0 \r"):
            torn += 1
    processes = tuple(found.values())
    return ProcessList(processes[0].identity if processes else "", processes, torn, where)


def merged(lists: Iterable[ProcessList]) -> tuple[ProcessList, ...]:
    """Return each list once, in an order of its own, with all processes that any copy of it has."""
    found: dict[str, ProcessList] = {}
    for read in sorted(lists, key=lambda read: (-len(read.processes), read.torn, read)):
        longest = found.setdefault(read.name, read)
        known = {process.identity for process in longest.processes}
        more = [process for process in read.processes if process.identity not in known]
        found[read.name] = longest._replace(processes=(*longest.processes, *more))
    return tuple(sorted(found.values()))


def _process(line: bytes) -> ListedProcess | None:
    from calendar import timegm
    from time import strptime

    if len(line) != LINE_LENGTH - 1:
        return None
    try:
        identity, moment, pid = line.decode("ascii").split()
        return ListedProcess(identity, timegm(strptime(moment, _MOMENT)) * 1_000_000_000, int(pid))
    except ValueError:
        return None
