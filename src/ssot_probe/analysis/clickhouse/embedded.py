"""The engine of a ClickHouse inside this process, over a directory of data: the chdb package."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ssot_probe.analysis.clickhouse.address import Address
from ssot_probe.analysis.clickhouse.engine import FORMAT, SETTINGS, RefusedError, rows_of, told
from ssot_probe.errors import MissingExtraError, UnreadableRecordingError


class Embedded:
    """Asks the engine. One process can have one directory open at a time.

    Args:
        address: names the directory.

    Raises:
        MissingExtraError: chdb is not installed.
        UnreadableRecordingError: there is no such directory.
    """

    def __init__(self, address: Address) -> None:
        if not os.path.isdir(address.path):
            raise UnreadableRecordingError(f"{address.where}: there is no such directory")
        try:
            from chdb.session import Session
        except ImportError as error:
            raise MissingExtraError(
                "chdb:// needs the embedded engine of ClickHouse: pip install 'ssot-probe[clickhouse]'"
            ) from error
        self._address = address
        try:
            self._session = Session(address.path)
        except RuntimeError as error:
            said = " ".join(str(error).split())
            raise UnreadableRecordingError(
                f"{address.where}: the engine cannot open it ({said}); one process at a time may have a "
                "directory of data open"
            ) from error

    def rows(self, sql: str, bound: Mapping[str, str]) -> Iterator[list[Any]]:
        """Yield the rows of the answer."""
        settings = ", ".join(f"{name} = '{value}'" for name, value in SETTINGS.items())
        try:
            answer = self._session.query(f"{sql} SETTINGS {settings}", FORMAT, params=dict(bound))
        except RuntimeError as error:
            raise told(RefusedError(str(error)), self._address) from error
        yield from rows_of(answer.bytes().splitlines())

    def close(self) -> None:
        """Close the directory."""
        self._session.close()
