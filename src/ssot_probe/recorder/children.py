"""Lets a process know which of those that it forked record, and which ended before they did.

They share memory, in which each child has a slot; the children of one that has nothing to record have theirs
beside it. So the parent knows of a child whose recording was lost, though it went to a Collector or nowhere,
and of one that was killed before it had anything to record. A child that becomes another program, or leaves
at once, gives its slot back and is no loss. The identity is the child's own: two threads that fork at once
would give away one identity twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from time import monotonic
from typing import Any, NamedTuple, Optional

SLOTS = 4_096
"""Children that may be forked or begin between two looks of the parent."""

GROWN_UP = 1.0
"""Seconds after which a child that records nothing yet is expected to end like any other process."""

_SIZE = 32  # of a slot, and of the flags that stand before the first one
_FREE, _FORKED, _BEGUN, _FORGIVEN = 0, 1, 2, 3  # what a slot begins with
_SOME_BEGUN, _SOME_FORKED, _SOME_UNRECORDED, _NO_SLOT = 0, 1, 2, 3  # places of flags


class _Child(NamedTuple):
    state: int
    pid: int
    since: int  # milliseconds of the clock that all processes share
    identity: str

    def to_bytes(self) -> bytes:
        """Return what its slot holds."""
        numbers = self.pid.to_bytes(7, "little") + self.since.to_bytes(8, "little")
        return bytes([self.state]) + numbers + bytes.fromhex(self.identity)

    @classmethod
    def from_bytes(cls, slot: bytes) -> _Child:
        """Return whose slot it is."""
        pid, since = int.from_bytes(slot[1:8], "little"), int.from_bytes(slot[8:16], "little")
        return cls(slot[0], pid, since, slot[16:].hex())


class Children:
    """What passes between one process and the children that it forks."""

    def __init__(self) -> None:
        self._memory: Optional[Any] = None  # shared with the children to come
        self._parents: Optional[Any] = None
        self._own: Optional[_Child] = None  # as it stands in the memory of the parent
        self._start = 0  # of that slot
        self._next_look = 0

    def before_fork(self) -> None:
        """Have memory to share, if there can be any."""
        if self._memory is not None or self._parents is not None:
            return
        try:
            import mmap

            self._memory = mmap.mmap(-1, (SLOTS + 1) * _SIZE)
        except (ImportError, OSError, ValueError):
            return

    def after_fork_in_child(self) -> None:
        """Be a child, with no children yet."""
        self._parents, self._memory, self._own = self._parents or self._memory, None, None

    # What a child says

    def be_known(self, identity: str) -> None:
        """Let the parent miss this process if it vanishes without a word."""
        if self._parents is not None:
            self._take_slot(_Child(_FORKED, os.getpid(), _milliseconds(), identity))

    def begin(self, identity: str) -> None:
        """Tell the parent, once, that this process has something to record."""
        if self._parents is None:
            return
        if self._own is None:
            self._take_slot(_Child(_BEGUN, os.getpid(), _milliseconds(), identity))
        else:
            self._parents[self._start] = _BEGUN
            self._parents[_SOME_BEGUN] = 1
        self._parents.close()
        self._parents = self._own = None

    def leave(self, becomes_program: bool) -> None:
        """Be no loss, though this process says nothing any more.

        Args:
            becomes_program: else it ends without the interpreter's end, which may be one like a crash's
                unless it is soon after the fork.
        """
        own = self._own
        if own is None or self._parents is None:
            return
        if not becomes_program and _milliseconds() - own.since >= GROWN_UP * 1000:
            return
        self._parents[self._start : self._start + _SIZE] = bytes(_SIZE)
        self._own = None

    @property
    def has_parent(self) -> bool:
        """Does a parent learn of what this process does, which has nothing to record itself?"""
        return self._parents is not None

    def become_unrecorded(self) -> None:
        """Tell the parent that this process becomes a program that will not record."""
        if self._parents is not None:
            self._parents[_SOME_UNRECORDED] = 1

    # What a parent learns

    def some_became_unrecorded(self) -> bool:
        """Has a child told so?"""
        return self._memory is not None and bool(self._memory[_SOME_UNRECORDED])

    def some_are_unknown(self) -> bool:
        """Were there more children at once than there are slots?"""
        return self._memory is not None and bool(self._memory[_NO_SLOT])

    def forgive(self, pids: Iterable[int]) -> None:
        """Expect no recording of children that are about to be terminated and have nothing to record yet."""
        memory = self._memory
        if memory is None:
            return
        for pid in pids:
            for number in range(SLOTS):
                start = ((pid + number) % SLOTS + 1) * _SIZE
                if memory[start] == _FORKED and _Child.from_bytes(memory[start : start + _SIZE]).pid == pid:
                    memory[start] = _FORGIVEN
                if memory[start] in (_FREE, _FORGIVEN):
                    break

    def look(self, is_final: bool) -> list[str]:
        """Return the identities of children whose recordings there should be, each once.

        They are those that have begun to record, and those that vanished before. At the last look also
        those that live on without having begun, unless they are so young that they may still run away.
        """
        memory, now = self._memory, _milliseconds()
        if memory is None:
            return []
        is_due = memory[_SOME_FORKED] and (is_final or now >= self._next_look)
        if not memory[_SOME_BEGUN] and not is_due:
            return []
        self._next_look = now + int(GROWN_UP * 1000)
        memory[_SOME_BEGUN] = memory[_SOME_FORKED] = 0
        found = []
        for start in range(_SIZE, len(memory), _SIZE):
            if not memory[start]:
                continue
            child = _Child.from_bytes(memory[start : start + _SIZE])
            if child.state != _BEGUN:
                is_young = now - child.since < GROWN_UP * 1000
                if _is_alive(child.pid) and (is_young or not is_final):
                    memory[_SOME_FORKED] = 1
                    continue
                if memory[start] == _FREE:
                    continue  # it gave the slot back meanwhile, and ended
            is_forgiven = memory[start] == _FORGIVEN
            memory[start : start + _SIZE] = bytes(_SIZE)
            if not is_forgiven:
                found.append(child.identity)
        return found

    def _take_slot(self, child: _Child) -> None:
        """Put a child down in the memory of the parent."""
        memory = self._parents
        if memory is None:
            return
        first = child.pid % SLOTS
        for number in range(SLOTS):
            start = ((first + number) % SLOTS + 1) * _SIZE
            if not memory[start]:
                memory[start : start + _SIZE] = child.to_bytes()
                break
        else:
            memory[_NO_SLOT] = 1
            return
        memory[_SOME_BEGUN if child.state == _BEGUN else _SOME_FORKED] = 1
        self._own, self._start = child, start


def _milliseconds() -> int:
    return int(monotonic() * 1000)


def _is_alive(pid: int) -> bool:
    """Does a process run? One that has ended and was not waited for does not; it is left to who waits."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except (AttributeError, OSError):
        pass  # no child of this process, or none any more
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", "rb") as file:
            return not file.read().rpartition(b")")[2].startswith(b" Z")
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's, or there is no such file system
