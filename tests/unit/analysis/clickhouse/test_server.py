"""What a user is told when the server does not answer as it should: a server of ten lines says each thing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from ssot_probe.analysis.clickhouse.address import PASSWORD, address_of
from ssot_probe.analysis.clickhouse.server import Server
from ssot_probe.errors import UnreadableRecordingError


class Asked:
    """What arrived at a server."""

    def __init__(self) -> None:
        self.queries: list[dict[str, list[str]]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[str] = []


@contextmanager
def answering(status: int, *texts: str, code: int = 0) -> Iterator[tuple[int, Asked]]:
    """Run a server that answers with one text after the other, and then always with the last."""
    asked, left = Asked(), list(texts)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.queries.append(parse_qs(urlsplit(self.path).query))
            asked.headers.append(dict(self.headers))
            asked.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            text = left.pop(0) if len(left) > 1 else left[0]
            is_refusal = not text.startswith("[")
            self.send_response(status if is_refusal else 200)
            if code and is_refusal:
                self.send_header("X-ClickHouse-Exception-Code", str(code))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def said(port: int, path: str = "/otel", user: str = "", **environ: str) -> str:
    with pytest.raises(UnreadableRecordingError) as raised:
        list(Server(address_of(f"clickhouse://{user}127.0.0.1:{port}{path}", environ)).rows("SELECT 1", {}))
    return str(raised.value)


def test_rows_come_line_by_line_and_values_are_bound_never_pasted() -> None:
    with answering(200, '["a",18446744073709551615]\n[["x","y"],"2"]\n') as (port, asked):
        where = f"clickhouse://anna@127.0.0.1:{port}/otel"
        rows = list(
            Server(address_of(where, {PASSWORD: "secret"})).rows(
                "SELECT {table:Identifier}", {"table": "it's mine"}
            )
        )
    assert rows == [["a", 18446744073709551615], [["x", "y"], "2"]]
    assert asked.bodies == ["SELECT {table:Identifier}"]
    assert asked.queries[0]["param_table"] == ["it's mine"]
    assert asked.headers[0]["X-ClickHouse-User"] == "anna"
    assert asked.headers[0]["X-ClickHouse-Key"] == "secret"
    assert "secret" not in str(asked.queries)


def test_a_user_who_may_change_no_setting_is_asked_without() -> None:
    refused = (
        "Code: 164. DB::Exception: Cannot modify 'x' setting in readonly mode. (READONLY) (version 26.9)"
    )
    with answering(500, refused, "[1]", code=164) as (port, asked):
        server = Server(address_of(f"clickhouse://127.0.0.1:{port}", {}))
        assert [list(server.rows("SELECT 1", {})), list(server.rows("SELECT 2", {}))] == [[[1]], [[1]]]
    assert ["join_use_nulls" in query for query in asked.queries] == [True, False, False]


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "cannot be reached: Connection refused; is it the HTTP port?" in said(port)


def test_a_host_that_does_not_exist() -> None:
    with pytest.raises(UnreadableRecordingError, match="cannot be reached"):
        list(Server(address_of("clickhouse://nowhere.invalid/otel", {})).rows("SELECT 1", {}))


def test_a_wrong_password_names_the_variable_and_never_the_password() -> None:
    refused = "Code: 516. DB::Exception: anna: Authentication failed: password is incorrect. (version 26.9)"
    with answering(403, refused, code=516) as (port, _):
        assert (
            "user 'anna' with this password; the password is read from CLICKHOUSE_PASSWORD, which is not set"
            in (said(port, user="anna@"))
        )
        unset = said(port, user="anna@")
        told = said(port, user="anna@", CLICKHOUSE_PASSWORD="secret")
    assert "the user 'anna' with this password" in unset
    assert "read from CLICKHOUSE_PASSWORD, which is not set" in unset
    assert "which is set" in told
    assert "secret" not in told


def test_a_missing_database() -> None:
    with answering(404, "Code: 81. DB::Exception: Database otel does not exist. (version 26.9)", code=81) as (
        port,
        _,
    ):
        assert "there is no database 'otel'" in said(port)


@pytest.mark.parametrize(
    ("code", "hint"), [(241, "max_memory_usage"), (159, "max_execution_time"), (497, "grant the user SELECT")]
)
def test_a_refusal_with_a_remedy_names_it(code: int, hint: str) -> None:
    with answering(500, f"Code: {code}. DB::Exception: Too much. (version 26.9)", code=code) as (port, _):
        assert hint in said(port)


def test_any_other_refusal_is_told_in_the_words_of_the_server() -> None:
    with answering(500, "Code: 47. DB::Exception: Unknown identifier x. (version 26.9)", code=47) as (
        port,
        _,
    ):
        assert said(port).endswith("Unknown identifier x. [unreadable-recording]")


def test_a_web_server_that_is_no_clickhouse() -> None:
    with answering(404, "<h1>Not Found</h1>") as (port, _):
        assert "what answers there is no ClickHouse: 404 Not Found" in said(port)


def test_the_port_of_another_protocol() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(100_000)
                connection.sendall(b"Port 9000 is for clickhouse-client program\r\n")

        thread = Thread(target=answer)
        thread.start()
        told = said(listening.getsockname()[1])
        thread.join()
    assert "does not speak HTTP" in told
    assert "8123" in told


def test_a_server_that_hangs_is_left_after_the_time_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told = said(listening.getsockname()[1], "/otel?timeout=1")
    assert "no answer within 1 s; timeout=1800 in the source waits longer" in told


def test_tls_where_there_is_none() -> None:
    with answering(200, "[1]") as (port, _):
        assert "no TLS there" in said(port, "/otel?secure=1")
