"""A library whose questions and replies are known: who asked and did not read leaves a reply behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support.application import observed

from ssot_probe.context.current import bind_user
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import HandoverRecord

LIBRARY = """
import socket

class ResponseError(Exception):
    pass

class AbstractConnection:
    def __init__(self):
        self.socket, self.server = socket.socketpair()
        self.socket.settimeout(0.02)

    def send_packed_command(self, command):
        self.socket.sendall(command)

    def read_response(self):
        if self.server.recv(100) == b"wrong":
            raise ResponseError("wrong")
        return b"reply"

class ConnectionPool:
    def __init__(self):
        self.connection = AbstractConnection()

    def get_connection(self):
        return self.connection

    def release(self, connection):
        pass
"""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[None]:
    """Something that has the names of redis-py, as far as they matter."""
    place = tmp_path / "library" / "site-packages" / "redis"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text("")
    (place / "connection.py").write_text(LIBRARY)
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "redis"}
    sys.path.insert(0, str(place.parent))
    yield
    sys.path.remove(str(place.parent))
    for name in [name for name in sys.modules if name.partition(".")[0] == "redis"]:
        del sys.modules[name]
    sys.modules.update(hidden)


def use(app: ModuleType, user: str, command: bytes, reads: bool) -> None:
    with bind_user(user):
        connection = app.pool.get_connection()
        connection.send_packed_command(command)
        try:
            if reads:
                connection.read_response()
        except app.ResponseError:
            pass
        finally:
            app.pool.release(connection)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("command", "reads", "residue"),
    [(b"get", False, ["unanswered"]), (b"get", True, []), (b"wrong", True, [])],
)
def test_a_connection_is_clean_when_its_reply_was_read(
    tmp_path: Path, command: bytes, reads: bool, residue: list[str]
) -> None:
    text = "from redis.connection import ConnectionPool, ResponseError\npool = ConnectionPool()\n"
    with observed(tmp_path, text, Policy()) as (app, capture):
        use(app, "alice-0001", command, reads)
        use(app, "bob-0002", b"get", True)
        for end in (app.pool.connection.socket, app.pool.connection.server):
            end.close()
    assert [record.residue for record in capture.records if isinstance(record, HandoverRecord)] == residue
