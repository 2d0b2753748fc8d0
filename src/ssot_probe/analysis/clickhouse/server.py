"""A ClickHouse server, asked over its HTTP interface: no driver is needed."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from ssot_probe.analysis.clickhouse.address import Address
from ssot_probe.analysis.clickhouse.engine import (
    FORMAT,
    READ_ONLY,
    SETTINGS,
    RefusedError,
    rows_of,
    told,
)
from ssot_probe.errors import UnreadableRecordingError

CONNECTING = 10
"""Seconds within which a server must let itself be connected to."""

CANCEL = {"cancel_http_readonly_queries_on_client_close": "1"}
"""So that nothing runs on after Ctrl-C."""

_WORDS_OF_OTHERS = 200


class Server:
    """Asks one server; each question has a connection of its own, as an answer may take long.

    Args:
        address: where it is.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._settings: Mapping[str, str] = {**SETTINGS, **CANCEL}

    def rows(self, sql: str, bound: Mapping[str, str]) -> Iterator[list[Any]]:
        """Yield the rows of the answer."""
        try:
            try:
                yield from self._ask(sql, bound)
            except RefusedError as error:
                if error.code != READ_ONLY or not self._settings:
                    raise
                self._settings = {}  # a user who may read, and change no setting
                yield from self._ask(sql, bound)
        except RefusedError as error:
            raise told(error, self._address) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, sql: str, bound: Mapping[str, str]) -> Iterator[list[Any]]:
        address = self._address
        query = {
            "wait_end_of_query": "1",  # an error is told by the status then, never in the middle of an answer
            "default_format": FORMAT,
            **self._settings,
            **{f"param_{name}": value for name, value in bound.items()},
        }
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if address.user:
            headers["X-ClickHouse-User"] = address.user
        if address.password:
            headers["X-ClickHouse-Key"] = address.password
        connection = self._connection()
        try:
            connection.connect()
            connection.sock.settimeout(address.timeout)
            connection.request("POST", f"/?{urlencode(query)}", sql.encode(), headers)
            with connection.getresponse() as response:
                if response.status != http.client.OK:
                    raise self._refusal(response)
                yield from rows_of(response)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        address = self._address
        if address.is_secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                address.host, address.port, timeout=CONNECTING, context=context
            )
        return http.client.HTTPConnection(address.host, address.port, timeout=CONNECTING)

    def _refusal(self, response: http.client.HTTPResponse) -> Exception:
        text = response.read(100_000).decode("utf-8", "replace")
        if response.getheader("X-ClickHouse-Exception-Code") or "DB::Exception" in text:
            return RefusedError(text)
        said = " ".join(text.split())[:_WORDS_OF_OTHERS]
        return UnreadableRecordingError(
            f"{self._address.where}: what answers there is no ClickHouse: {response.status} "
            f"{response.reason}, {said!r}"
        )

    def _unreachable(self, error: Exception) -> UnreadableRecordingError:
        address, where = self._address, self._address.where
        if isinstance(error, ssl.SSLCertVerificationError):
            return UnreadableRecordingError(
                f"{where}: its certificate is not trusted: {error.verify_message}; SSL_CERT_FILE names others"
            )
        if isinstance(error, ssl.SSLError):
            return UnreadableRecordingError(
                f"{where}: no TLS there ({error.reason}); leave secure=1 away, or name the port of HTTPS"
            )
        if isinstance(error, socket.timeout):
            return UnreadableRecordingError(
                f"{where}: no answer within {address.timeout:g} s; timeout=1800 in the source waits longer"
            )
        if isinstance(error, http.client.HTTPException):
            return UnreadableRecordingError(
                f"{where}: what answers there does not speak HTTP ({type(error).__name__}); what is "
                "needed is the port of the HTTP interface, 8123, or 8443 with secure=1"
            )
        reason = getattr(error, "strerror", None) or str(error)
        return UnreadableRecordingError(f"{where}: cannot be reached: {reason}; is it the HTTP port?")
