"""What watched paths do to the slowest requests of a toy WSGI application, early in its life and later.

Three processes serve the same application: without the probe, with it, and with watched paths that each
request uses. They take turns every few requests, so that what disturbs the machine disturbs all alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter

from benchmarks.alone import CHECKOUT, Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, Spread, at_most, spread_of
from benchmarks.written_package import write_files

GROUP = "toy WSGI application"
PLAIN, PROBED, WATCHED = "plain", "probed", "watched"

SLOWEST_REQUESTS = at_most(1.03)

UPTIMES = (1_000, 100_000)
"""Calls of watched code after which the requests are timed."""

CLIENTS = 2
TURN = 25
"""Requests of each client before the next process has its turn."""

TURNS = 20
"""Turns of each process in a round: the slowest 1 % of 1,000 requests is ten."""

_POLICY = """\
packages = ["shop"]
[[concept]]
name = "basket"
classes = ["*Basket"]
"""
_LEGACY = 'legacy = ["shop.legacy", "shop.named:price", "shop.named:Rebate", "shop.gone"]\n'

_DEFINITIONS = """
class Rebate:
    def __init__(self, share):
        self.share = share

    def of(self, amount):
        return amount * self.share


def price(amount):
    return amount - Rebate(0.1).of(amount)
"""

_MAIN = """
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

if len(sys.argv) > 1:
    from ssot_probe.probe import start
    from ssot_probe.settings import Settings

    start("ssot-probe.toml", Settings(directory=sys.argv[1], exporters=("file",)))

from shop import legacy, named


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


def application(environ, start_response):
    if environ["PATH_INFO"] == "/calls":
        for _ in range(int(environ["QUERY_STRING"])):
            legacy.price(1), named.price(1)
    rows = [(number, legacy.price(number), named.price(number)) for number in range(20)]
    body = repr(rows).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


server = make_server("127.0.0.1", 0, application, Server, Quiet)
print(server.server_port, flush=True)
server.serve_forever()
"""


def measure(effort: Effort) -> list[Reading]:
    """Time requests after few calls of watched code and after many, in the same processes."""
    rounds = max(4, effort.rounds // 2)
    readings: list[Reading] = []
    with ExitStack() as stack, Progress(GROUP, rounds * len(UPTIMES)) as progress:
        ports = {kind: stack.enter_context(_serving(kind)) for kind in (PLAIN, PROBED, WATCHED)}
        called = 0
        for uptime in UPTIMES:
            for port in ports.values():
                _ask(port, f"/calls?{uptime - called}")
            called = uptime
            found = []
            for _ in range(rounds):
                found.append(_round(ports))
                progress.step()
            for kind, to, goal in ((WATCHED, PLAIN, SLOWEST_REQUESTS), (WATCHED, PROBED, None)):
                beside = "without the probe" if to == PLAIN else "without watched paths"
                what = f"after {uptime:,} calls, slowest 1 % of requests / {beside}"
                readings.append(Reading(GROUP, what, _ratio(found, kind, to, 0.99), goal))
                readings.append(
                    Reading(GROUP, what.replace("slowest 1 %", "median"), _ratio(found, kind, to, 0.5))
                )
    return readings


def _ratio(rounds: list[dict[str, list[float]]], kind: str, to: str, quantile: float) -> Spread:
    return spread_of([_quantile(one[kind], quantile) / _quantile(one[to], quantile) for one in rounds])


def _quantile(seconds: list[float], quantile: float) -> float:
    return sorted(seconds)[int(len(seconds) * quantile)]


def _round(ports: Mapping[str, int]) -> dict[str, list[float]]:
    """Return how long each request took, by process."""
    found: dict[str, list[float]] = {kind: [] for kind in ports}
    kinds = list(ports)
    for turn in range(TURNS):
        for kind in (*kinds[turn % len(kinds) :], *kinds[: turn % len(kinds)]):
            clients = [Thread(target=_client, args=(ports[kind], found[kind])) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
    return found


def _client(port: int, seconds: list[float]) -> None:
    for _ in range(TURN):
        started = perf_counter()
        _ask(port, "/")
        seconds.append(perf_counter() - started)


def _ask(port: int, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"the application answered {answer.status}")


@contextmanager
def _serving(kind: str) -> Iterator[int]:
    """Run the application in a process of its own; yield its port."""
    with TemporaryDirectory(prefix="ssot-probe-bench-") as name:
        directory, recordings = Path(name), Path(name) / "recordings"
        policy = _POLICY + (_LEGACY if kind == WATCHED else "")
        files = {"main.py": _MAIN, "ssot-probe.toml": policy, "shop/__init__.py": ""}
        write_files(directory, {**files, "shop/legacy.py": _DEFINITIONS, "shop/named.py": _DEFINITIONS})
        command = [sys.executable, "main.py", *([str(recordings)] if kind != PLAIN else [])]
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "src")}
        process = subprocess.Popen(command, cwd=name, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()
            process.communicate()
        if (kind != PLAIN) != any(recordings.glob("*.traces.jsonl")):
            raise RuntimeError("the probe was not active where it should be")
