"""The HTTP interface of a ClickHouse server with the engine of chdb behind it, in a process of its own.

Queries run unchanged in the real engine; what stands between is ours: parameters, users, errors, and the two
answers in ClickHouse's own format that the Collector's exporter asks for before it inserts.

    python -m support.clickhouse_server DIRECTORY PORT     prints its port

CLICKHOUSE_FRONT_PASSWORD is the password of the user "reader".
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

REVISION = 54460
USER, PASSWORD_VARIABLE = "reader", "CLICKHOUSE_FRONT_PASSWORD"
IGNORED = "output_format_json_quote_64bit_integers", "join_use_nulls", "optimize_aggregation_in_order"

_INSERT = re.compile(r"\s*INSERT\s+INTO\s+(?P<table>\S+)\s*(?P<columns>\([^)]*\))", re.IGNORECASE | re.DOTALL)
_DESCRIBE = re.compile(r"\s*DESC(RIBE)?\s", re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)")


class Front(BaseHTTPRequestHandler):
    """Answers one request."""

    session: Any
    lock = Lock()
    protocol_version = "HTTP/1.1"
    password = ""
    read_only = False

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        options = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        body = self._body()
        if self.password and not self._is_known():
            self._refuse(
                "Code: 516. DB::Exception: reader: Authentication failed: password is incorrect, or there is "
                "no user with such name. (AUTHENTICATION_FAILED) (version 26.9.2.1)"
            )
            return
        if self.read_only and any(name in options for name in IGNORED):
            self._refuse("Code: 164. DB::Exception: Cannot modify a setting in readonly mode. (READONLY)")
            return
        try:
            if "query" in options:
                answer = self._insert(options["query"], body)
            else:
                answer = self._query(body.decode(), options)
        except RuntimeError as error:
            self._refuse(str(error))
            return
        self._answer(200, answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name that the library gives it
        pass

    def _query(self, sql: str, options: Mapping[str, str]) -> bytes:
        if "displayName()" in sql:
            return _native(
                [
                    ("name", "String", ["front"]),
                    ("version", "String", ["26.9.2.1"]),
                    ("revision", "UInt32", [REVISION]),
                    ("timezone", "String", ["UTC"]),
                ]
            )
        if _DESCRIBE.match(sql):
            rows = [json.loads(line) for line in self._run(sql, "JSONCompactEachRow", {}).splitlines()]
            names = ("name", "type", "default_type", "default_expression", "comment", "codec", "ttl")
            return _native(
                [(name, "String", [row[position] for row in rows]) for position, name in enumerate(names)]
            )
        parameters = {
            name.removeprefix("param_"): value for name, value in options.items() if name.startswith("param_")
        }
        return self._run(sql, options.get("default_format", "TSV"), parameters)

    def _insert(self, sql: str, body: bytes) -> bytes:
        found = _INSERT.match(sql)
        if found is None:
            return self._run(sql, "TSV", {})
        with tempfile.NamedTemporaryFile(suffix=".native", delete=False) as file:
            file.write(body)
        try:
            self._run(
                f"INSERT INTO {found['table']} {found['columns']} "
                f"SELECT * FROM file('{file.name}', 'Native')",
                "TSV",
                {},
            )
        finally:
            os.unlink(file.name)
        return b""

    def _run(self, sql: str, form: str, parameters: Mapping[str, str]) -> bytes:
        with self.lock:
            return bytes(self.session.query(sql, form, params=dict(parameters)).bytes())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _is_known(self) -> bool:
        user, key = (self.headers.get(f"X-ClickHouse-{name}", "") for name in ("User", "Key"))
        return (user, key) == (USER, self.password)

    def _refuse(self, text: str) -> None:
        found = _CODE.search(text)
        code = int(found[1]) if found else 0
        self._answer(403 if code == 516 else 500, text.encode(), {"X-ClickHouse-Exception-Code": str(code)})

    def _answer(self, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _native(columns: Sequence[tuple[str, str, Sequence[Any]]]) -> bytes:
    """Return a block in ClickHouse's own format, as clients of this revision expect it."""
    block = b"\x01\x00\x02" + struct.pack("<i", -1) + b"\x00"
    block += _number(len(columns)) + _number(len(columns[0][2]))
    for name, kind, values in columns:
        block += _string(name) + _string(kind) + b"\x00"
        for value in values:
            block += struct.pack("<I", value) if kind == "UInt32" else _string(str(value))
    return block


def _number(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _string(text: str) -> bytes:
    content = text.encode()
    return _number(len(content)) + content


@contextmanager
def clickhouse_server(
    directory: Path, password: str = "", *, read_only: bool = False, port: int = 0
) -> Iterator[int]:
    """Run a server over a directory of data for the length of the block; yield its port."""
    directory.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        PASSWORD_VARIABLE: password,
        "CLICKHOUSE_FRONT_READ_ONLY": "1" if read_only else "",
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
    }
    with (directory.parent / f"{directory.name}.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "support.clickhouse_server", str(directory), str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def main() -> None:
    from chdb.session import Session

    Front.session = Session(sys.argv[1])
    Front.password = os.environ.get(PASSWORD_VARIABLE, "")
    Front.read_only = bool(os.environ.get("CLICKHOUSE_FRONT_READ_ONLY"))
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Front)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
