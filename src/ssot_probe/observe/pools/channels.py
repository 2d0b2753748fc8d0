"""Finds the stream or socket that a pooled resource talks through, and counts what lies in it.

Nothing is read from it. How many bytes wait is known to the stream's buffer and to the system (FIONREAD);
how many were ever sent and received, of TCP, to the system as well (TCP_INFO, Linux).
"""

from __future__ import annotations

import sys
from struct import unpack_from
from typing import Any, NamedTuple

from ssot_probe.observe.pools.attributes import attributes_of, stored

_TCP_INFO_SIZE = 256
_STATE, _CLOSE_WAIT = 0, 8
_BYTES_RECEIVED, _BYTES_SENT = 128, 200  # where struct tcp_info has them, since Linux 4.19

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


def read(channel: Any) -> Reading:
    """Count what lies in a channel."""
    if _is_stream(channel):
        transport = stored(channel, "_transport")
        buffered = len(stored(channel, "_buffer") or b"")
        if transport is None:
            return Reading(buffered, -1, -1)
        below = _of_transport(transport)
        return below._replace(unread=buffered + max(0, below.unread))
    if _is_a(channel, "socket", "socket"):
        return _of_socket(channel)
    return _of_transport(channel)


def _of_transport(transport: Any) -> Reading:
    if transport.get_extra_info("ssl_object") is not None:
        return UNKNOWN  # what came may be the protocol's own
    outer = transport.get_extra_info("socket")
    inner = stored(outer, "_sock")
    if inner is not None:
        return _of_socket(inner)
    fileno = getattr(outer, "fileno", None)
    return UNKNOWN if fileno is None else _of_file(fileno())


def _of_file(number: int) -> Reading:
    """Count what lies in a socket of which only the number is known."""
    import socket

    if number < 0:
        return _CLOSED
    borrowed = socket.socket(fileno=number)
    try:
        return _of_socket(borrowed)
    finally:
        borrowed.detach()


def _of_socket(channel: Any) -> Reading:
    import socket

    if channel.fileno() < 0:
        return _CLOSED
    if _is_a(channel, "ssl", "SSLSocket"):
        return Reading(channel.pending(), -1, -1)
    unread = _waiting(channel.fileno())
    if not hasattr(socket, "TCP_INFO") or channel.family not in (socket.AF_INET, socket.AF_INET6):
        return Reading(unread, -1, -1)
    try:
        told = channel.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
    except OSError:
        return Reading(unread, -1, -1)
    if len(told) < _BYTES_SENT + 8:
        return Reading(unread, -1, -1)
    (sent,), (received,) = unpack_from("=Q", told, _BYTES_SENT), unpack_from("=Q", told, _BYTES_RECEIVED)
    return Reading(unread, sent, received, is_closed=told[_STATE] == _CLOSE_WAIT)


def _waiting(number: int) -> int:
    try:
        from fcntl import ioctl
        from termios import FIONREAD
    except ImportError:
        return -1
    try:
        return int.from_bytes(ioctl(number, FIONREAD, bytes(4)), sys.byteorder)
    except OSError:
        return -1


def _is_channel(value: Any) -> bool:
    if _is_stream(value) or _is_a(value, "socket", "socket"):
        return True
    if _is_a(value, "asyncio.transports", "BaseTransport"):
        return True
    return str(type(value).__module__).startswith("uvloop.") and type(value).__name__.endswith("Transport")


def _is_stream(value: Any) -> bool:
    return _is_a(value, "asyncio.streams", "StreamReader")


def _is_a(value: Any, module: str, name: str) -> bool:
    """Is it an instance of a class of the standard library's, where that was loaded at all?"""
    cls = getattr(sys.modules.get(module), name, None)
    return cls is not None and issubclass(type(value), cls)
