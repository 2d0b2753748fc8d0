"""Where spans lie in a ClickHouse: a source such as `clickhouse://user@host:8123/otel?table=otel_traces`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from ssot_probe.errors import UsageError

SERVER, EMBEDDED = "clickhouse", "chdb"
PASSWORD = "CLICKHOUSE_PASSWORD"
"""The variable that the password is in."""

PORT, SECURE_PORT = 8123, 8443
TABLE = "otel_traces"
DATABASE = "default"
SECONDS = 600
"""So long one query may take."""

OPTIONS = ("table", "database", "since", "until", "secure", "timeout")
NANOSECONDS = 1_000_000_000


class Address(NamedTuple):
    """A table of spans, and which of the processes in it are wanted. Times in nanoseconds since the epoch."""

    scheme: str  # SERVER | EMBEDDED
    host: str = ""
    port: int = 0
    is_secure: bool = False
    user: str = ""
    password: str = ""
    path: str = ""  # of an embedded engine: the directory of its data
    database: str = DATABASE
    table: str = TABLE
    since: int = 0  # processes that told something from this time on; 0 for all
    until: int = 0  # and before this one; 0 for all
    timeout: float = SECONDS

    def __repr__(self) -> str:
        """A password stays out of tracebacks."""
        return f"Address({self.where})"

    @property
    def where(self) -> str:
        """What messages call it: without password, as it may be shown."""
        if self.scheme == EMBEDDED:
            return f"{EMBEDDED}://{self.path} ({self.database}.{self.table})"
        return f"{SERVER}://{self.host}:{self.port}/{self.database} ({self.table})"


def is_address(source: str) -> bool:
    """Is the source meant to be in a ClickHouse?"""
    return source.partition("://")[0] in (SERVER, EMBEDDED) and "://" in source


def address_of(source: str, environ: Mapping[str, str]) -> Address:
    """Return what a source of this kind means.

    Raises:
        UsageError: it has parts that mean nothing.
    """
    try:
        parts = urlsplit(source)
        port = parts.port
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise UsageError(f"{_shown(source)}: {error}") from error
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise UsageError(
            f"{_shown(source)}: {unknown[0]!r} means nothing here; one of {', '.join(OPTIONS)} would"
        )
    since, until = (_time(source, options, name) for name in ("since", "until"))
    if until and since >= until:
        raise UsageError(f"{_shown(source)}: until is not after since")
    common = Address(
        parts.scheme,
        table=_option(options, "table", TABLE),
        since=since,
        until=until,
        timeout=_seconds(source, options),
    )
    if parts.scheme == EMBEDDED:
        return _embedded(source, parts, options, common)
    if not parts.hostname:
        raise UsageError(f"{_shown(source)}: names no host; write clickhouse://user@host:8123/database")
    if parts.password is not None:
        raise UsageError(
            f"{_shown(source)}: "
            f"leave the password out, as others see the command line; put it into {PASSWORD}"
        )
    is_secure = _option(options, "secure", "0") not in ("0", "false", "no")
    database = parts.path.strip("/")
    return common._replace(
        host=parts.hostname,
        port=port or (SECURE_PORT if is_secure else PORT),
        is_secure=is_secure,
        user=unquote(parts.username or ""),
        password=environ.get(PASSWORD, ""),
        database=unquote(database) or _option(options, "database", DATABASE),
    )


def _embedded(
    source: str, parts: SplitResult, options: Mapping[str, Sequence[str]], common: Address
) -> Address:
    path = unquote(parts.netloc + parts.path)
    if not path:
        raise UsageError(f"{source}: names no directory; write chdb:///path/to/directory?database=otel")
    return common._replace(path=path, database=_option(options, "database", DATABASE))


def _option(options: Mapping[str, Sequence[str]], name: str, default: str) -> str:
    return (options.get(name) or [default])[-1] or default


def _time(source: str, options: Mapping[str, Sequence[str]], name: str) -> int:
    text = _option(options, name, "")
    if not text:
        return 0
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise UsageError(f"{_shown(source)}: {name}={text} is no time such as 2026-01-31") from error
    aware = time if time.tzinfo is not None else time.replace(tzinfo=timezone.utc)
    return int(aware.timestamp()) * NANOSECONDS


def _seconds(source: str, options: Mapping[str, Sequence[str]]) -> float:
    text = _option(options, "timeout", str(SECONDS))
    if not text.isdecimal() or not int(text):
        raise UsageError(f"{_shown(source)}: timeout={text} is no number of seconds")
    return float(text)


def _shown(source: str) -> str:
    """Return the source without a password that somebody has put into it."""
    scheme, separator, rest = source.partition("://")
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    return f"{scheme}{separator}{user.partition(':')[0]}{at}{host}{slash}{path}"
