"""The shop as a service: a server that calls itself over HTTP, and is asked the same things each time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep

from coexistence.support.application import ATTRIBUTES, FILES
from coexistence.support.environments import Environment

from support.children import Run, environment_of_child, write_files

SECONDS = 60.0

USERS = ("anna", "bert", "carla", "anna")

SERVICE = {
    **FILES,
    "web.py": """\
        import os
        import httpx, requests
        from anyio import to_thread
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route
        from shop.work import serve, serve_as_before

        HERE = f"http://127.0.0.1:{os.environ['PORT']}"

        async def by_httpx(request):
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.get(f"{HERE}/answer/{request.query_params['user']}")
            return PlainTextResponse(answer.text)

        def by_requests(request):
            return PlainTextResponse(requests.get(f"{HERE}/answer/{request.query_params['user']}").text)

        def work(request):
            return PlainTextResponse(f"{serve_as_before(request.path_params['user'])} {plus_one()}")

        async def fails(request):
            raise LookupError("nothing here")

        def plus_one():
            return 1

        app = Starlette(routes=[
            Route("/httpx", by_httpx), Route("/requests", by_requests), Route("/answer/{user}", work),
            Route("/fails", fails),
        ])
        """,
    "ssot-probe.toml": FILES["ssot-probe.toml"].replace('"main"', '"web"'),
}
"""Starlette, with two libraries for HTTP: what it calls of itself is answered by another thread."""

UVICORN = ("uvicorn", "web:app", "--port", "{port}", "--log-level", "warning")


def serve(
    directory: Path,
    environment: Environment,
    command: Sequence[str],
    probe: bool = True,
    files: Mapping[str, str] = SERVICE,
    more: Mapping[str, str] | None = None,
    recordings: Path | None = None,
    paths: Sequence[str] = (),
) -> tuple[Run, list[str]]:
    """Run a server, ask it, and stop it; returns how it went and what it answered.

    Args:
        directory: where it starts.
        environment: whose commands it is made of.
        command: how it is started; `{port}` is where it listens.
        probe: whether SSOT_PROBE is set.
        files: of the application.
        more: variables.
        recordings: where they go.
        paths: what it is asked for; what USERS do by default.
    """
    write_files(directory, files)
    recordings = recordings or directory / "recordings"
    port = free_port()
    words = [word.format(port=port) for word in command]
    variables = environment_of_child(recordings, probe, {"OTEL_RESOURCE_ATTRIBUTES": ATTRIBUTES})
    variables.update(more or {}, PORT=str(port), PATH=_path(environment, variables))
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, [variables.get("PYTHONPATH"), str(directory)]))
    if not probe:
        variables.pop("SSOT_PROBE", None)
    started = monotonic()
    out, err = directory / "out", directory / "err"
    with out.open("w") as output, err.open("w") as errors:
        process = subprocess.Popen(
            [environment.command(words[0]), *words[1:]],
            cwd=directory,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        try:
            _wait(process, port, err)
            answers = [_ask(port, path) for path in paths or _paths()]
            process.send_signal(signal.SIGINT)  # by SIGTERM uvicorn ends without the hooks of `atexit`
            code = process.wait(SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    seconds = monotonic() - started
    return Run(code, out.read_text(), err.read_text(), seconds, recordings, process.pid), answers


def free_port() -> int:
    """Return a port on which nobody listens yet."""
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


def _path(environment: Environment, variables: Mapping[str, str]) -> str:
    return os.pathsep.join([str(Path(environment.python).parent), variables.get("PATH", os.defpath)])


def _paths() -> list[str]:
    return [*(f"/{way}?user={user}" for user in USERS for way in ("httpx", "requests")), "/fails"]


def _wait(process: subprocess.Popen[bytes], port: int, err: Path) -> None:
    """Wait until the server listens."""
    deadline = monotonic() + SECONDS
    while monotonic() < deadline:
        assert process.poll() is None, f"the server ended with {process.returncode}: {err.read_text()}"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        sleep(0.05)
    raise AssertionError("the server does not listen")


def _ask(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return f"{response.status} {response.read().decode()}"
    finally:
        connection.close()
