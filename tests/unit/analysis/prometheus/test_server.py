"""Asking a Prometheus: what goes out, what is never told, and what is said where no answer comes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from unit.analysis.prometheus.answers import answer, sample

from ssot_probe.analysis.prometheus.server import ask
from ssot_probe.errors import ProbeError, PrometheusError, UsageError

GOOD = answer(sample(ssot_path_name="a"))
SECRET = "s3cret-of-somebody"


class Answering(HTTPServer):
    """A server that answers every request in one way, and keeps them."""

    def __init__(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N805  # self is the server
                self.asked.append((handler.path, dict(handler.headers)))
                handler.send_response(status)
                for name, value in headers.items():
                    handler.send_header(name, value)
                handler.end_headers()
                handler.wfile.write(body.encode())

            def log_message(handler, format: str, *arguments: object) -> None:  # noqa: A002, N805
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def answering(status: int = 200, body: str = GOOD, **headers: str) -> Iterator[Answering]:
    server = Answering(status, body, {name.replace("_", "-"): value for name, value in headers.items()})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(ProbeError) as refused:
        call()
    assert refused.value.exit_code == 2
    assert SECRET not in str(refused.value)
    return str(refused.value)


def test_the_question_goes_to_the_interface_below_the_address() -> None:
    with answering() as server:
        assert ask(server.url + "/prom/", "up == 1", {}) == GOOD
    ((path, headers),) = server.asked
    assert path == "/prom/api/v1/query?query=up+%3D%3D+1&timeout=120s"
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("environ", "sent"),
    [
        ({"SSOT_PROBE_PROMETHEUS_TOKEN": SECRET}, f"Bearer {SECRET}"),
        ({"SSOT_PROBE_PROMETHEUS_BASIC": f"anna:{SECRET}"}, "Basic YW5uYTpzM2NyZXQtb2Ytc29tZWJvZHk="),
    ],
)
def test_what_authorizes_comes_from_the_environment_or_a_file(
    environ: dict[str, str], sent: str, tmp_path: Path
) -> None:
    ((name, secret),) = environ.items()
    file = tmp_path / "secret"
    file.write_text(secret + "\n")
    with answering() as server:
        ask(server.url, "up", environ)
        ask(server.url, "up", {f"{name}_FILE": str(file)})
    assert [headers["Authorization"] for _, headers in server.asked] == [sent, sent]


@pytest.mark.parametrize(
    "environ",
    [
        {"SSOT_PROBE_PROMETHEUS_TOKEN": SECRET, "SSOT_PROBE_PROMETHEUS_BASIC": f"a:{SECRET}"},
        {"SSOT_PROBE_PROMETHEUS_BASIC": SECRET},
        {"SSOT_PROBE_PROMETHEUS_TOKEN": f"{SECRET}\r\nX-Other: 1"},
        {"SSOT_PROBE_PROMETHEUS_TOKEN_FILE": "/nonexistent/token"},
    ],
)
def test_what_cannot_authorize_is_refused_before_anything_is_sent(environ: dict[str, str]) -> None:
    with answering() as server:
        told = refusal(lambda: ask(server.url, "up", environ))
    assert "SSOT_PROBE_PROMETHEUS_" in told
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        f"http://anna:{SECRET}@prometheus:9090",
        "ftp://prometheus",
        "http://",
        "http://host:port",
        "http://[half",
        "http://prometheus:9090/?query=up",
    ],
)
def test_an_address_that_is_none_or_holds_a_password_is_wrong_use(address: str) -> None:
    with pytest.raises(UsageError):
        ask(address, "up", {})
    refusal(lambda: ask(address, "up", {}))


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, "Unauthorized", "answered 401: set SSOT_PROBE_PROMETHEUS_TOKEN"),
        (403, "", "answered 403"),
        (404, "404 page not found", "answered 404: is /api/v1/query of a Prometheus below this address?"),
        (422, '{"status":"error","error":"too many\\u001b samples"}', "answered 422: too many samples"),
        (400, '{"status":"error","error":"parse error"}', "answered 400: parse error"),
        (503, "<html>no</html>", "answered 503"),
    ],
)
def test_a_refusal_says_what_the_server_said(status: int, body: str, told: str) -> None:
    with answering(status, body) as server:
        said = refusal(lambda: ask(server.url, "up", {"SSOT_PROBE_PROMETHEUS_TOKEN": SECRET}))
    assert told in said


def test_no_redirection_is_followed_as_the_token_would_go_along() -> None:
    with answering() as other, answering(302, "", Location=f"{other.url}/login?next={SECRET}") as server:
        said = refusal(lambda: ask(server.url, "up", {"SSOT_PROBE_PROMETHEUS_TOKEN": SECRET}))
    assert "no redirection is followed" in said
    assert other.asked == []


def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    with answering(Content_Length="100000") as server:
        assert "cut off" in refusal(lambda: ask(server.url, "up", {}))


def test_who_does_not_listen_or_never_answers_is_named() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "cannot be reached" in refusal(lambda: ask(address, "up", {}))
        silent.listen()
        assert "within 0.2 s" in refusal(lambda: ask(address, "up", {}, timeout=0.2))


def test_no_proxy_stands_before_a_prometheus_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with answering() as server:
        assert ask(server.url, "up", {}) == GOOD


def test_an_error_is_of_its_own_kind() -> None:
    assert PrometheusError("x").slug == "prometheus"
