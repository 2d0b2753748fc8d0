"""Processes under the probe, a real Collector and a real Prometheus: what was counted is known beforehand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from support.children import environment_of_child, write_files
from support.real_collector import RealCollector, real_collector
from support.real_prometheus import RealPrometheus, real_prometheus

FILES = {
    "shop/__init__.py": "",
    "shop/carts.py": """\
        class Cart:
            def __init__(self, user):
                self.user = user


        SHARED = []


        def get_cart(user):
            if not SHARED:
                SHARED.append(Cart(user))
            return SHARED[0]
        """,
    "shop/old.py": "def total():\n    return 1\n",
    "shop/once.py": "def job():\n    return 1\n",
    "shop/never.py": "def nothing():\n    return 1\n",
    "shop/tickets.py": "class Ticket:\n    def __init__(self):\n        self.paid = False\n",
    "shop/facade.py": "from shop.carts import Cart\n",
    "main.py": """\
        import sys

        import shop.tickets
        from shop.carts import get_cart


        def do(word):
            if word == "old":
                from shop.old import total

                total()
            elif word == "once":
                from shop.once import job

                job()
            elif word == "ticket":
                shop.tickets.Ticket()
            elif word == "facade":
                from shop.facade import Cart
            elif word == "cart":
                for user in ("anna", "bob"):
                    get_cart(user)


        for line in sys.stdin:
            for word in line.split():
                do(word)
            print("done", flush=True)
        """,
    "ssot-probe.toml": """\
        packages = ["shop", "main"]

        [[concept]]
        name = "carts"
        classes = ["*Cart"]
        canonical = "shop.carts:Cart"
        factories = ["shop.carts:get_cart"]
        legacy = ["shop.old", "shop.once", "shop.never", "shop.tickets:Ticket", "shop.facade:Cart"]

        [dead]
        environments = ["staging"]
        roles = ["web"]
        min_days = 0
        """,
}


RECORDED = (
    'ssot_path_uses_total{ssot_path_name="shop.old",ssot_path_rung="called"} == 3',
    'ssot:path_uses:max{ssot_path_name="shop.facade:Cart",ssot_path_rung="loaded"} == 1',
    *(
        f'ALERTS{{alertname="SsotLegacyPathUsed",alertstate="firing",ssot_path_name="{path}"}}'
        for path in ("shop.old", "shop.once", "shop.tickets:Ticket")
    ),
    'ALERTS{alertname="SsotRecordsLost",alertstate="firing"}',
    'ALERTS{alertname="SsotFinding",alertstate="firing"}',
)
"""What Prometheus knows before the Collector forgets those who have ended."""


class Shop:
    """A process that does what it is told, word by word.

    Args:
        directory: of the program.
        recordings: where its own files go.
        environment: further variables.
    """

    def __init__(self, directory: Path, recordings: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "main.py"],
            cwd=directory,
            env=environment_of_child(recordings, True, environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> str:
        """As Prometheus has it."""
        return str(self._process.pid)

    def do(self, *words: str) -> None:
        """Let it do something and wait for it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(*words, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() == "done\n"

    def end(self) -> None:
        """Let it end by itself."""
        self._process.communicate()
        assert self._process.returncode == 0

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._process.kill()
        self._process.wait()


class CountedFleet(NamedTuple):
    """What ran, and who knows of it.

    Two processes of the role web used nothing; their recordings are in `here`. In `elsewhere` are those of a
    process that used shop.old three times and ended before the Collector was restarted, of a worker that used
    shop.once and ended at once, and of one in another environment that made a Ticket and fetched what
    shop.facade passes on. One more could not write its files. Nobody used shop.never.
    """

    collector: RealCollector
    prometheus: RealPrometheus
    without_honor: RealPrometheus  # scrapes the same, and calls the labels of processes "exported_..."
    directory: Path  # of the program
    here: Path
    elsewhere: Path
    pids: Mapping[str, str]  # by name: silent, restarted, old, worker, other, loser


@contextmanager
def counted_fleet(directory: Path) -> Iterator[CountedFleet]:
    """Let the fleet do its work, and keep Collector and Prometheus for the length of the block."""
    program, here, elsewhere = directory / "program", directory / "here", directory / "elsewhere"
    write_files(program, FILES)
    locked = directory / "locked"
    locked.write_text("a file, where the recordings should go")
    with ExitStack() as stack:
        collector = stack.enter_context(real_collector(directory / "collector"))
        servers = [
            stack.enter_context(
                real_prometheus(directory / name, collector.ports.prometheus, honor_labels=honor)
            )
            for name, honor in (("prometheus", True), ("without-honor", False))
        ]

        def start(recordings: Path, role: str = "web", environment: str = "staging") -> Shop:
            attributes = f"deployment.environment.name={environment},ssot.role={role}"
            shop = Shop(
                program,
                recordings,
                {
                    "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint(),
                    "OTEL_RESOURCE_ATTRIBUTES": attributes,
                    "OTEL_SERVICE_NAME": "shop",
                },
            )
            stack.callback(shop.kill)
            return shop

        shops = {
            "silent": start(here),
            "old": start(elsewhere),
            "worker": start(elsewhere, role="worker"),
            "other": start(elsewhere, environment="dev"),
            "loser": start(locked / "recordings"),
        }
        shops["silent"].do("cart")
        shops["old"].do("old", "old", "old")
        shops["worker"].do("once")
        shops["other"].do("ticket", "facade")
        shops["loser"].do("cart")
        for name in ("old", "worker", "other", "loser"):
            shops[name].end()
        shops["restarted"] = start(here)
        shops["restarted"].do("nothing")
        pids = {name: shop.pid for name, shop in shops.items()}
        _wait(servers, pids, "ssot_path_uses_total")
        for server in servers:
            for expression in RECORDED:
                server.wait_for(lambda: server.query(expression), f"it has {expression}")  # noqa: B023
        collector.kill()  # it forgets who has ended
        collector.start()
        left = {name: pids[name] for name in ("silent", "restarted")}
        _wait(servers, left, "ssot_path_uses_total", only=True)  # they have found it again
        for name in left:
            shops[name].end()
        yield CountedFleet(collector, servers[0], servers[1], program, here, elsewhere, pids)


def _wait(
    servers: Sequence[RealPrometheus], pids: Mapping[str, str], expression: str, only: bool = False
) -> None:
    """Wait until every Prometheus knows these processes by the expression, or only these where asked for."""
    asked = set(pids.values())

    def known(server: RealPrometheus) -> Callable[[], bool]:
        def is_known() -> bool:
            found = {sample.labels["process_pid"] for sample in server.query(expression)}
            return found == asked if only else found >= asked

        return is_known

    for server in servers:
        server.wait_for(known(server), f"it knows {sorted(pids)} by {expression}")
