"""What answers the questions: a server or an embedded engine, and how its refusals are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from ssot_probe.analysis.clickhouse.address import PASSWORD, Address
from ssot_probe.errors import UnreadableRecordingError

FORMAT = "JSONCompactEachRow"
SETTINGS = {
    "optimize_aggregation_in_order": "1",  # what lies together is told apart in little memory
    "output_format_json_quote_64bit_integers": "0",
    "join_use_nulls": "0",
    "distributed_product_mode": "global",  # a question within a question is asked of all shards
}
"""Wanted for every query; an engine that refuses them does without."""

READ_ONLY, NO_DATABASE, NO_TABLE, OUT_OF_MEMORY, TOO_SLOW, NOT_ALLOWED = 164, 81, 60, 241, 159, 497
WRONG_PASSWORD = (192, 193, 194, 516)

_CODE = re.compile(r"Code: (\d+)\. DB::Exception: (.*?)(?: \(version [^)]*\)+|$)", re.DOTALL)
_HINTS = {
    OUT_OF_MEMORY: "ask for fewer processes with since= and until=, or allow the user more max_memory_usage",
    TOO_SLOW: "allow the user a longer max_execution_time, or ask for fewer processes with since= and until=",
    NOT_ALLOWED: "grant the user SELECT on the table and on system.columns and system.databases",
}


class Engine(Protocol):
    """Answers questions, row by row."""

    def rows(self, sql: str, bound: Mapping[str, str]) -> Iterator[list[Any]]:
        """Yield the rows of the answer; `bound` are the values that the question leaves open.

        Raises:
            UnreadableRecordingError: there is none.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class RefusedError(Exception):
    """The engine did not answer. Its code says why, its message in words."""

    def __init__(self, text: str) -> None:
        found = _CODE.search(text)
        self.code = int(found[1]) if found else 0
        super().__init__(" ".join((found[2] if found else text).split()))


def rows_of(lines: Iterable[bytes]) -> Iterator[list[Any]]:
    """Read the lines of an answer; what is no UTF-8 in it is replaced."""
    for line in lines:
        if line.strip():
            row: list[Any] = json.loads(line.decode("utf-8", "replace"))
            yield row


def told(error: RefusedError, address: Address) -> UnreadableRecordingError:
    """Return what the user is told of a refusal."""
    if error.code in WRONG_PASSWORD:
        state = "set" if address.password else "not set"
        return UnreadableRecordingError(
            f"{address.where}: the server does not know the user {address.user or 'default'!r} with this "
            f"password; the password is read from {PASSWORD}, which is {state}"
        )
    if error.code == NO_DATABASE:
        return UnreadableRecordingError(
            f"{address.where}: there is no database {address.database!r}, or the user may not see it"
        )
    hint = _HINTS.get(error.code, "")
    said = str(error)[:300]
    return UnreadableRecordingError(f"{address.where}: {said}{'; ' if hint else ''}{hint}")
