"""Finds the stream or socket that a pooled resource talks through, and counts what lies in it.

Nothing is read from it. How many bytes wait is known to the stream's buffer and to the system (FIONREAD);
how many were ever sent and received, of TCP, to the system as well (TCP_INFO, Linux).
"""

from __future__ import annotations

import _socket
import sys
from _socket import IPPROTO_TCP
from struct import Struct
from typing import Any, NamedTuple

from ssot_probe.observe.pools.attributes import attributes_of, stored

try:
    from fcntl import ioctl
    from termios import FIONREAD
except ImportError:  # not a POSIX system
    ioctl = None  # type: ignore[assignment]

_COUNTS = Struct("=B43xI4xI72xQ64xQ")
"""Of struct tcp_info: state, milliseconds since data was sent and received, bytes received and sent."""

_CLOSE_WAIT = 8
_IPPROTO_TCP, _TCP_INFO = IPPROTO_TCP, getattr(_socket, "TCP_INFO", None)
_FOUR_BYTES = bytes(4)

_PLAIN = frozenset({str, bytes, int, float, bool, type(None), tuple, list, dict, set, frozenset, type})
"""Types of attributes that are not looked into."""

MOST_SEARCHES = 16
"""How often a resource of one class is searched before the class is taken to have nothing to be found."""


class Reading(NamedTuple):
    """What is known of a channel at one moment; -1 for what cannot be known."""

    unread: int  # bytes that have arrived and were not read
    sent: int  # bytes since it was opened
    received: int
    is_closed: bool = False  # by the other side, or here
    since_sent: int = -1  # milliseconds, as exact as the system's clock ticks
    since_received: int = -1


UNKNOWN = Reading(-1, -1, -1)
_CLOSED = Reading(-1, -1, -1, is_closed=True)


class Channels:
    """Remembers, by class, along which attributes a resource's channel was found."""

    def __init__(self) -> None:
        self._ways: dict[type, tuple[str, ...]] = {}
        self._searches: dict[type, int] = {}

    def of(self, resource: Any) -> Any:
        """Return the resource's stream, socket or transport; None where there is none, or none any more."""
        way = self._ways.get(type(resource))
        if way is not None:
            found = resource
            for name in way:
                found = stored(found, name)
            return found if _is_channel(found) else None
        return self._search(resource)

    def is_known(self, resource: Any) -> bool:
        """Was a channel found in any resource of this class?"""
        return type(resource) in self._ways

    def _search(self, resource: Any) -> Any:
        cls = type(resource)
        searches = self._searches.get(cls, 0)
        if searches >= MOST_SEARCHES:
            return None
        self._searches[cls] = searches + 1
        if _is_channel(resource):
            self._ways[cls] = ()
            return resource
        level: list[tuple[tuple[str, ...], Any]] = [((), resource)]
        for _ in range(2):
            below = [
                ((*way, name), value)
                for way, holder in level
                for name, value in attributes_of(holder)
                if type(value) not in _PLAIN
            ]
            streams = [found for found in below if _is_stream(found[1])]
            others = [found for found in below if _is_channel(found[1])]
            for way, channel in streams or others:  # a stream knows what it has buffered, its socket does not
                self._ways[cls] = way
                return channel
            level = below
        return None


def read(channel: Any, before: Reading | None = None) -> Reading:
    """Count what lies in a channel; `before` is an earlier reading, after which nothing may have come."""
    if _is_stream(channel):
        transport = channel._transport
        below = UNKNOWN if transport is None else _of_transport(transport, before)
        buffered = len(channel._buffer)
        return (
            below._replace(unread=buffered + max(0, below.unread)) if buffered or below.unread < 0 else below
        )
    if _is_a(channel, "socket", "socket"):
        return _of_socket(channel, before)
    if _is_libpq(channel):
        return _of_file(channel.socket)
    return _of_transport(channel, before)


def _of_transport(transport: Any, before: Reading | None) -> Reading:
    if type(transport).__name__ == "_SelectorSocketTransport":
        inner = transport._sock
        return _CLOSED if inner is None else _of_socket(inner, before)
    if transport.get_extra_info("ssl_object") is not None:
        return UNKNOWN  # what came may be the protocol's own
    outer = transport.get_extra_info("socket")
    inner = stored(outer, "_sock")
    if inner is not None:
        return _of_socket(inner, before)
    fileno = getattr(outer, "fileno", None)
    return UNKNOWN if fileno is None else _of_file(fileno())


def _of_file(number: int) -> Reading:
    """Count what lies in a socket of which only the number is known."""
    import socket

    if number < 0:
        return _CLOSED
    borrowed = socket.socket(fileno=number)
    try:
        return _of_socket(borrowed, None)
    finally:
        borrowed.detach()


def _of_socket(channel: Any, before: Reading | None) -> Reading:
    number = channel.fileno()
    if number < 0:
        return _CLOSED
    if _is_a(channel, "ssl", "SSLSocket"):
        return Reading(channel.pending(), -1, -1)
    if _TCP_INFO is None:
        return Reading(_waiting(number), -1, -1)
    try:
        told = channel.getsockopt(_IPPROTO_TCP, _TCP_INFO, _COUNTS.size)
    except OSError:  # of another family
        return Reading(_waiting(number), -1, -1)
    if len(told) < _COUNTS.size:
        return Reading(_waiting(number), -1, -1)
    state, since_sent, since_received, received, sent = _COUNTS.unpack(told)
    is_idle = before is not None and before.unread == 0 and before.received == received
    unread = 0 if is_idle else _waiting(number)
    return Reading(unread, sent, received, state == _CLOSE_WAIT, since_sent, since_received)


def _waiting(number: int) -> int:
    if ioctl is None:
        return -1
    try:
        return int.from_bytes(ioctl(number, FIONREAD, _FOUR_BYTES), sys.byteorder)
    except OSError:
        return -1


def _is_channel(value: Any) -> bool:
    if _is_stream(value) or _is_a(value, "socket", "socket"):
        return True
    if _is_a(value, "asyncio.transports", "BaseTransport") or _is_libpq(value):
        return True
    return str(type(value).__module__).startswith("uvloop.") and type(value).__name__.endswith("Transport")


def _is_libpq(value: Any) -> bool:
    """Is it what psycopg has of libpq's connection, in one of its three forms?"""
    cls = type(value)
    return cls.__name__ == "PGconn" and str(cls.__module__).partition(".")[0].startswith("psycopg")


def _is_stream(value: Any) -> bool:
    return _is_a(value, "asyncio.streams", "StreamReader")


def _is_a(value: Any, module: str, name: str) -> bool:
    """Is it an instance of a class of the standard library's, where that was loaded at all?"""
    cls = getattr(sys.modules.get(module), name, None)
    return cls is not None and issubclass(type(value), cls)
