"""Remembers what files say, by a digest of their content, in a database that several scans may share."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from hashlib import blake2b

from ssot_probe.inventory.facts import READER_VERSION

FILE = "scan.sqlite3"
KEEP_DAYS = 30
"""What no scan has used for so long is forgotten."""

WAIT_SECONDS = 5.0
_ASKED_AT_ONCE = 500
_Task = Callable[[sqlite3.Connection], None]
_READER = f"{READER_VERSION}/{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS facts "
    "(digest BLOB PRIMARY KEY, facts TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID"
)


def digest_of(kind: str, content: bytes) -> bytes:
    """Return what a file's facts are found by: they depend on its content and on what reads it alone."""
    return blake2b(content, digest_size=16, person=b"ssot-probe", key=f"{_READER}/{kind}".encode()).digest()


class Cache:
    """What was read before. Where it cannot be used, everything is read again.

    Args:
        directory: where the database lies; made when it is missing, "" for no cache.

    Attributes:
        note: why the cache was not used, or was begun anew; "" where all is well.
    """

    def __init__(self, directory: str) -> None:
        self.note = ""
        self._path = os.path.join(directory, FILE) if directory else ""
        self._today = int(time.time() // 86_400)

    def read(self, digests: Iterable[bytes]) -> dict[bytes, str]:
        """Return what is known, by digest."""
        found: dict[bytes, str] = {}
        asked = list(dict.fromkeys(digests))

        def select(database: sqlite3.Connection) -> None:
            found.clear()
            stale: list[tuple[int, bytes]] = []
            for start in range(0, len(asked), _ASKED_AT_ONCE):
                part = asked[start : start + _ASKED_AT_ONCE]
                marks = ",".join("?" * len(part))
                query = f"SELECT digest, facts, used FROM facts WHERE digest IN ({marks})"
                for digest, facts, used in database.execute(query, part):
                    found[digest] = facts
                    if used != self._today:
                        stale.append((self._today, digest))
            with database:
                database.executemany("UPDATE facts SET used = ? WHERE digest = ?", stale)

        self._use(select)
        return found

    def write(self, facts: Mapping[bytes, str]) -> None:
        """Remember what was read now, and forget what has not been used for long."""
        rows: Sequence[tuple[bytes, str, int]] = [(*item, self._today) for item in facts.items()]

        def insert(database: sqlite3.Connection) -> None:
            with database:
                database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", rows)
                database.execute("DELETE FROM facts WHERE used < ?", (self._today - KEEP_DAYS,))

        if rows:
            self._use(insert)

    def _use(self, task: _Task) -> None:
        if not self._path:
            return
        try:
            self._run(task)
        except sqlite3.OperationalError as error:  # locked, unwritable, full disk
            self._give_up(str(error))
        except sqlite3.DatabaseError as error:  # not a database, or a damaged one
            self.note = f"the cache {self._path} was damaged ({error}) and is begun anew"
            for suffix in ("", "-wal", "-shm", "-journal"):
                with suppress(FileNotFoundError):
                    os.unlink(self._path + suffix)
            try:
                self._run(task)
            except (sqlite3.Error, OSError) as second:
                self._give_up(str(second))
        except OSError as error:
            self._give_up(error.strerror or str(error))

    def _run(self, task: _Task) -> None:
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=WAIT_SECONDS)) as database:
            database.execute("PRAGMA synchronous = OFF")  # what a power cut takes is read again
            database.execute(_TABLE)
            task(database)

    def _give_up(self, reason: str) -> None:
        self.note = f"the cache {self._path} cannot be used: {reason}"
        self._path = ""
